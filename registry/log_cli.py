"""The command ``log``: checking a registry's log from outside, watching it, and its key."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.console import Advance, progress, safe, warn
from provenance.context import NamedPath, error_as_json, error_as_text, settings_of
from provenance.errors import LogError, RegistryError
from provenance.exits import ExitCode

if TYPE_CHECKING:
    from registry.log.notes import Verifier
    from registry.log.seen import Memory
    from registry.log.sources import LogSource
    from registry.log.watching import Look

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_KEY = click.option("--key", "vkey", metavar="VKEY", help="The log's key [the one pinned at the first look].")
_SOURCE = click.argument("source", required=False)


@click.group()
def log() -> None:
    """Check the append-only log of a registry, or watch it."""


@log.command("check")
@_SOURCE
@_KEY
@_JSON
@click.pass_context
def check_command(ctx: click.Context, source: str | None, vkey: str | None, as_json: bool) -> None:
    """Read the whole log of the registry at SOURCE, an address, and check it against its signed checkpoint.

    Without SOURCE: the log of this home's registry. What was seen is remembered, and the log must go on from there
    the next time. Exit code 6: it does not hold.
    """
    try:
        with _opened(ctx, source) as (log_source, memory), progress("reading the log", quiet=as_json) as advance:
            found = _look(log_source, memory, vkey, whole=True, advance=advance)
    except LogError as error:
        click.echo(json.dumps({"holds": False} | error_as_json(error), indent=2) if as_json else error_as_text(error))
        ctx.exit(ExitCode.UNTRUSTED)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        _print(found)
    _warn_of_first_sight(found)


@log.command("monitor")
@_SOURCE
@_KEY
@click.option("--interval", type=click.IntRange(1), default=300, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Look once and end: for a timer of the system.")
@click.pass_context
def monitor_command(ctx: click.Context, source: str | None, vkey: str | None, interval: int, once: bool) -> None:
    """Keep watching the log of the registry at SOURCE; read only what is new.

    Ends with exit code 6 and says why as soon as the log was rolled back, forked, changed or signed by another key.
    Where it cannot be reached, that is said, and it is asked again later (with --once: exit code 1).
    """
    with _opened(ctx, source) as (log_source, memory):
        while True:
            try:
                found = _look(log_source, memory, vkey, whole=False)
            except LogError as error:
                click.echo(error_as_text(error))
                ctx.exit(ExitCode.UNTRUSTED)
            except RegistryError as error:
                if once:
                    raise
                warn(str(error))
            else:
                _print(found)
                _warn_of_first_sight(found)
            if once:
                return
            time.sleep(interval)


@log.command("receipt")
@click.argument("file", type=NamedPath(dir_okay=False))
@_KEY
@_JSON
@click.pass_context
def receipt_command(ctx: click.Context, file: Path, vkey: str | None, as_json: bool) -> None:
    """Check the receipts in FILE without asking the registry that gave them.

    FILE is JSON as `provenance register --json` prints it, or as the page of an asset links to it. The log's key is the
    one given, else one that this home has pinned or signs with. Exit code 6: a receipt does not hold.
    """
    from registry.log.keeping import check_kept, receipts_in
    from registry.log.notes import read_vkey

    told, keys = receipts_in(file), [read_vkey(vkey)] if vkey else _known_keys(ctx)
    results, wrong = [], False
    for each in told:
        try:
            kept = check_kept(each, keys)
        except LogError as error:
            wrong = True
            results.append({"holds": False} | error_as_json(error))
            if not as_json:
                click.echo(error_as_text(error))
            continue
        results.append(kept.as_json())
        if not as_json:
            entry, size = kept.entry, kept.checkpoint.size
            place = f"entry {kept.leaf_index} of {size}, signed by {safe(kept.verifier.vkey)}"
            click.echo(f"holds: {safe(entry.subject)} {safe(entry.kind)} at {safe(entry.at)}, {place}")
    if as_json:
        click.echo(json.dumps(results, indent=2))
    if wrong:
        ctx.exit(ExitCode.UNTRUSTED)


@log.command("key")
@click.pass_context
def key_command(ctx: click.Context) -> None:
    """Print the verifier key of this home's registry: publish it where the registry cannot change it."""
    from registry.log.sequencing import verifier_of
    from registry.store import open_registry

    with open_registry(settings_of(ctx)) as registry:
        click.echo(verifier_of(registry).vkey)


@log.command("new-key")
@click.confirmation_option(prompt="Everybody who watches the log will be alarmed. Make another key?")
@click.pass_context
def new_key_command(ctx: click.Context) -> None:
    """Make another key for the log, where the old one was lost or stolen. Nothing in the log changes."""
    from registry.log.sequencing import replace_key, verifier_of
    from registry.store import open_registry

    with open_registry(settings_of(ctx)) as registry:
        replace_key(registry)
        click.echo(verifier_of(registry).vkey)
    warn("tell those who watch the log of the new key by another way than the log itself")


def _known_keys(ctx: click.Context) -> list[Verifier]:
    """The pinned keys, and the one of the home's own registry if it has one."""
    from registry.log.seen import pinned_keys
    from registry.log.sequencing import verifier_of
    from registry.store import open_registry

    settings = settings_of(ctx)
    keys = pinned_keys(settings.log / "seen")
    try:
        with open_registry(settings) as registry:
            keys.append(verifier_of(registry))
    except RegistryError as error:
        if error.code != "registry.absent":
            raise
    return keys


@contextmanager
def _opened(ctx: click.Context, source: str | None) -> Iterator[tuple[LogSource, Memory]]:
    from registry.databases import database_of
    from registry.log.local import LocalLog
    from registry.log.seen import Memory
    from registry.log.sources import HttpLog
    from registry.store import open_registry

    settings = settings_of(ctx)
    folder = settings.log / "seen"
    if source is None:
        with open_registry(settings) as registry:
            yield LocalLog(registry), Memory(folder, database_of(settings).name)
    else:
        with HttpLog(source) as remote:
            yield remote, Memory(folder, remote.address)


def _look(source: LogSource, memory: Memory, vkey: str | None, *, whole: bool, advance: Advance | None = None) -> Look:
    from registry.log.notes import read_vkey
    from registry.log.watching import look

    given = read_vkey(vkey) if vkey else None
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return look(source, memory, given, now=now, whole=whole, on_progress=advance)


def _print(found: Look) -> None:
    checkpoint, read = found.audited.checkpoint, found.audited.entries
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(read.items())) or "nothing new"
    before = "was not seen before" if found.before is None else f"goes on from the {found.before.size} seen before"
    size = "1 entry" if checkpoint.size == 1 else f"{checkpoint.size} entries"
    click.echo(f"the log holds: {size} ({kinds}); {before}")
    click.echo(f"root {checkpoint.root.hex()}, signed by {safe(found.verifier.vkey)}")


def _warn_of_first_sight(found: Look) -> None:
    if found.first:
        warn(
            "this key was pinned because it is the one that the log shows at this first look; nothing else vouches for "
            "it. Compare it with what the operator publishes elsewhere, or give that with --key."
        )
