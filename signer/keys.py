"""Opening a key to sign with, wherever it is held: everything that can be wrong with it is found here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from provenance.errors import KeyFileError
from signer.algorithms import algorithm_of
from signer.certificates import require_chain, require_same_key
from signer.key_choice import require_active
from signer.key_files import open_private, read_pem, require_private
from signer.key_folder import KeyEntry, chain_path, entry_of, key_path
from signer.key_stores import Held, store_for
from signer.signing import Signing, SigningKey, prove


def load_key(
    folder: Path,
    reference: str,
    secret: str | None,
    *,
    chain_file: Path | None = None,
    now: datetime | None = None,
    proven: bool = False,
) -> Signing:
    """Open a key with its chain and check that it may sign now.

    Args:
        reference: the key's name, or its address, which then wants a ``chain_file``.
        secret: what opens it (``KeyEntry.secret``), if anything does.
        proven: another process of this run has proven already that the key is that of its certificate. Otherwise a key
            that is held elsewhere signs once here.

    Raises:
        KeyFileError: ``keys.missing``, ``keys.retired``, ``keys.no_certificate``, ``keys.mode``, ``keys.passphrase``,
            ``keys.expired``, ``keys.eku`` and the other ways in which key or chain cannot be used.
    """
    entry = entry_of(folder, reference, chain_file)
    require_active(entry)
    moment = now or datetime.now(UTC)
    if entry.uri is not None:
        return open_elsewhere(entry, secret, moment, proven=proven)
    return _open_ours(folder, entry, secret, moment)


def open_elsewhere(entry: KeyEntry, secret: str | None, now: datetime, *, proven: bool = False) -> Signing:
    """Open a key by its address; see ``load_key``."""
    if entry.uri is None:
        raise ValueError(entry.name)
    require_chain(entry.chain, now)
    key = store_for(entry.uri).open(
        Held(entry.name, entry.uri, algorithm_of(entry.chain[0].public_key()), entry.chain), secret
    )
    if not proven:
        prove(key)
    return key


def _open_ours(folder: Path, entry: KeyEntry, passphrase: str | None, now: datetime) -> SigningKey:
    name, path = entry.name, key_path(folder, entry.name)
    if not entry.chain:
        raise KeyFileError(
            "keys.no_certificate",
            f"the key {name} has no certificate yet",
            expected=f"a chain in {chain_path(folder, name)}",
            hint=f"provenance keys request {name}, have it certified, then provenance keys import {name} --chain FILE",
        )
    if entry.secret is None and not entry.development:
        raise KeyFileError(
            "keys.unprotected",
            f"the key {name} has no passphrase",
            expected="an encrypted PKCS#8 key",
            found="a key in the clear",
            hint=f"provenance keys import under another name: it stores the key of {path} under a passphrase",
        )
    require_private(path)
    private = open_private(read_pem(path), passphrase, name)
    require_same_key(entry.chain[0], private.public_key())
    require_chain(entry.chain, now)
    return SigningKey(name, algorithm_of(private), entry.chain, private, entry.development)
