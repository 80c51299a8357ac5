"""``provenance init`` and ``provenance sign``."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from provenance.console import safe, stdout, warn
from provenance.context import CANCELLED, NamedPath, settings_of
from provenance.exits import ExitCode
from provenance.files import is_folder
from provenance.settings import Settings
from registry.elsewhere_cli import at_registry, directed, require_registering
from signer.authority import WARNING
from signer.batch import JOURNAL, Batch, Registrar, locked
from signer.batch_view import Form, Screen, Tally
from signer.edits_cli import edit_options, ordered
from signer.inputs import find_inputs, is_many
from signer.journal import Journal
from signer.order import Order, Outcome, State
from signer.plan import Plan, make_plan
from signer.with_key_cli import chosen_key, with_key
from signer.with_stamp_cli import chosen_stamp, with_stamp

_PATH = NamedPath()
_MOST_JOBS = 8
"""Workers that are started unless more are asked for: each wants some hundred MB."""


@click.command(short_help="Make a home: development certificates, a signing key and an empty registry.")
@click.option("--profile", type=click.Choice(["development", "server"]), default="development", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def init(ctx: click.Context, profile: str, as_json: bool) -> None:
    """Make a home: development certificates, a signing key and an empty registry. Upgrades an older registry.

    With the profile server: the registry and its own keys, no certificates and nobody to trust. Asks nothing and is
    safe to repeat: what is there already stays as it is.
    """
    # Here and not at the top: signing does without the registry that this brings in.
    from signer.home import make_development_home, make_server_home

    settings = settings_of(ctx)
    made = make_server_home(settings) if profile == "server" else make_development_home(settings)
    if as_json:
        click.echo(json.dumps({"home": str(settings.home), "key": made.key, "created": list(made.created)}, indent=2))
    else:
        console = stdout()
        console.print(f"home      {safe(settings.home)}", soft_wrap=True)
        if made.key is not None:
            console.print(f"key       {made.key}", soft_wrap=True)
        console.print(f"made      {', '.join(made.created) or 'nothing: all of it was there'}", soft_wrap=True)
    if made.key is not None:
        warn(f"FOR DEVELOPMENT ONLY. {WARNING}")


@click.command(short_help="Sign media files and read the result back.")
@click.argument("inputs", metavar="IN...", nargs=-1, required=True, type=_PATH)
@click.option("-o", "--output", type=_PATH, help="File (one input) or folder [NAME.signed.EXT beside].")
@click.option("--register", "registering", is_flag=True, help="Put the signed assets into the registry, too.")
@click.option("--force", is_flag=True, help="Replace existing outputs; in a batch, those that are not up to date.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Files signed at once [processors, at most 8].")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--title", help="Title [the file's name].")
@click.option("--author", help="Who made it.")
@click.option("--organisation", help="Who publishes it.")
@click.option("--captured-at", help="When it was captured, RFC 3339 with a zone.")
@click.option("--place", help="Where it was captured.")
@click.option("--source-type", help="IPTC digital source type [digitalCapture; composite with --ingredient].")
@edit_options
@with_key
@with_stamp
@click.option("--withhold-reference", is_flag=True, help="Keep no reference copy: alterations cannot be localised.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@at_registry
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--json-lines", "as_lines", is_flag=True, help="Print a JSON object per file as it ends, then a summary.")
@click.pass_context
def sign(
    ctx: click.Context,
    /,
    inputs: tuple[Path, ...],
    output: Path | None,
    registering: bool,
    force: bool,
    jobs: int | None,
    dry_run: bool,
    title: str | None,
    author: str | None,
    organisation: str | None,
    captured_at: str | None,
    place: str | None,
    source_type: str | None,
    key: str | None,
    chain_file: Path | None,
    passphrase_file: Path | None,
    tsa: tuple[str, ...],
    tsa_policy: str | None,
    withhold_reference: bool,
    embargo: bool,
    registry_url: str | None,
    token_file: Path | None,
    as_json: bool,
    as_lines: bool,
    **edits: Any,
) -> None:
    """Sign media files and read the result back. Inputs are never modified.

    A file that is signed already keeps its history: its credential becomes the parent of the new one. Of an edit, name
    the signed file that it was made from and what was done: --edit-of ORIGINAL --action c2pa.cropped.

    IN may be files, folders with all below them, and quoted patterns such as 'footage/**/*.mp4'. What is in folders
    and patterns counts if its content is media; with -o, their tree is repeated there. Several files are a batch: run
    it again after an interruption and it goes on; what is finished is never done again.
    """
    require_registering(registering, embargo, registry_url)
    if as_json and as_lines:
        raise click.UsageError("--json and --json-lines are two answers; choose one")
    if output is not None and not is_folder(output) and len(inputs) > 1 and not any(map(is_many, inputs)):
        raise click.UsageError("with several inputs -o must be an existing folder")
    if source_type is not None and edits["edit_of"] is not None:
        raise click.UsageError("an edit is no source: name the type of what was done, --action 'edited;source-type=…'")
    settings = directed(settings_of(ctx), registry_url, token_file)
    found = find_inputs(inputs, output, settings.home)
    chosen = chosen_key(settings, key, chain_file, passphrase_file, opened=not dry_run)
    order = Order(
        key=chosen.reference,
        chain=chosen.chain,
        title=title,
        author=author,
        organisation=organisation,
        captured_at=captured_at,
        place=place,
        source_type=source_type or ("composite" if edits["ingredients"] else "digitalCapture"),
        **chosen_stamp(settings, tsa, tsa_policy),
        withhold_reference=withhold_reference,
    )
    order = ordered(order, **edits)
    tally = Tally(len(found.items), dry=dry_run)
    screen = Screen(Form.JSON if as_json else Form.JSON_LINES if as_lines else Form.TEXT, tally, single=found.single)
    with ExitStack() as stack:
        registrar: Registrar | None = None
        if registering and not dry_run:
            # Here and not at the top: most runs register nothing, and it takes as long to import as all the rest.
            from registry.registrars import open_registrar
            from signer.registrar import BatchRegistrar

            registrar = BatchRegistrar(stack.enter_context(open_registrar(settings)), embargoed=embargo)
        if not (dry_run or found.single):
            stack.enter_context(locked(found.roots))
        journal = stack.enter_context(
            _journal(settings, kept=not found.single or order.tsa_policy == "queue", dry=dry_run)
        )
        address = (settings.registry_url or settings.database).rstrip("/") if registering else None
        plan = make_plan(found, order, journal, force=force, address=address, dry=dry_run)
        with screen.showing():
            for skipped in found.skipped:
                screen.came_out(Outcome(skipped.path, State.SKIPPED, reason=skipped.reason))
            if dry_run:
                _foretell(plan, screen)
            else:
                batch = Batch(settings, order, journal, screen, registrar)
                count = min(jobs or _processors(), len(plan.tasks) or 1)
                tally.cancelled = not batch.run(plan, count, chosen.secret, alone=found.single)
    screen.finish()
    if tally.cancelled:
        ctx.exit(CANCELLED)
    if tally.counts[State.FAILED]:
        ctx.exit(ExitCode.FAILED)


def _journal(settings: Settings, *, kept: bool, dry: bool) -> Journal:
    """The home's journal; one of this run alone where nothing is to be gone on with or written."""
    path = settings.home / JOURNAL
    return Journal(path if kept and (path.exists() or not dry) else Path(":memory:"))


def _foretell(plan: Plan, screen: Screen) -> None:
    for outcome in plan.refused:
        screen.came_out(outcome)
    for item, signed, _registering in plan.done:
        screen.came_out(Outcome(item.source, State.DONE_BEFORE, signed))
    for task in plan.tasks:
        screen.came_out(Outcome(task.item.source, State.TO_SIGN, reason=str(task.item.target)))


def _processors() -> int:
    return min(len(os.sched_getaffinity(0)), _MOST_JOBS)
