"""Where keys can be held other than in the home: by the scheme of their address, each scheme an entry point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from cryptography import x509

from provenance.errors import KeyFileError
from signer.signing import Signing

GROUP = "provenance.key_stores"
_URI = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII)
_MAX_URI = 4096


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a key. ``word``: what people call it; ``variable`` of the environment, or ``file`` it may lie in."""

    word: str
    variable: str
    file: Path | None = None


PASSPHRASE = Secret("passphrase", "PROVENANCE_PASSPHRASE")
PIN = Secret("PIN", "PROVENANCE_PIN")


@dataclass(frozen=True, slots=True)
class Held:
    """A key that is held elsewhere. ``name``: what to call it where people read; ``uri``: its whole address.

    ``algorithm``: what it is to sign with. ``chain`` is empty where the key is only to sign a certificate request.
    """

    name: str
    uri: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]


class KeyStore(Protocol):
    """Opens keys of one scheme. Made without arguments by an entry point of the group ``provenance.key_stores``."""

    def secret(self, uri: str) -> Secret | None:
        """What opens the key with that address; None where nothing is asked for. Opens nothing itself.

        Raises:
            KeyFileError: ``keys.uri``: this cannot be the address of a key here.
        """

    def open(self, held: Held, secret: str | None) -> Signing:
        """Open the key.

        Raises:
            KeyFileError: it cannot be opened, and why.
        """


def is_uri(reference: str) -> bool:
    """Whether a key is meant by its address; the names of keys have no colon."""
    return scheme_of(reference) is not None


def scheme_of(reference: str) -> str | None:
    """The scheme of an address; None where it is none."""
    match = _URI.match(reference)
    return match[1] if match else None


def store_for(uri: str) -> KeyStore:
    """The store of an address's scheme.

    Raises:
        KeyFileError: ``keys.uri`` or ``keys.scheme``.
    """
    scheme = scheme_of(uri)
    if scheme is None or len(uri) > _MAX_URI or not uri.isprintable():
        raise unusable_uri("SCHEME:…, printable, at most 4096 characters", uri.partition(":")[0])
    stores = entry_points(group=GROUP)
    if scheme not in stores.names:
        raise KeyFileError(
            "keys.scheme",
            f"nothing is installed that opens keys at {scheme}:",
            expected=", ".join(f"{name}:" for name in sorted(stores.names)),
            found=f"{scheme}:",
            hint="correct the address, or install what brings this scheme",
        )
    store: KeyStore = stores[scheme].load()()
    return store


def shown(uri: str) -> str:
    """The part of an address that may be shown: neither its query nor the arguments of a command."""
    return uri.partition("?")[0].partition(" ")[0]


def unusable_uri(expected: str, found: str, hint: str | None = None) -> KeyFileError:
    """The error for an address that a store cannot take. ``found`` must hold no secret."""
    return KeyFileError("keys.uri", "this cannot be the address of a key", expected=expected, found=found, hint=hint)
