"""A certificate authority for development: real certificates that nobody outside this machine should trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID, ObjectIdentifier

from provenance.errors import KeyFileError
from provenance.files import replace_atomically
from provenance.trust.purposes import C2PA_SIGNING, EMAIL_PROTECTION
from signer.algorithms import PrivateKey, new_private_key
from signer.certificates import key_usage
from signer.key_files import parse_chain, read_pem
from signer.key_folder import chain_path, key_path, store_chain, store_private
from signer.keys import load_key

NAME = "development"
ORGANISATION = "Development newsroom"
WARNING = (
    "This is a development authority: its key has no passphrase and its root is trusted on this machine only. "
    "Never publish what it signs."
)

_ROOT_DAYS, _INTERMEDIATE_DAYS, _LEAF_DAYS = 3650, 3285, 825
# Machines whose clocks are a little behind must be able to read what was just made.
_BACKDATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    private: PrivateKey


@dataclass(frozen=True, slots=True)
class DevelopmentAuthority:
    """What ``development_authority`` found or made. ``root_pem``: every root made so far, newest last."""

    name: str
    root_pem: bytes
    created: bool


def development_authority(folder: Path, *, now: datetime | None = None) -> DevelopmentAuthority:
    """Make root, intermediate and a signing key ``development`` in the keys folder, unless they are there and valid.

    The private keys of root and intermediate are thrown away: nobody can issue more certificates from them.
    An expired key is made anew under a new root; the old roots stay, so that what they signed still reads. One in whose
    place another key signs is left alone.
    """
    moment = now or datetime.now(UTC)
    roots = folder / f"{NAME}.root.pem"
    if key_path(folder, NAME).exists() and chain_path(folder, NAME).exists() and roots.exists():
        try:
            load_key(folder, NAME, None, now=moment)
        except KeyFileError as error:
            if error.code == "keys.retired":
                return DevelopmentAuthority(NAME, read_pem(roots), created=False)
            if error.code != "keys.expired":
                raise
        else:
            return DevelopmentAuthority(NAME, read_pem(roots), created=False)
    root = issue_authority("Development root", None, moment, _ROOT_DAYS, path_length=1)
    intermediate = issue_authority("Development intermediate", root, moment, _INTERMEDIATE_DAYS, path_length=0)
    leaf = issue_leaf("Development signer", ORGANISATION, intermediate, moment, _LEAF_DAYS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    earlier = parse_chain(read_pem(roots)) if roots.exists() else ()
    trusted = (*(c for c in earlier if c.not_valid_after_utc > moment), root.certificate)
    root_pem = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in trusted)
    with replace_atomically(roots, replace=True) as path:
        path.write_bytes(root_pem)
    # The chain goes last: killed before it, the next run finds no whole set and starts afresh.
    chain_path(folder, NAME).unlink(missing_ok=True)
    store_private(folder, NAME, leaf.private, None)
    store_chain(folder, NAME, (leaf.certificate, intermediate.certificate))
    return DevelopmentAuthority(NAME, root_pem, created=True)


def issue_authority(
    common_name: str, issuer: Issued | None, now: datetime, days: int, *, path_length: int, algorithm: str = "es256"
) -> Issued:
    """Issue a CA certificate; self-signed where ``issuer`` is None."""
    private = new_private_key(algorithm)
    builder = _builder(common_name, ORGANISATION, issuer, private, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(key_usage(authority=True), critical=True)
    return _signed(builder, private, issuer)


def issue_leaf(
    common_name: str,
    organisation: str,
    issuer: Issued,
    now: datetime,
    days: int,
    *,
    algorithm: str = "es256",
    purposes: tuple[str, ...] = (C2PA_SIGNING, EMAIL_PROTECTION),
) -> Issued:
    """Issue a certificate that may sign claims: digitalSignature and the C2PA purposes, no authority."""
    private = new_private_key(algorithm)
    builder = _builder(common_name, organisation, issuer, private, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(authority=False), critical=True)
    if purposes:
        oids = [ObjectIdentifier(oid) for oid in purposes]
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return _signed(builder, private, issuer)


def _builder(
    common_name: str, organisation: str, issuer: Issued | None, private: PrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    issuer_key = issuer.private if issuer else private
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, private: PrivateKey, issuer: Issued | None) -> Issued:
    key = issuer.private if issuer else private
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(key, digest), private)
