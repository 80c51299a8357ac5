"""A small certificate authority made afresh for each test run: roots, intermediates and leaves of every fault."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key and the certificates above it, root excluded."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def chain_pem(self) -> str:
        """Leaf first, as the library wants it."""
        chain = (self.certificate, *self.above)
        return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def _name(common: str, organisation: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _usage(*, signs: bool, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(signs, False, False, False, False, certifies, certifies, False, False)


def authority(
    common: str = "Test Root",
    organisation: str | None = "Test Authority",
    *,
    issuer: Identity | None = None,
    not_before: dt.datetime = NOW - 4000 * DAY,
    not_after: dt.datetime = NOW + 4000 * DAY,
) -> Identity:
    """A CA certificate: a self-signed root, or an intermediate of ``issuer``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common, organisation)
    issuer_key = issuer.key if issuer else key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs=False, certifies=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    above = () if issuer is None or issuer.certificate.issuer == issuer.certificate.subject else (issuer.certificate,)
    return Identity(certificate, key, above)


def leaf(
    issuer: Identity | None,
    common: str = "Test Desk",
    organisation: str | None = "Test Newsroom",
    *,
    usage: ObjectIdentifier = EMAIL,
    not_before: dt.datetime = NOW - 400 * DAY,
    not_after: dt.datetime = NOW + 400 * DAY,
    usage_critical: bool = False,
    twin: Identity | None = None,
) -> Identity:
    """A signing certificate; ``issuer`` None makes it self-signed, ``twin`` gives key and serial number to reuse."""
    key = twin.key if twin else ec.generate_private_key(ec.SECP256R1())
    issuer_key = issuer.key if issuer else key
    name = _name(common, organisation)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(twin.certificate.serial_number if twin else x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=True, certifies=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=usage_critical)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    above: tuple[x509.Certificate, ...] = ()
    if issuer is not None and issuer.certificate.issuer != issuer.certificate.subject:
        above = (issuer.certificate, *issuer.above)
    return Identity(certificate, key, above)
