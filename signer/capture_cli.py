"""``provenance capture``: record, finish, check."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provenance.console import warn
from provenance.context import NamedPath, settings_of
from provenance.errors import MediaError, ProvenanceError
from provenance.exits import ExitCode
from registry.elsewhere_cli import at_registry, directed, require_registering
from signer.batch import interrupts, locked
from signer.with_key_cli import chosen_key, with_key
from signer.with_stamp_cli import chosen_stamp, with_stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.settings import Settings
    from signer.capture.finish import Assembled
    from signer.capture_view import Screen

_PATH = NamedPath()
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_RECORD = "record"


def seconds(text: str) -> float:
    """A length of time: ``10s``, ``2m``, ``1.5h``, or seconds."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h|)", text)
    if found is None or not float(found[1]):
        raise click.BadParameter("a length of time such as 10s, 2m or 1h")
    return float(found[1]) * _UNITS[found[2]]


class _Recording(click.Group):
    """A group whose first command may be left out: what names no command is its SOURCE."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command's name in."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [_RECORD, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Recording, short_help="Record a camera or a stream in segments that are signed at once.")
def capture() -> None:
    """Record a camera or a stream in segments that are signed at once.

    provenance capture SOURCE -o DIR records; that is short for provenance capture record SOURCE -o DIR.
    """


@capture.command(_RECORD, short_help="Record SOURCE; the command's name may be left out.")
@click.argument("source", metavar="SOURCE")
@click.option("-o", "--output", type=_PATH, required=True, metavar="DIR", help="Folder for this recording alone.")
@click.option("--segment", type=seconds, default="10s", show_default=True, help="Length of a segment.")
@click.option("--duration", type=seconds, help="Stop after this time (30s, 5m, 2h).")
@click.option("--reconnect", type=seconds, default="60s", show_default=True, help="How long to try for a lost source.")
@click.option("--register", "registering", is_flag=True, help="Put the assembled asset into the registry, too.")
@click.option("--format", "form", help="Of a pipe: mpegts, matroska…; of a device: its pixels, such as mjpeg.")
@click.option("--size", help="Of a device's pictures, such as 1920x1080.")
@click.option("--rate", help="Of a device, in pictures a second.")
@click.option("--title", help="Title [Recording of SOURCE].")
@click.option("--author", help="Who made it.")
@click.option("--organisation", help="Who publishes it.")
@click.option("--place", help="Where it was captured.")
@click.option("--source-type", default="digitalCapture", show_default=True, help="IPTC digital source type.")
@with_key
@with_stamp
@click.option("--withhold-reference", is_flag=True, help="Keep no reference copies: alterations cannot be localised.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@at_registry
@click.option("--json-lines", "as_lines", is_flag=True, help="Print a JSON object per segment and asset.")
@click.pass_context
def record_command(
    ctx: click.Context,
    source: str,
    output: Path,
    segment: float,
    duration: float | None,
    reconnect: float,
    registering: bool,
    form: str | None,
    size: str | None,
    rate: str | None,
    title: str | None,
    author: str | None,
    organisation: str | None,
    place: str | None,
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
    """Record SOURCE until it ends, --duration is over, or Ctrl-C or SIGTERM; then make one signed asset of it.

    SOURCE is a camera (/dev/videoN), an address (rtsp, rtmp, srt, http, https), a file, or - for a pipe. Segments are
    signed while the recording goes on, and each names the one before. After a crash, provenance capture finish DIR does
    what is left. What MP4 takes is not coded anew.
    """
    # Here and not at the top: it brings in the media library.
    from signer.capture.address import read_address
    from signer.capture.folder import Folder
    from signer.capture.run import record
    from signer.capture_view import Screen
    from signer.manifest import check_capture
    from signer.order import Order
    from signer.worker import capture_of

    require_registering(registering, embargo, registry_url)
    settings = directed(settings_of(ctx), registry_url, token_file)
    address = read_address(source, form, size, rate)
    stamp = chosen_stamp(settings, tsa, tsa_policy)
    if stamp["tsa_policy"] == "queue":
        # Signing a segment anew would break the chain at the next one, which names it.
        raise click.UsageError("segments cannot be stamped later; give --tsa-policy require or optional")
    chosen = chosen_key(settings, key, chain_file, passphrase_file)
    statement: dict[str, Any] = {
        "key": chosen.reference,
        "chain": chosen.chain,
        "title": title or f"Recording of {address.shown}"[:200],
        "author": author,
        "organisation": organisation,
        "place": place,
        "source_type": source_type,
        **stamp,
        "withhold_reference": withhold_reference,
    }
    check_capture(capture_of(Order(**statement), output))
    screen = Screen(as_lines=as_lines)
    with locked([output]), interrupts() as interrupted:
        done = record(
            Folder(output),
            address,
            statement,
            settings,
            chosen.secret,
            segment_s=segment,
            duration_s=duration,
            reconnect_s=reconnect,
            view=screen,
            stopped=interrupted.is_set,
        )
        if address.live and done.longest_lag_s > segment:
            warn(f"signing did not keep up: a segment waited for up to {done.longest_lag_s:.1f} s")
        _tell(settings, done.assembled, screen, registering=registering, embargo=embargo)
    if done.lost is not None:
        raise MediaError(
            "capture.lost",
            f"{address.shown} was lost and did not come back; what was recorded before is signed",
            found=done.lost,
            hint="check the source and the network; --reconnect says how long it is tried for",
        )


@capture.command(short_help="Bring a recording to its end, after a crash for one.")
@click.argument("folder", metavar="DIR", type=_PATH)
@click.option("--leave-out-missing", is_flag=True, help="Assemble a chain with holes; the asset says so.")
@click.option("--register", "registering", is_flag=True, help="Put the assembled asset into the registry, too.")
@click.option("--passphrase-file", type=_PATH, help="Read the key's passphrase from this file.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@at_registry
@click.option("--json-lines", "as_lines", is_flag=True, help="Print a JSON object per segment and asset.")
@click.pass_context
def finish(
    ctx: click.Context,
    folder: Path,
    leave_out_missing: bool,
    registering: bool,
    passphrase_file: Path | None,
    embargo: bool,
    registry_url: str | None,
    token_file: Path | None,
    as_lines: bool,
) -> None:
    """Sign what a recording left unsigned, and assemble one asset with all segments as its components.

    What was half-written when the recording was killed is saved as far as it can be read. Safe to repeat.
    """
    from signer.capture import run
    from signer.capture.folder import Folder
    from signer.capture_view import Screen

    require_registering(registering, embargo, registry_url)
    settings = directed(settings_of(ctx), registry_url, token_file)
    recording = Folder(folder)
    said = recording.session().statement
    chain_file = Path(said["chain"]) if said.get("chain") else None
    chosen = chosen_key(settings, str(said["key"]), chain_file, passphrase_file)
    screen = Screen(as_lines=as_lines)
    with locked([folder]):
        assembled = run.finish(recording, settings, chosen.secret, screen, leaving_out=leave_out_missing)
        _tell(settings, assembled, screen, registering=registering, embargo=embargo)


@capture.command(short_help="Walk the chain of a recording's segments.")
@click.argument("folder", metavar="DIR", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Say of each segment whether it is there and intact, and what happened to the recording.

    Exits with 6 where a segment is missing, tampered with, misplaced, or signed by somebody who is not trusted.
    """
    from provenance.trust.anchors import load_anchors
    from provenance.trust.policy_file import load_policy
    from signer.capture.finish import examine
    from signer.capture.folder import Folder
    from signer.capture_view import print_chain

    settings = settings_of(ctx)
    recording = Folder(folder)
    recording.session()
    anchors = load_anchors(settings.anchors)
    chain = examine(recording, anchors, load_policy(settings, anchors))
    if as_json:
        click.echo(json.dumps(chain.as_json(), indent=2))
    else:
        print_chain(chain)
    if not chain.holds:
        ctx.exit(ExitCode.UNTRUSTED)


def _tell(
    settings: Settings, assembled: Sequence[Assembled], screen: Screen, *, registering: bool, embargo: bool
) -> None:
    """Register the assets if that is wanted, and print them."""
    if not registering:
        for asset in assembled:
            screen.assembled(asset, None)
        return
    from registry.registrars import open_registrar

    told = 0
    try:
        with open_registrar(settings) as registrar:
            for asset in assembled:
                screen.assembled(asset, registrar.register(asset.path, embargoed=embargo).created)
                told += 1
    except ProvenanceError:
        # They are made and signed all the same.
        for asset in assembled[told:]:
            screen.assembled(asset, None)
            screen.notice(f"not registered; try again: provenance capture finish {asset.path.parent} --register")
        raise
