"""``provenance watch``."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import click

from provenance.console import warn
from provenance.context import NamedPath, settings_of
from provenance.exits import ExitCode
from registry.elsewhere_cli import at_registry, directed, require_registering
from signer.batch import JOURNAL, Batch, Registrar, locked
from signer.batch_view import Form, Screen, Tally
from signer.journal import Journal
from signer.order import Order, State
from signer.plan import Plan
from signer.watch import Arrivals, Pace
from signer.watch_letters import Letters
from signer.watching import Intake
from signer.with_key_cli import chosen_key, with_key
from signer.with_stamp_cli import chosen_stamp, with_stamp

_PATH = NamedPath()
_SECONDS = click.FloatRange(0.05, 86400)


@click.command(short_help="Sign what arrives in a folder, each file once.")
@click.argument("folder", metavar="DIR", type=_PATH)
@click.option("-o", "--output", type=_PATH, help="Folder of signed files [NAME.signed.EXT beside].")
@click.option("--register", "registering", is_flag=True, help="Put the signed assets into the registry, too.")
@click.option("--failed", type=_PATH, help="Folder of dead letters [failed, in the output folder].")
@click.option("--move", is_flag=True, help="Move what cannot be signed to the dead letters; else it stays.")
@click.option("--once", is_flag=True, help="Sign what is there and has arrived, then end; for cron.")
@click.option("--interval", type=_SECONDS, default=2.0, show_default=True, help="Seconds between two looks.")
@click.option("--settle", type=_SECONDS, default=5.0, show_default=True, help="Seconds a file must stand still.")
@click.option("--patience", type=_SECONDS, default=600.0, show_default=True, help="Seconds to wait for a missing end.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Files signed at once.")
@click.option("--author", help="Who made it.")
@click.option("--organisation", help="Who publishes it.")
@click.option("--source-type", default="digitalCapture", show_default=True, help="IPTC digital source type.")
@with_key
@with_stamp
@click.option("--withhold-reference", is_flag=True, help="Keep no reference copy: alterations cannot be localised.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@at_registry
@click.option("--json-lines", "as_lines", is_flag=True, help="Print a JSON object per file as it ends, then a summary.")
@click.pass_context
def watch(
    ctx: click.Context,
    folder: Path,
    output: Path | None,
    registering: bool,
    failed: Path | None,
    move: bool,
    once: bool,
    interval: float,
    settle: float,
    patience: float,
    jobs: int,
    author: str | None,
    organisation: str | None,
    source_type: str,
    key: str | None,
    chain_file: Path | None,
    passphrase_file: Path | None,
    tsa: tuple[str, ...],
    tsa_policy: str | None,
    withhold_reference: bool,
    embargo: bool,
    registry_url: str | None,
    token_file: Path | None,
    as_lines: bool,
) -> None:
    """Sign what arrives in a folder and below it, each file once, until told to stop (Ctrl-C, SIGTERM).

    A file has arrived when its size and time stand still and its container lacks nothing; names such as x.part and
    .x are waited for. What is finished is never done again, also after a crash. What cannot be signed leaves a reason
    among the dead letters; remove the reason, and it is tried again.
    """
    require_registering(registering, embargo, registry_url)
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is not a folder")
    settings = directed(settings_of(ctx), registry_url, token_file)
    chosen = chosen_key(settings, key, chain_file, passphrase_file)
    order = Order(
        key=chosen.reference,
        chain=chosen.chain,
        author=author,
        organisation=organisation,
        source_type=source_type,
        **chosen_stamp(settings, tsa, tsa_policy),
        withhold_reference=withhold_reference,
    )
    letters = Letters(failed or (output or folder) / "failed", folder, move=move)
    pace = Pace(min(interval, settle) if once else interval, settle, patience)
    apart = [path for path in (output, letters.folder, settings.home) if path is not None and path != folder]
    tally = Tally(0)
    screen = Screen(Form.JSON_LINES if as_lines else Form.TEXT, tally, endless=True)
    with ExitStack() as stack:
        registrar: Registrar | None = None
        if registering:
            # Here and not at the top: it takes as long to import as all the rest.
            from registry.registrars import open_registrar
            from signer.registrar import BatchRegistrar

            registrar = BatchRegistrar(stack.enter_context(open_registrar(settings)), embargoed=embargo)
        stack.enter_context(locked([folder, output or folder]))
        journal = stack.enter_context(Journal(settings.home / JOURNAL))
        address = (settings.registry_url or settings.database).rstrip("/") if registering else None
        arrivals = Arrivals(folder, apart, pace, time.monotonic, time.time)
        intake = Intake(arrivals, letters, order, journal, screen, output, address, once)
        with screen.showing():
            Batch(settings, order, journal, intake, registrar).run(Plan((), (), ()), jobs, chosen.secret, intake.feed)
    screen.finish()
    for path, lacking in arrivals.on_their_way.items() if once else ():
        warn(f"{path} has not arrived yet: {lacking}")
    if once and tally.counts[State.FAILED]:
        ctx.exit(ExitCode.FAILED)
