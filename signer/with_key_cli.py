"""The options of commands that sign: with which key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from cryptography.hazmat.primitives import hashes

from provenance.console import warn
from provenance.context import NamedPath
from provenance.settings import Settings
from registry.revoked_here import revoked_here
from signer.key_choice import default_key
from signer.key_folder import KeyEntry, entry_of
from signer.key_status import SOON_DAYS, days_left
from signer.keys import load_key
from signer.passphrase import secret_of

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = NamedPath(dir_okay=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The key to sign with: its name or address, the file of its chain where that is not known, and what opens it."""

    reference: str
    chain: str | None
    entry: KeyEntry
    secret: str | None


def with_key(command: Command) -> Command:
    """Give a command the options ``--key``, ``--chain`` (as ``chain_file``) and ``--passphrase-file``."""
    options = (
        click.option("--key", metavar="NAME|URI", help="Key to sign with: its name, or its address [the default key]."),
        click.option("--chain", "chain_file", type=_FILE, help="Certificates for a key's address: PEM, leaf first."),
        click.option("--passphrase-file", type=_FILE, help="Read the key's passphrase, or PIN, from this file."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen_key(
    settings: Settings, key: str | None, chain_file: Path | None, passphrase_file: Path | None, *, opened: bool = True
) -> Chosen:
    """The key that the options choose. Once opened here it is known to sign: a wrong PIN is tried by no worker.

    Raises:
        KeyFileError: see ``entry_of``, ``secret_of`` and ``load_key``.
    """
    reference = key or default_key(settings.keys)
    entry = entry_of(settings.keys, reference, chain_file)
    secret = secret_of(entry, passphrase_file) if opened else None
    if opened:
        load_key(settings.keys, reference, secret, chain_file=chain_file)
    left = days_left(entry, datetime.now(UTC)) if entry.chain else 0
    if entry.chain and left < SOON_DAYS:
        warn(f"the certificate of {entry.name} lasts {left} days more; `provenance keys status` says what to do")
    revoked = revoked_here(settings, entry.chain[0].fingerprint(hashes.SHA256()).hex()) if entry.chain else None
    if revoked is not None:
        warn(
            f"the certificate of {entry.name} is {revoked.words}; the registry takes nothing that it signs; "
            "`provenance keys status` says what to do"
        )
    if entry.development:
        warn(f"{entry.name} is a development key: never publish what it signs")
    return Chosen(reference, str(chain_file.absolute()) if chain_file is not None else None, entry, secret)
