"""Signing keys and their certificate chains: made, stored, imported and opened."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from provenance.errors import KeyFileError
from provenance.files import replace_atomically
from signer.certificates import require_chain

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ed25519")

MIN_PASSPHRASE = 8
"""Characters; below this a passphrase protects nothing."""

_CURVES: dict[str, ec.EllipticCurve] = {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}
_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_RSA_BITS = {"ps256": 3072, "ps384": 4096}
_MAX_PEM = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

UNPROTECTED = b"UNPROTECTED DEVELOPMENT KEY: no passphrase. Never publish anything signed with it.\n"
"""First line of a key file that is allowed to be without a passphrase."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An opened private key with its certificate chain, leaf first. Checked: they belong together and may sign."""

    name: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]
    private: PrivateKey = field(repr=False)
    development: bool = False

    @property
    def chain_pem(self) -> str:
        """The chain in PEM, leaf first."""
        return "".join(c.public_bytes(serialization.Encoding.PEM).decode("ascii") for c in self.chain)

    @property
    def organisation(self) -> str | None:
        """The organisation the certificate is issued to."""
        names = self.chain[0].subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        return str(names[0].value) if names else None

    def sign(self, data: bytes) -> bytes:
        """Sign a COSE structure (about 1.5 KB) with the algorithm of the key."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        digest = _HASHES[self.algorithm[2:]]
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.private.sign(data, ec.ECDSA(digest))


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key in the folder, without opening it. ``chain`` is empty while its certificate is still to be imported."""

    name: str
    protected: bool
    development: bool
    chain: tuple[x509.Certificate, ...]


def key_path(folder: Path, name: str) -> Path:
    """Where the private key of that name lies.

    Raises:
        KeyFileError: the name could lead elsewhere.
    """
    return folder / f"{_checked(name)}.key.pem"


def chain_path(folder: Path, name: str) -> Path:
    """Where the certificate chain of that name lies."""
    return folder / f"{_checked(name)}.chain.pem"


def new_private_key(algorithm: str) -> PrivateKey:
    """A fresh key for one of ``ALGORITHMS``; an RSA key's length says which of the two it is for."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm in _RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[algorithm])
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise KeyFileError(
        "keys.algorithm", "this is not a signing algorithm we use", expected=", ".join(ALGORITHMS), found=algorithm
    )


def algorithm_of(private: object) -> str:
    """The C2PA algorithm that a private key signs with.

    Raises:
        KeyFileError: no C2PA algorithm goes with such a key.
    """
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, ec.EllipticCurvePrivateKey):
        for algorithm, curve in _CURVES.items():
            if private.curve.name == curve.name:
                return algorithm
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= 2048:
        return "ps384" if private.key_size >= _RSA_BITS["ps384"] else "ps256"
    raise KeyFileError(
        "keys.algorithm",
        "C2PA has no signature algorithm for this kind of key",
        expected="EC P-256, P-384 or P-521, RSA of 2048 bits or more, or Ed25519",
        found=type(private).__name__,
    )


def create_key(folder: Path, name: str, algorithm: str, passphrase: str) -> None:
    """Make a key and keep it under a passphrase, mode 0600. Its certificate is imported later.

    Raises:
        KeyFileError: the name is taken or not usable, or the passphrase is too short.
    """
    _refuse_taken(folder, name)
    store_private(folder, name, new_private_key(algorithm), passphrase)


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


def load_key(folder: Path, name: str, passphrase: str | None, *, now: datetime | None = None) -> SigningKey:
    """Open a key with its chain and check that it may sign now.

    Raises:
        KeyFileError: ``keys.missing``, ``keys.no_certificate``, ``keys.mode``, ``keys.passphrase``, ``keys.expired``,
            ``keys.eku`` and the other ways in which a chain cannot be used.
    """
    entry = entry_of(folder, name)
    path = key_path(folder, name)
    if not entry.chain:
        raise KeyFileError(
            "keys.no_certificate",
            f"the key {name} has no certificate yet",
            expected=f"a chain in {chain_path(folder, name)}",
            hint=f"provenance keys request {name}, have it certified, then provenance keys import {name} --chain FILE",
        )
    if not (entry.protected or entry.development):
        raise KeyFileError(
            "keys.unprotected",
            f"the key {name} has no passphrase",
            expected="an encrypted PKCS#8 key",
            found="a key in the clear",
            hint=f"provenance keys import under another name: it stores the key of {path} under a passphrase",
        )
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileError(
            "keys.mode",
            f"the key file {path} is open to others",
            expected="mode 0600",
            found=f"mode {mode:04o}",
            hint=f"chmod 600 {path}",
        )
    private = open_private(read_pem(path), passphrase, name)
    require_chain(entry.chain, private.public_key(), now or datetime.now(UTC))
    return SigningKey(name, algorithm_of(private), entry.chain, private, entry.development)


def open_private(pem: bytes, passphrase: str | None, name: str) -> PrivateKey:
    """Decrypt a PKCS#8 PEM key.

    Raises:
        KeyFileError: ``keys.passphrase`` (needed, or wrong), ``keys.unprotected``, ``keys.unreadable``.
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


