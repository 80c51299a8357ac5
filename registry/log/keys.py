"""The private key that signs checkpoints: a file of the home, which nobody but its owner may read."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import KeyFileError, OutputError
from provenance.files import replace_atomically

_MAX_PEM = 1 << 16


@dataclass(frozen=True, slots=True)
class LogKey:
    """Where the key lies, and under which name (origin) a new log is to go; None: one made from the key."""

    path: Path
    origin: str | None = None


def default_origin(private: Ed25519PrivateKey) -> str:
    """The name of a log that was given none: as unique as its key."""
    public = private.public_key().public_bytes_raw()
    return f"provenance-registry/{hashlib.sha256(public).hexdigest()[:16]}"


def make_key(path: Path, *, replace: bool = False) -> None:
    """Make the key, mode 0600, unless there is one that is not to be replaced.

    It has no passphrase: a server signs with it unattended.

    Raises:
        OutputError: it cannot be written.
    """
    if path.exists() and not replace:
        return
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with replace_atomically(path, replace=replace, private=True) as staged:
            staged.write_bytes(pem)
    except OutputError as error:
        # Where another process was faster, its key is as good.
        if error.code != "output.exists":
            raise


def load_private(path: Path) -> Ed25519PrivateKey:
    """Open the key.

    Raises:
        KeyFileError: ``log.key_missing``, ``log.key_mode``, ``log.key_unreadable``.
    """
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(path.stat().st_mode)
            pem = stream.read(_MAX_PEM)
    except FileNotFoundError as error:
        raise KeyFileError(
            "log.key_missing",
            "the key that signs the registry's log is not in this home",
            expected=f"a file {path}",
            found="nothing",
            hint="copy it from the home that the registry was made in, or make another: `provenance log new-key`",
        ) from error
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from error
    if mode & 0o077:
        raise KeyFileError(
            "log.key_mode",
            f"the key file {path} is open to others",
            expected="mode 0600",
            found=f"mode {mode:04o}",
            hint=f"chmod 600 {path}",
        )
    try:
        private = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(path, "something else") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unreadable(path, "a key of another kind")
    return private


def _unreadable(path: Path, found: str) -> KeyFileError:
    return KeyFileError(
        "log.key_unreadable",
        f"the key file {path} cannot be used",
        expected="an Ed25519 key, PKCS#8 in PEM, without a passphrase",
        found=found,
        hint="put the right file there, or see `provenance log new-key`",
    )
