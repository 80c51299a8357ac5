"""``provenance keys``: make, certify, import, list and choose signing keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from provenance.console import safe, stdout, warn
from provenance.context import NamedPath, settings_of
from provenance.errors import KeyFileError
from signer.key_choice import choose_default, default_or_none
from signer.key_files import is_protected, open_private, read_pem
from signer.key_folder import KeyEntry, entry_of, key_names, key_path, place_of
from signer.key_import import add_key, create_key, entry_to_add, import_key
from signer.key_status import problem
from signer.key_status_cli import rotate, status
from signer.key_stores import PASSPHRASE, is_uri, shown, store_for
from signer.passphrase import new_passphrase, secret_of
from signer.remote_private import private_elsewhere
from signer.request import signing_request
from signer.signing import Signing

_FILE = NamedPath(dir_okay=False)
_passphrase_file = click.option("--passphrase-file", type=_FILE, help="Read the passphrase, or PIN, from this file.")


@click.group(short_help="Look after signing keys.")
def keys() -> None:
    """Look after signing keys.

    Passphrases come from --passphrase-file, from PROVENANCE_PASSPHRASE or from a hidden prompt; the PIN of a security
    module from --passphrase-file, from the file that the key's address names, from PROVENANCE_PIN or from the prompt.
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
@click.argument("name", metavar="NAME|URI")
@click.option("--organisation", required=True, help="The organisation that will sign.")
@click.option("--common-name", help="Name of the signer [the organisation].")
@click.option("--country", help="Two-letter country code.")
@click.option("--public-key", type=_FILE, help="Public key in PEM, of a key given by its address.")
@_passphrase_file
@click.pass_context
def request(
    ctx: click.Context,
    name: str,
    organisation: str,
    common_name: str | None,
    country: str | None,
    public_key: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Print a certificate signing request (PKCS#10, PEM) for a key.

    A key that is held elsewhere signs its request, too. Of one that has no name here yet, give its public key.
    """
    folder = settings_of(ctx).keys
    if is_uri(name):
        entry = KeyEntry(shown(name), (), store_for(name).secret(name), uri=name)
    else:
        entry = entry_of(folder, name)
    secret = secret_of(entry, passphrase_file)
    elsewhere = entry.uri is not None
    if elsewhere:
        private = private_elsewhere(entry, secret, read_pem(public_key) if public_key else None)
    else:
        private = open_private(read_pem(key_path(folder, name)), secret, name)
    made = signing_request(private, organisation, common_name, country, elsewhere=elsewhere)
    click.echo(made.decode("ascii"), nl=False)


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
    folder = settings_of(ctx).keys
    key_pem = read_pem(key_file) if key_file else None
    if key_pem is None:
        secret = secret_of(entry_of(folder, name), passphrase_file)
    elif is_protected(key_pem):
        secret = secret_of(KeyEntry(name, (), PASSPHRASE), passphrase_file)
    else:
        secret = new_passphrase(name, passphrase_file)
    _say_taken("imported", import_key(folder, name, key_pem, read_pem(chain_file), secret))


@keys.command("add")
@click.argument("name")
@click.argument("uri")
@click.option("--chain", "chain_file", type=_FILE, required=True, help="Certificates in PEM, leaf first.")
@_passphrase_file
@click.pass_context
def add(ctx: click.Context, name: str, uri: str, chain_file: Path, passphrase_file: Path | None) -> None:
    """Give a name to a key that is held elsewhere, and check that it signs.

    URI is file:/path/key.pem, 'pkcs11:token=…;object=…?module-path=…', 'command:PROGRAM ARGUMENTS', or
    awskms:KEY?region=…, and may be what a plug-in brings. It holds no passphrase and no PIN. The key stays where it is.
    """
    folder = settings_of(ctx).keys
    entry = entry_to_add(folder, name, uri, read_pem(chain_file))
    _say_taken("added", add_key(folder, entry, secret_of(entry, passphrase_file)))


def _say_taken(word: str, key: Signing) -> None:
    leaf = key.chain[0]
    stdout().print(
        f"{word} {safe(key.name)}: {key.algorithm}, {safe(leaf.subject.rfc4514_string())}, "
        f"valid until {leaf.not_valid_after_utc:%Y-%m-%d}",
        soft_wrap=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the keys there are, without opening them."""
    folder = settings_of(ctx).keys
    chosen = default_or_none(folder)
    rows = [_row(folder, name, default=name == chosen) for name in key_names(folder)]
    if as_json:
        click.echo(json.dumps({"keys": rows}, indent=2))
        return
    for row in rows:
        marks = [
            word
            for word, holds in (
                ("default", row["default"]),
                (f"held at {row['held']}:", row["held"] != "home"),
                ("retired", row["retired"]),
                ("DEVELOPMENT ONLY", row["development"]),
                ("no passphrase", row["protected"] is False),
                ("no certificate yet", row["subject"] is None and row["problem"] is None),
                (f"cannot be used: {safe(row['problem'])}", row["problem"] is not None),
            )
            if holds
        ]
        validity = f"{safe(row['subject'])}, valid until {row['valid_until'][:10]}" if row["subject"] else ""
        stdout().print(f"{safe(row['name'])}  {validity}  {'; '.join(marks)}".rstrip(), soft_wrap=True)
    if not rows:
        warn(f"there are no keys in {folder}; `provenance keys new NAME` makes one")


def _row(folder: Path, name: str, *, default: bool) -> dict[str, Any]:
    try:
        entry, unusable = entry_of(folder, name), None
    except KeyFileError as error:
        entry, unusable = KeyEntry(name, (), None), problem(error)
    leaf = entry.chain[0] if entry.chain else None
    return {
        "name": name,
        "default": default,
        "held": place_of(folder, name),
        "retired": entry.retired,
        "protected": None if unusable else entry.place != "home" or entry.secret is not None,
        "development": entry.development,
        "subject": leaf.subject.rfc4514_string() if leaf else None,
        "valid_until": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}" if leaf else None,
        "problem": unusable,
    }


@keys.command("default")
@click.argument("name")
@click.pass_context
def default(ctx: click.Context, name: str) -> None:
    """Choose the key that signs when none is named."""
    choose_default(settings_of(ctx).keys, name)
    stdout().print(f"{safe(name)} now signs by default", soft_wrap=True)


keys.add_command(status)
keys.add_command(rotate)
