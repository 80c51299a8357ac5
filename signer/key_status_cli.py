"""``provenance keys status`` and ``provenance keys rotate``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from provenance.console import safe, stdout, warn
from provenance.context import NamedPath, settings_of
from provenance.exits import ExitCode
from signer.key_folder import entry_of
from signer.key_rotation import rotate_key
from signer.key_status import SOON_DAYS, Standing, revocations_of, standings
from signer.passphrase import secret_of


@click.command("status")
@click.option("--days", type=click.IntRange(0, 3650), default=SOON_DAYS, show_default=True, help="Fewer are too few.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, days: int, as_json: bool) -> None:
    """Say how long each key lasts, and what to do next. Opens no key.

    The exit code is 6 where a key that is not retired expires within the days, has expired, was revoked (as far as
    this home's registry knows) or cannot be used: for cron.
    """
    settings = settings_of(ctx)
    found = list(standings(settings.keys, datetime.now(UTC), revocations_of(settings), days))
    if as_json:
        click.echo(json.dumps({"days": days, "keys": [standing.as_json() for standing in found]}, indent=2))
    else:
        for standing in found:
            _print(standing)
        if not found:
            warn(f"there are no keys in {settings.keys}; `provenance keys new NAME` makes one")
    if any(standing.calls for standing in found):
        ctx.exit(ExitCode.UNTRUSTED)


@click.command("rotate")
@click.argument("old")
@click.argument("new")
@click.option("--passphrase-file", type=NamedPath(dir_okay=False), help="Read NEW's passphrase, or PIN, from it.")
@click.pass_context
def rotate(ctx: click.Context, old: str, new: str, passphrase_file: Path | None) -> None:
    """Have the key NEW take the place of OLD, once NEW has shown that it can sign.

    If OLD signs by default, NEW does from now on. OLD is retired: it is kept, and signs no more. What it has signed
    stays valid. The other way round undoes it.
    """
    folder = settings_of(ctx).keys
    rotated = rotate_key(folder, old, new, secret_of(entry_of(folder, new), passphrase_file))
    words = f"{safe(new)} takes the place of {safe(old)}"
    stdout().print(f"{words}, and signs by default" if rotated.default else words, soft_wrap=True)
    if rotated.other_issuer is not None:
        warn(f"{new} is certified by another authority: verifiers need an anchor for {rotated.other_issuer}")


def _print(standing: Standing) -> None:
    words = {"home": "in this home"}.get(standing.held, f"held at {standing.held}:")
    facts = [standing.state.value.replace("_", " "), standing.algorithm, words]
    facts += ["default"] if standing.default else []
    facts += ["DEVELOPMENT ONLY"] if standing.development else []
    console = stdout()
    console.print(f"{safe(standing.name)}  {'; '.join(fact for fact in facts if fact)}", soft_wrap=True)
    if standing.valid_until is not None:
        until = f"valid until {standing.valid_until:%Y-%m-%d} ({standing.days} days)"
        console.print(f"  certificate  {safe(standing.subject)}, {until}", soft_wrap=True)
        revoked = standing.revoked.words if standing.revoked else {"good": "not on record"}.get(standing.revocation)
        console.print(f"  fingerprint  {standing.fingerprint}", soft_wrap=True)
        console.print(f"  revocation   {safe(revoked or 'not known: no registry here')}", soft_wrap=True)
    if standing.next is not None:
        console.print(f"  next         {safe(standing.next)}", soft_wrap=True)
