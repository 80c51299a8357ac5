"""Taking keys into the home: made here, made elsewhere and brought, or held elsewhere and only named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from provenance.errors import KeyFileError
from signer.algorithms import algorithm_of, new_private_key
from signer.certificates import require_chain, require_same_key
from signer.key_files import open_private, parse_chain, read_pem
from signer.key_folder import KeyEntry, entry_of, key_path, refuse_taken, store_chain, store_private, store_uri
from signer.key_stores import store_for
from signer.keys import open_elsewhere
from signer.signing import Signing, SigningKey


def create_key(folder: Path, name: str, algorithm: str, passphrase: str) -> None:
    """Make a key and keep it under a passphrase, mode 0600. Its certificate is imported later.

    Raises:
        KeyFileError: the name is taken or not usable, or the passphrase is too short.
    """
    refuse_taken(folder, name)
    store_private(folder, name, new_private_key(algorithm), passphrase)


def import_key(
    folder: Path, name: str, key_pem: bytes | None, chain_pem: bytes, secret: str | None, *, now: datetime | None = None
) -> Signing:
    """Take in a certificate chain, and the key where it was made elsewhere; checked before anything is written.

    A key without protection is stored under ``secret`` as its passphrase. Without ``key_pem`` the chain is for the key
    of that name that is known already, here or elsewhere, and ``secret`` what opens that, if anything does.

    Raises:
        KeyFileError: key and leaf do not belong together, or the chain may not sign claims.
    """
    moment = now or datetime.now(UTC)
    chain = parse_chain(chain_pem)
    if key_pem is None:
        entry = entry_of(folder, name)
        if entry.uri is not None:
            key = open_elsewhere(KeyEntry(name, chain, entry.secret, uri=entry.uri), secret, moment)
            store_chain(folder, name, chain)
            return key
        private = open_private(read_pem(key_path(folder, name)), secret, name)
    else:
        refuse_taken(folder, name)
        if secret is None:
            raise KeyFileError("keys.passphrase", "a key is stored under a passphrase only", found="none")
        private = open_private(key_pem, secret, name)
    require_same_key(chain[0], private.public_key())
    require_chain(chain, moment)
    if key_pem is not None:
        store_private(folder, name, private, secret)
    store_chain(folder, name, chain)
    return SigningKey(name, algorithm_of(private), chain, private)


def entry_to_add(folder: Path, name: str, uri: str, chain_pem: bytes) -> KeyEntry:
    """A key held elsewhere, as it will be known under a name of its own.

    Raises:
        KeyFileError: the name is taken, the address cannot be one, or the chain cannot be read.
    """
    refuse_taken(folder, name)
    return KeyEntry(name, parse_chain(chain_pem), store_for(uri).secret(uri), uri=uri)


def add_key(folder: Path, entry: KeyEntry, secret: str | None, *, now: datetime | None = None) -> Signing:
    """Give a name to a key that is held elsewhere, once it has proven to be the one of its certificate.

    Raises:
        KeyFileError: it cannot be opened, does not go with the chain, or the chain may not sign claims.
    """
    key = open_elsewhere(entry, secret, now or datetime.now(UTC))
    store_uri(folder, entry.name, entry.uri or "")
    store_chain(folder, entry.name, entry.chain)
    return key
