"""``provenance diff``: two files compared as the verifier would, without a registry."""

from __future__ import annotations

from pathlib import Path

import click

from provenance.console import progress
from provenance.context import NamedPath, settings_of
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from verifier.cli import EXITS, duration, give, refuse_page
from verifier.diff import diff as compare


@click.command()
@click.argument("first", metavar="A", type=NamedPath())
@click.argument("second", metavar="B", type=NamedPath())
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (provenance.report/1).")
@click.option("--report", "page", type=NamedPath(), help="Also write the report as one HTML file.")
@click.option("--force", is_flag=True, help="Replace the HTML file if it is there.")
@click.option("--budget", type=duration, help="Time to take (30s, 2m); the report says what it did not suffice for.")
@click.pass_context
def diff(
    ctx: click.Context, first: Path, second: Path, as_json: bool, page: Path | None, force: bool, budget: float | None
) -> None:
    """Say what was done to A to make B.

    A is taken as the original, signed or not, and B as a clip of it; edits of A that the signer of B declares are
    disclosed. Asks no registry.

    Exit codes: 0 the same bytes or a match, 3 altered, 4 nothing of A in B, 5 inconclusive, 1 the command failed.
    """
    settings = settings_of(ctx)
    if page is not None:
        refuse_page(page, (first, second), replace=force)
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    with progress(f"Comparing {first.name} and {second.name}", quiet=as_json) as advance:
        report = compare(
            first,
            second,
            settings=settings,
            anchors=anchors,
            policy=policy,
            on_progress=advance,
            evidence=page is not None,
            budget=budget,
        )
    give(report, as_json=as_json, page=page, force=force)
    ctx.exit(EXITS[report.verdict])
