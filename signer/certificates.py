"""Whether a certificate chain may sign C2PA claims: the rules of the C2PA certificate profile, checked beforehand.

The library would refuse most of these too, but late, and without saying what was wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provenance.errors import KeyFileError
from provenance.trust.purposes import CLAIM_SIGNING

# A leaf that may also stamp time or answer for revocation could vouch for itself.
_FORBIDDEN_EKU = {"2.5.29.37.0": "any purpose", "1.3.6.1.5.5.7.3.8": "time stamping", "1.3.6.1.5.5.7.3.9": "OCSP"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a chain cannot sign."""

    code: str
    message: str
    expected: str
    found: str
    hint: str | None = None


def require_chain(chain: tuple[x509.Certificate, ...], now: datetime) -> None:
    """Check that the chain may sign at that time.

    Raises:
        KeyFileError: the first problem that ``assess_chain`` finds.
    """
    for problem in assess_chain(chain, now):
        raise KeyFileError(
            problem.code, problem.message, expected=problem.expected, found=problem.found, hint=problem.hint
        )


def require_same_key(leaf: x509.Certificate, public: PublicKeyTypes) -> None:
    """Check that a certificate is for this key.

    Raises:
        KeyFileError: ``keys.mismatch``.
    """
    if _spki(leaf.public_key()) != _spki(public):
        raise KeyFileError(
            "keys.mismatch",
            "key and certificate do not belong together",
            expected="a leaf certificate (first in the file) for this key",
            found=f"a certificate for {leaf.subject.rfc4514_string()}",
            hint="check the order of the chain: leaf first",
        )


def assess_chain(chain: tuple[x509.Certificate, ...], now: datetime) -> Iterator[Problem]:
    """Everything that keeps the chain (leaf first) from signing at that time, worst first."""
    if not chain:
        yield Problem("keys.chain_unreadable", "the chain is empty", "a leaf certificate", "nothing")
        return
    yield from _assess_order(chain)
    yield from _assess_leaf(chain[0])
    for certificate in chain:
        yield from _assess_dates(certificate, now)


def _assess_order(chain: tuple[x509.Certificate, ...]) -> Iterator[Problem]:
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            yield Problem(
                "keys.chain_order",
                "the chain is out of order or incomplete",
                f"the issuer of {below.subject.rfc4514_string()} next",
                above.subject.rfc4514_string(),
                "put the leaf first, then each certificate's issuer",
            )


def _assess_leaf(leaf: x509.Certificate) -> Iterator[Problem]:
    profile = "the C2PA certificate profile (X.509 v3, key identifiers, digitalSignature)"
    if leaf.version is not x509.Version.v3:
        yield Problem("keys.profile", "the certificate is of an old version", "X.509 v3", leaf.version.name)
        return
    try:
        extensions = {extension.oid: extension for extension in leaf.extensions}
    except ValueError as error:
        yield Problem("keys.profile", "the certificate's extensions cannot be read", profile, str(error))
        return
    if leaf.issuer == leaf.subject:
        yield Problem(
            "keys.profile", "the certificate is self-signed", "one issued by an authority", "itself as issuer"
        )
    basic = extensions.get(x509.BasicConstraints.oid)
    if basic and isinstance(basic.value, x509.BasicConstraints) and basic.value.ca:
        yield Problem("keys.profile", "the certificate is an authority's", "a leaf certificate", "CA:TRUE")
    if x509.AuthorityKeyIdentifier.oid not in extensions:
        yield Problem("keys.profile", "the certificate does not name its issuer's key", profile, "no AKI extension")
    usage = extensions.get(x509.KeyUsage.oid)
    if not usage or not isinstance(usage.value, x509.KeyUsage) or not usage.value.digital_signature:
        yield Problem("keys.profile", "the certificate may not sign", "key usage digitalSignature", "another key usage")
    for extension in extensions.values():
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            found = extension.oid.dotted_string
            yield Problem("keys.profile", "an unknown extension is marked critical", "only known ones", found)
    yield from _assess_eku(extensions.get(x509.ExtendedKeyUsage.oid))


def _assess_eku(extension: x509.Extension[x509.ExtensionType] | None) -> Iterator[Problem]:
    purposes: tuple[str, ...] = ()
    if extension and isinstance(extension.value, x509.ExtendedKeyUsage):
        purposes = tuple(oid.dotted_string for oid in extension.value)
    forbidden = [_FORBIDDEN_EKU[oid] for oid in purposes if oid in _FORBIDDEN_EKU]
    if forbidden or not any(oid in CLAIM_SIGNING for oid in purposes):
        yield Problem(
            "keys.eku",
            "the certificate is not for signing content credentials",
            f"one extended key usage of {', '.join(CLAIM_SIGNING)}, and none for any purpose, time stamping or OCSP",
            ", ".join(forbidden or purposes) or "none",
            "ask the authority for a C2PA or document-signing certificate",
        )


def _assess_dates(certificate: x509.Certificate, now: datetime) -> Iterator[Problem]:
    who = certificate.subject.rfc4514_string()
    if now > certificate.not_valid_after_utc:
        yield Problem(
            "keys.expired",
            f"the certificate of {who} has expired",
            f"one that is valid on {now:%Y-%m-%d}",
            f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}",
            "have it renewed, then provenance keys import NAME --chain FILE",
        )
    if now < certificate.not_valid_before_utc:
        yield Problem(
            "keys.not_yet_valid",
            f"the certificate of {who} is not valid yet",
            f"one that is valid on {now:%Y-%m-%d %H:%M} UTC",
            f"valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            "check this machine's clock",
        )


def _spki(key: PublicKeyTypes | CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """The key usage of an authority (signs certificates) or of a leaf (signs data)."""
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
