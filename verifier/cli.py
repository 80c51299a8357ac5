"""`provenance verify`: what a clip is, and what was done to it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from pydantic import SecretStr

from provenance.console import progress, safe, stderr, stdout
from provenance.context import NamedPath, settings_of
from provenance.errors import OutputError
from provenance.exits import ExitCode
from provenance.files import refuse_existing, replace_atomically
from provenance.report import Report, Verdict
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.client.catalog import HttpCatalog
from registry.client.opening import open_catalog, read_token
from verifier.pipeline import verify as verify_clip
from verifier.render_html import render_html
from verifier.render_text import print_report

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh]?)")

EXITS = {
    Verdict.AUTHENTIC: ExitCode.OK,
    Verdict.MATCH: ExitCode.OK,
    Verdict.ALTERED: ExitCode.ALTERED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def duration(text: str) -> float:
    """Seconds, more than 0, from ``30s``, ``2m``, ``1.5h`` or plain seconds; wrong usage where it is none of these."""
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not seconds:
        raise click.BadParameter(f"{text!r} is no length of time; give one such as 30s, 2m or 90")
    return seconds


@click.command()
@click.argument("clip", type=NamedPath())
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (provenance.report/1).")
@click.option("--report", "page", type=NamedPath(), help="Also write the report as one HTML file.")
@click.option("--force", is_flag=True, help="Replace the HTML file if it is there.")
@click.option("--registry", "address", metavar="URL", help="Ask the registry at this address [setting registry_url].")
@click.option("--token-file", type=NamedPath(), help="File with the token to ask it with [PROVENANCE_REGISTRY_TOKEN].")
@click.option("--no-registry", is_flag=True, help="Look at the clip's own credential only.")
@click.option("--budget", type=duration, help="Time to take (30s, 2m); the report says what it did not suffice for.")
@click.option(
    "--originals",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of signed files to compare with in full; may be repeated.",
)
@click.pass_context
def verify(
    ctx: click.Context,
    clip: Path,
    as_json: bool,
    page: Path | None,
    force: bool,
    address: str | None,
    token_file: Path | None,
    no_registry: bool,
    budget: float | None,
    originals: tuple[Path, ...],
) -> None:
    """Say what a clip is and what was done to it.

    Exit codes: 0 authentic or match, 3 altered, 4 unknown, 5 inconclusive, 1 the command failed.
    """
    settings = settings_of(ctx)
    if no_registry and address is not None:
        raise click.UsageError("--registry and --no-registry exclude each other")
    if address is not None:
        settings = settings.model_copy(update={"registry_url": address})
    if token_file is not None:
        settings = settings.model_copy(update={"registry_token": SecretStr(read_token(token_file))})
    if page is not None:
        refuse_page(page, (clip,), replace=force)
    report = _report(
        settings,
        clip,
        pictures=page is not None,
        registry=not no_registry,
        quiet=as_json,
        budget=budget,
        originals=(*settings.originals, *originals),
    )
    give(report, as_json=as_json, page=page, force=force)
    ctx.exit(EXITS[report.verdict])


def give(report: Report, *, as_json: bool, page: Path | None, force: bool) -> None:
    """Write the page, if one is wanted, and print the report."""
    if page is not None:
        source = render_html(report)
        with replace_atomically(page, replace=force) as path:
            path.write_text(source, encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=True))
    else:
        print_report(report, stdout())
    if page is not None:
        stderr().print(f"report: {safe(page)}", soft_wrap=True)


def _report(
    settings: Settings,
    clip: Path,
    *,
    pictures: bool,
    registry: bool,
    quiet: bool,
    budget: float | None,
    originals: tuple[Path, ...],
) -> Report:
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    with ExitStack() as stack:
        catalog = open_catalog(settings, anchors, policy, stack) if registry else None
        with progress(f"Looking at {clip.name}", quiet=quiet) as advance:
            report = verify_clip(
                clip,
                catalog=catalog,
                settings=settings,
                anchors=anchors,
                policy=policy,
                on_progress=advance,
                evidence=pictures,
                budget=budget,
                originals=originals,
            )
        if isinstance(catalog, HttpCatalog) and catalog.passed_over:
            count = len(catalog.passed_over)
            noun = "original" if count == 1 else "originals"
            stderr().print(f"{count} {noun} passed over: your trust policy does not accept the signer")
        return report


def refuse_page(page: Path, clips: Sequence[Path], *, replace: bool) -> None:
    """Say before the work, and not after, that the page cannot be written; never write it over a clip."""
    refuse_existing(page, replace=replace)
    if page.exists() and any(clip.exists() and page.samefile(clip) for clip in clips):
        raise OutputError(
            "output.is_input",
            f"{page} is the clip itself",
            expected="another name for the report",
            hint="--report report.html",
        )
