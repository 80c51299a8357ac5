"""``provenance keys``: make, certify, import, list and choose signing keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from provenance.console import safe, stdout, warn
from provenance.context import NamedPath, settings_of
from provenance.errors import KeyFileError
from signer.keys import (
    choose_default,
    create_key,
    default_key,
    entry_of,
    import_key,
    is_protected,
    key_path,
    list_keys,
    open_private,
    read_pem,
)
from signer.passphrase import existing_passphrase, new_passphrase
from signer.request import signing_request

_FILE = NamedPath(dir_okay=False)
_passphrase_file = click.option("--passphrase-file", type=_FILE, help="Read the passphrase from this file.")


@click.group(short_help="Look after signing keys.")
def keys() -> None:
    """Look after signing keys.

    Passphrases come from PROVENANCE_PASSPHRASE, from --passphrase-file or from a hidden prompt.
    """


@keys.command("new")
@click.argument("name")
@click.option("--algorithm", default="es256", show_default=True, help="es256, es384, es512, ps256, ps384 or ed25519.")
@_passphrase_file
@click.pass_context
def new(ctx: click.Context, name: str, algorithm: str, passphrase_file: Path | None) -> None:
    """Make a private key, kept under a passphrase."""
    folder = settings_of(ctx).keys
    create_key(folder, name, algorithm, new_passphrase(name, passphrase_file))
    stdout().print(f"made {safe(key_path(folder, name))}", soft_wrap=True)
    stdout().print(f"next: provenance keys request {safe(name)} --organisation … > {safe(name)}.csr", soft_wrap=True)


@keys.command("request")
@click.argument("name")
@click.option("--organisation", required=True, help="The organisation that will sign.")
@click.option("--common-name", help="Name of the signer [the organisation].")
@click.option("--country", help="Two-letter country code.")
@_passphrase_file
@click.pass_context
def request(
    ctx: click.Context,
    name: str,
    organisation: str,
    common_name: str | None,
    country: str | None,
    passphrase_file: Path | None,
) -> None:
    """Print a certificate signing request (PKCS#10, PEM) for a key."""
    folder = settings_of(ctx).keys
    protected = entry_of(folder, name).protected
    passphrase = existing_passphrase(name, passphrase_file) if protected else None
    private = open_private(read_pem(key_path(folder, name)), passphrase, name)
    click.echo(signing_request(private, organisation, common_name, country).decode("ascii"), nl=False)


@keys.command("import")
@click.argument("name")
@click.option("--chain", "chain_file", type=_FILE, required=True, help="Certificates in PEM, leaf first.")
@click.option("--key", "key_file", type=_FILE, help="PKCS#8 key in PEM, where it was not made here.")
@_passphrase_file
@click.pass_context
def import_(
    ctx: click.Context, name: str, chain_file: Path, key_file: Path | None, passphrase_file: Path | None
) -> None:
    """Take in a certificate chain, with its key where that was made elsewhere.

    The passphrase opens the key; a key without one is stored under it.
    """
    key_pem = read_pem(key_file) if key_file else None
    asks_new = key_pem is not None and not is_protected(key_pem)
    passphrase = (new_passphrase if asks_new else existing_passphrase)(name, passphrase_file)
    key = import_key(settings_of(ctx).keys, name, key_pem, read_pem(chain_file), passphrase)
    leaf = key.chain[0]
    stdout().print(
        f"imported {safe(name)}: {key.algorithm}, {safe(leaf.subject.rfc4514_string())}, "
        f"valid until {leaf.not_valid_after_utc:%Y-%m-%d}",
        soft_wrap=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the keys there are, without opening them."""
    folder = settings_of(ctx).keys
    chosen = _default_or_none(folder)
    rows: list[dict[str, Any]] = []
    for entry in list_keys(folder):
        leaf = entry.chain[0] if entry.chain else None
        rows.append(
            {
                "name": entry.name,
                "default": entry.name == chosen,
                "protected": entry.protected,
                "development": entry.development,
                "subject": leaf.subject.rfc4514_string() if leaf else None,
                "valid_until": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}" if leaf else None,
            }
        )
    if as_json:
        click.echo(json.dumps({"keys": rows}, indent=2))
        return
    for row in rows:
        marks = [
            word
            for word, holds in (
                ("default", row["default"]),
                ("DEVELOPMENT ONLY", row["development"]),
                ("no passphrase", not row["protected"]),
                ("no certificate yet", row["subject"] is None),
            )
            if holds
        ]
        validity = f"{safe(row['subject'])}, valid until {row['valid_until'][:10]}" if row["subject"] else ""
        stdout().print(f"{safe(row['name'])}  {validity}  {'; '.join(marks)}".rstrip(), soft_wrap=True)
    if not rows:
        warn(f"there are no keys in {folder}; `provenance keys new NAME` makes one")


@keys.command("default")
@click.argument("name")
@click.pass_context
def default(ctx: click.Context, name: str) -> None:
    """Choose the key that signs when none is named."""
    choose_default(settings_of(ctx).keys, name)
    stdout().print(f"{safe(name)} now signs by default", soft_wrap=True)


def _default_or_none(folder: Path) -> str | None:
    try:
        return default_key(folder)
    except KeyFileError:
        return None
