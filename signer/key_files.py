"""Keys and certificates as PEM files: read with a bound, decrypted, parsed."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from provenance.errors import KeyFileError
from signer.algorithms import PrivateKey, algorithm_of

_MAX_PEM = 1 << 20


def read_pem(path: Path) -> bytes:
    """The bytes of a key or chain file, at most 1 MiB.

    Raises:
        KeyFileError: missing, unreadable or too large.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_PEM + 1)
    except OSError as error:
        raise KeyFileError(
            "keys.unreadable", f"{path} cannot be read", found=error.strerror or "", hint="check path and permissions"
        ) from error
    if len(data) > _MAX_PEM:
        raise KeyFileError("keys.unreadable", f"{path} is too large", expected=f"at most {_MAX_PEM} bytes of PEM")
    return data


def require_private(path: Path) -> None:
    """Check that only its owner can read a key file.

    Raises:
        KeyFileError: ``keys.mode``.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileError(
            "keys.mode",
            f"the key file {path} is open to others",
            expected="mode 0600",
            found=f"mode {mode:04o}",
            hint=f"chmod 600 {path}",
        )


def is_protected(pem: bytes) -> bool:
    """Whether a PEM key wants a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem or b"Proc-Type: 4,ENCRYPTED" in pem


def open_private(pem: bytes, passphrase: str | None, name: str) -> PrivateKey:
    """Decrypt a PKCS#8 PEM key.

    Raises:
        KeyFileError: ``keys.passphrase`` (needed, or wrong), ``keys.unreadable``, ``keys.algorithm``.
    """
    protected = is_protected(pem)
    if protected and not passphrase:
        raise KeyFileError(
            "keys.passphrase",
            f"the key {name} is protected and no passphrase was given",
            expected="its passphrase",
            found="none",
            hint="set PROVENANCE_PASSPHRASE or use --passphrase-file",
        )
    try:
        private = serialization.load_pem_private_key(pem, passphrase.encode() if protected and passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if protected:
            raise KeyFileError(
                "keys.passphrase",
                f"the passphrase does not open the key {name}",
                expected="the passphrase that the key was stored under",
                found="another one",
                hint="check the passphrase; where it is right, the key file is damaged",
            ) from error
        raise KeyFileError(
            "keys.unreadable",
            f"the key {name} cannot be read",
            expected="a PKCS#8 private key in PEM",
            found=str(error),
        ) from error
    algorithm_of(private)
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise TypeError(type(private))
    return private


def parse_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, in its order.

    Raises:
        KeyFileError: it holds none, or one that cannot be parsed.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise KeyFileError(
            "keys.chain_unreadable",
            "the certificate chain cannot be read",
            expected="certificates in PEM, leaf first",
            found=str(error),
        ) from error
