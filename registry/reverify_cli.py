"""The command ``reverify``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.console import progress, safe, warn
from provenance.context import settings_of
from provenance.exits import ExitCode
from registry.elsewhere_cli import at_registry, directed

if TYPE_CHECKING:
    from provenance.settings import Settings
    from registry.reverify.values import Holdings, Reverified


@click.command()
@click.argument("asset_ids", metavar="[ASSET_ID]...", nargs=-1)
@click.option("--owner", help="Only assets of this owner, such as organisation:NAME.")
@click.option("--skip-references", is_flag=True, help="Do not read the reference copies: much faster.")
@at_registry
@click.option("--key", "vkey", metavar="VKEY", help="The key of the log at --registry [the pinned one].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def reverify(
    ctx: click.Context,
    asset_ids: tuple[str, ...],
    owner: str | None,
    skip_references: bool,
    registry_url: str | None,
    token_file: Path | None,
    vkey: str | None,
    as_json: bool,
) -> None:
    """Go over registered assets, and say what changed since they were registered. Changes nothing.

    Each signed manifest is read again with today's trust anchors, policy and revocations; what is stored is held
    against it, and every event against the log.

    Exit codes: 0 nothing changed, 3 something did and every asset may be relied on as before, 6 at least one may not,
    1 the command failed.
    """
    from provenance.trust.anchors import load_anchors
    from provenance.trust.policy_file import load_policy
    from registry.reverify.run import reverify as going_over

    if asset_ids and owner is not None:
        raise click.UsageError("--owner goes with no ASSET_ID")
    settings = directed(settings_of(ctx), registry_url, token_file)
    if vkey is not None and settings.registry_url is None:
        raise click.UsageError("--key goes with --registry")
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    done: list[Reverified] = []
    now = datetime.now(UTC)
    with _holdings(settings, vkey) as holdings:
        wanted: Sequence[str] = asset_ids or holdings.asset_ids(owner)
        try:
            with progress("reverifying", quiet=as_json) as advance:
                looked = going_over(
                    holdings,
                    wanted,
                    anchors=anchors,
                    policy=policy,
                    now=now,
                    references=not skip_references,
                    on_progress=advance,
                )
                for each in looked:
                    done.append(each)  # noqa: PERF402 - what was looked at before a Ctrl-C is printed
        except KeyboardInterrupt:
            if not as_json:
                _print(done)
            raise
    if as_json:
        told = {
            "schema": "provenance.reverified/1",
            "at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "assets": len(done),
            "references_read": not skip_references,
            "changed": [each.as_json() for each in done if each.changes],
        }
        click.echo(json.dumps(told, indent=2))
    else:
        _print(done)
    if not all(each.holds for each in done):
        ctx.exit(ExitCode.UNTRUSTED)
    if any(each.changes for each in done):
        ctx.exit(ExitCode.ALTERED)


def _print(done: Sequence[Reverified]) -> None:
    for each in done:
        if each.changes:
            click.echo(f"{safe(each.asset_id)}  {safe(each.title)} — {safe(each.signer)}")
        for change in each.changes:
            mark = " " if change.holds else "!"
            click.echo(f"  {mark} {change.kind.value:<21}{safe(change.explanation)}")
    changed = [each for each in done if each.changes]
    broken = sum(not each.holds for each in changed)
    count = "1 asset" if len(done) == 1 else f"{len(done)} assets"
    click.echo(f"{count}: {len(done) - len(changed)} as they were, {len(changed)} changed; "
               f"{broken} not to be relied on as before")  # fmt: skip


@contextmanager
def _holdings(settings: Settings, vkey: str | None) -> Iterator[Holdings]:
    # Here and not at the top: the database library costs more than the rest of start-up together.
    from registry.client.opening import open_connection
    from registry.log.notes import read_vkey
    from registry.log.seen import Memory
    from registry.log.sources import HttpLog
    from registry.log.watching import key_of
    from registry.reverify.elsewhere import HoldingsElsewhere
    from registry.reverify.here import LocalHoldings
    from registry.store import open_registry

    if settings.registry_url is None:
        with open_registry(settings) as registry:
            yield LocalHoldings(registry)
        return
    with open_connection(settings, settings.registry_url) as connection, HttpLog(connection.address) as log:
        memory = Memory(settings.log / "seen", log.address)
        key, first = key_of(log, memory, read_vkey(vkey) if vkey else None)
        if first:
            warn("the log's key is the one that it shows itself; give --key, or pin it with `provenance log check`")
        yield HoldingsElsewhere(connection, key)
