"""``provenance trust``: look after the lists of authorities whose word is taken."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click
from cryptography.hazmat.primitives.hashes import SHA256

from provenance.console import safe, stdout, warn
from provenance.context import NamedPath, settings_of
from provenance.trust.anchors import AnchorKind, AnchorList, add_anchors, load_anchors, read_pem, remove_anchors


@click.group()
def trust() -> None:
    """Look after trust anchors."""


@trust.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_command(ctx: click.Context, as_json: bool) -> None:
    """Show the lists and the authorities in each."""
    lists = load_anchors(settings_of(ctx).anchors)
    if as_json:
        click.echo(json.dumps([_as_json(anchors) for anchors in lists], indent=2))
        return
    console = stdout()
    if not lists:
        console.print(
            "no trust list is installed: no signer is trusted. `provenance trust add NAME FILE.pem` adds one."
        )
    for anchors in lists:
        console.print(f"{anchors.name}  ({_KIND_WORDS[anchors.kind]})", style="bold")
        for entry in _authorities(anchors):
            line = f"  {entry['subject']}, until {entry['not_after'][:10]}, sha256 {entry['fingerprint'][:16]}…"
            console.print(safe(line), soft_wrap=True)
        if not anchors.pem:
            console.print("  every certificate of this list has expired: it vouches for nobody", style="yellow")


@trust.command("add")
@click.argument("name")
@click.argument("file", type=NamedPath(dir_okay=False))
@click.option(
    "--tsa", is_flag=True, help="The authorities issue timestamps; their word on who signed something is not taken."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def add_command(ctx: click.Context, name: str, file: Path, tsa: bool, as_json: bool) -> None:
    """Take the word of the authorities in FILE (PEM), as list NAME."""
    kind = AnchorKind.TSA if tsa else AnchorKind.MANIFEST
    anchors = add_anchors(settings_of(ctx).anchors, name, read_pem(file), kind=kind)
    if as_json:
        click.echo(json.dumps(_as_json(anchors), indent=2))
        return
    count = len(anchors.certificates)
    stdout().print(f"list {name}: {count} {'authority' if count == 1 else 'authorities'}, {_KIND_WORDS[kind]}")
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    for certificate in anchors.certificates:
        if certificate.not_valid_after_utc < soon:
            warn(f"{certificate.subject.rfc4514_string()} expires on {certificate.not_valid_after_utc:%Y-%m-%d}")


@trust.command("remove")
@click.argument("name")
@click.pass_context
def remove_command(ctx: click.Context, name: str) -> None:
    """No longer take the word of the authorities in list NAME."""
    remove_anchors(settings_of(ctx).anchors, name)
    stdout().print(f"list {name} removed")


_KIND_WORDS = {AnchorKind.MANIFEST: "vouches for signers", AnchorKind.TSA: "vouches for timestamps only"}


def _as_json(anchors: AnchorList) -> dict[str, object]:
    return {
        "name": anchors.name,
        "kind": anchors.kind.value,
        "uri": anchors.uri,
        "authorities": _authorities(anchors),
    }


def _authorities(anchors: AnchorList) -> list[dict[str, str]]:
    return [
        {
            "subject": certificate.subject.rfc4514_string(),
            "not_after": certificate.not_valid_after_utc.isoformat(),
            "fingerprint": certificate.fingerprint(SHA256()).hex(),
        }
        for certificate in anchors.certificates
    ]
