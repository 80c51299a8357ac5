"""Keys as the home keeps them: their names, the private key or the address of one, the chain, and the default.

``NAME.key.pem`` is a key of our own, ``NAME.key.uri`` the address of one held elsewhere, ``NAME.chain.pem`` the
certificates of either; where there is a ``NAME.retired``, another key has taken its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provenance.errors import KeyFileError
from provenance.files import replace_atomically
from signer.algorithms import PrivateKey
from signer.key_files import is_protected, parse_chain, read_pem
from signer.key_stores import PASSPHRASE, Secret, is_uri, scheme_of, shown, store_for
from signer.signing import chain_pem

MIN_PASSPHRASE = 8
"""Characters; below this a passphrase protects nothing."""

UNPROTECTED = b"UNPROTECTED DEVELOPMENT KEY: no passphrase. Never publish anything signed with it.\n"
"""First line of a key file that is allowed to be without a passphrase."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key, without opening it. ``chain`` is empty while its certificate is still to be imported.

    ``name``: as people read it. ``secret``: what opens it, None where nothing needs to. ``uri``: of one held elsewhere.
    """

    name: str
    chain: tuple[x509.Certificate, ...]
    secret: Secret | None
    development: bool = False
    uri: str | None = None
    retired: bool = False

    @property
    def place(self) -> str:
        """Where it is held: ``home``, or the scheme of its address."""
        return "home" if self.uri is None else self.uri.partition(":")[0]


def key_path(folder: Path, name: str) -> Path:
    """Where the private key of that name lies.

    Raises:
        KeyFileError: the name could lead elsewhere.
    """
    return folder / f"{checked_name(name)}.key.pem"


def uri_path(folder: Path, name: str) -> Path:
    """Where the address lies of a key that is held elsewhere."""
    return folder / f"{checked_name(name)}.key.uri"


def chain_path(folder: Path, name: str) -> Path:
    """Where the certificate chain of that name lies."""
    return folder / f"{checked_name(name)}.chain.pem"


def retired_path(folder: Path, name: str) -> Path:
    """The mark that another key has taken the place of that one."""
    return folder / f"{checked_name(name)}.retired"


def store_private(folder: Path, name: str, private: PrivateKey, passphrase: str | None) -> None:
    """Write a private key as PKCS#8 PEM, mode 0600; ``passphrase`` None only for development keys."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        if len(passphrase) < MIN_PASSPHRASE:
            raise KeyFileError(
                "keys.passphrase_short",
                "the passphrase is too short",
                expected=f"{MIN_PASSPHRASE} characters or more",
                found=f"{len(passphrase)}",
            )
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replace_atomically(key_path(folder, name), replace=passphrase is None, private=True) as path:
        path.write_bytes(pem if passphrase is not None else UNPROTECTED + pem)


def store_uri(folder: Path, name: str, uri: str) -> None:
    """Write down where a key is held."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replace_atomically(uri_path(folder, name), replace=False, private=True) as path:
        path.write_text(uri + "\n", encoding="utf-8")


def store_chain(folder: Path, name: str, chain: tuple[x509.Certificate, ...]) -> None:
    """Write a chain, leaf first; an older one (renewed certificate) is replaced."""
    with replace_atomically(chain_path(folder, name), replace=True) as path:
        path.write_text(chain_pem(chain), encoding="ascii")


def entry_of(folder: Path, reference: str, chain_file: Path | None = None) -> KeyEntry:
    """What is known of a key without opening it. ``reference``: its name, or its address with a file of its chain.

    Raises:
        KeyFileError: no such key, its files cannot be read, or an address without a chain or a name with one.
    """
    if is_uri(reference):
        secret = store_for(reference).secret(reference)
        if chain_file is None:
            raise KeyFileError(
                "keys.no_certificate",
                f"the key {shown(reference)} comes without a certificate",
                expected="its certificate chain in PEM, leaf first",
                found="none",
                hint="--chain FILE; or give the key a name: provenance keys add NAME URI --chain FILE",
            )
        return KeyEntry(shown(reference), parse_chain(read_pem(chain_file)), secret, uri=reference)
    if chain_file is not None:
        raise KeyFileError(
            "keys.chain",
            f"the key {reference} has a certificate chain of its own",
            expected="--chain only with the address of a key",
            found="a name",
            hint=f"to renew the chain: provenance keys import {reference} --chain FILE",
        )
    path = existing_path(folder, reference)
    chain_file = chain_path(folder, reference)
    chain = parse_chain(read_pem(chain_file)) if chain_file.exists() else ()
    content, retired = read_pem(path), retired_path(folder, reference).exists()
    if path.suffix == ".uri":
        uri = content.decode("utf-8", errors="replace").strip()
        return KeyEntry(reference, chain, store_for(uri).secret(uri), uri=uri, retired=retired)
    secret = PASSPHRASE if is_protected(content) else None
    return KeyEntry(reference, chain, secret, content.startswith(UNPROTECTED), retired=retired)


def place_of(folder: Path, name: str) -> str:
    """Where a key is held, as ``KeyEntry.place`` has it, though nothing here may open it; ``unknown`` if unreadable."""
    try:
        path = existing_path(folder, name)
        address = read_pem(path).decode("utf-8", errors="replace") if path.suffix == ".uri" else None
    except KeyFileError:
        return "unknown"
    return "home" if address is None else scheme_of(address) or "unknown"


def existing_path(folder: Path, name: str) -> Path:
    """The file of a key or of its address.

    Raises:
        KeyFileError: ``keys.missing`` or ``keys.name``.
    """
    for path in (key_path(folder, name), uri_path(folder, name)):
        if path.is_file():
            return path
    raise KeyFileError(
        "keys.missing",
        f"there is no key named {name}",
        expected=f"a file {key_path(folder, name)}",
        found="nothing",
        hint="provenance keys list shows the keys there are",
    )


def refuse_taken(folder: Path, name: str) -> None:
    """Check that a name is free.

    Raises:
        KeyFileError: ``keys.exists`` or ``keys.name``.
    """
    if key_path(folder, name).exists() or uri_path(folder, name).exists():
        raise KeyFileError(
            "keys.exists", f"there is a key named {name} already", hint="another name; keys are never replaced"
        )


def key_names(folder: Path) -> list[str]:
    """The names of the keys of a folder, sorted."""
    kinds = (".key.pem", ".key.uri")
    names = {path.name.removesuffix(kind) for kind in kinds for path in folder.glob(f"*{kind}")}
    return sorted(name for name in names if _NAME.fullmatch(name))


def checked_name(name: str) -> str:
    """The name, if it can be that of a key: it is used as that of files.

    Raises:
        KeyFileError: ``keys.name``.
    """
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            "keys.name",
            "this cannot be the name of a key",
            expected="letters, digits, dots, dashes and underscores, at most 64",
            found=name[:80] or "an empty name",
            hint="choose another name, such as newsroom-2026",
        )
    return name