def import_key(
    folder: Path, name: str, key_pem: bytes | None, chain_pem: bytes, passphrase: str, *, now: datetime | None = None
) -> SigningKey:
    """Take in a certificate chain, and the key where it was made elsewhere; checked before anything is written.

    A key without protection is stored under ``passphrase``. Without ``key_pem`` the key made by ``create_key`` is used.

    Raises:
        KeyFileError: key and leaf do not belong together, or the chain may not sign claims.
    """
    if key_pem is None:
        private = open_private(read_pem(_existing(folder, name)), passphrase, name)
    else:
        _refuse_taken(folder, name)
        private = open_private(key_pem, passphrase, name)
    chain = parse_chain(chain_pem)
    require_chain(chain, private.public_key(), now or datetime.now(UTC))
    if key_pem is not None:
        store_private(folder, name, private, passphrase)
    store_chain(folder, name, chain)
    return SigningKey(name, algorithm_of(private), chain, private)


def store_chain(folder: Path, name: str, chain: tuple[x509.Certificate, ...]) -> None:
    """Write a chain, leaf first; an older one (renewed certificate) is replaced."""
    with replace_atomically(chain_path(folder, name), replace=True) as path:
        path.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain))


def entry_of(folder: Path, name: str) -> KeyEntry:
    """What is known of a key without its passphrase.

    Raises:
        KeyFileError: no such key, or its files cannot be read.
    """
    pem = read_pem(_existing(folder, name))
    chain_file = chain_path(folder, name)
    chain = parse_chain(read_pem(chain_file)) if chain_file.exists() else ()
    return KeyEntry(name, is_protected(pem), pem.startswith(UNPROTECTED), chain)


def list_keys(folder: Path) -> tuple[KeyEntry, ...]:
    """All keys of the folder by name."""
    names = sorted(path.name.removesuffix(".key.pem") for path in folder.glob("*.key.pem"))
    return tuple(entry_of(folder, name) for name in names if _NAME.fullmatch(name))


def default_key(folder: Path) -> str:
    """The key that signs when none is named: the chosen one, else the only one.

    Raises:
        KeyFileError: there is none, or there are several and none was chosen.
    """
    chosen = folder / "default"
    if chosen.exists():
        return _checked(chosen.read_text(encoding="utf-8", errors="replace").strip())
    names = [entry.name for entry in list_keys(folder)]
    if len(names) == 1:
        return names[0]
    if not names:
        raise KeyFileError(
            "keys.missing",
            "there is no signing key",
            expected=f"a key in {folder}",
            found="none",
            hint="provenance init for a development key, or provenance keys new NAME",
        )
    raise KeyFileError(
        "keys.ambiguous",
        "several keys could sign",
        expected="one chosen key",
        found=", ".join(names),
        hint="--key NAME, or provenance keys default NAME",
    )


def choose_default(folder: Path, name: str) -> None:
    """Make a key the one that signs when none is named."""
    _existing(folder, name)
    with replace_atomically(folder / "default", replace=True) as path:
        path.write_text(name + "\n", encoding="utf-8")


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


def is_protected(pem: bytes) -> bool:
    """Whether a PEM key wants a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem or b"Proc-Type: 4,ENCRYPTED" in pem


def _existing(folder: Path, name: str) -> Path:
    path = key_path(folder, name)
    if not path.is_file():
        raise KeyFileError(
            "keys.missing",
            f"there is no key named {name}",
            expected=f"a file {path}",
            found="nothing",
            hint="provenance keys list shows the keys there are",
        )
    return path


def _refuse_taken(folder: Path, name: str) -> None:
    if key_path(folder, name).exists():
        raise KeyFileError(
            "keys.exists", f"there is a key named {name} already", hint="another name; keys are never replaced"
        )


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            "keys.name",
            "this cannot be the name of a key",
            expected="letters, digits, dots, dashes and underscores, at most 64",
            found=name[:80] or "an empty name",
            hint="choose another name, such as newsroom-2026",
        )
    return name
