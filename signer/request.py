"""Certificate signing requests: what an authority needs to certify a key for signing content credentials."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID, ObjectIdentifier

from provenance.errors import KeyFileError
from provenance.trust.purposes import C2PA_SIGNING, EMAIL_PROTECTION
from signer.algorithms import PrivateKey
from signer.certificates import key_usage


def signing_request(private: PrivateKey, organisation: str, common_name: str | None, country: str | None) -> bytes:
    """A PKCS#10 request in PEM that asks for key usage digitalSignature and the C2PA purposes.

    Raises:
        KeyFileError: ``keys.request``: a name that no certificate can carry.
    """
    names = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name or organisation)]
    if country is not None:
        names.insert(0, (NameOID.COUNTRY_NAME, country))
    try:
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    except ValueError as error:
        raise KeyFileError(
            "keys.request", "no certificate can carry these names", found=str(error), hint="shorten or correct them"
        ) from error
    purposes = [ObjectIdentifier(oid) for oid in (C2PA_SIGNING, EMAIL_PROTECTION)]
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )
    digest = None if isinstance(private, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(private, digest).public_bytes(serialization.Encoding.PEM)
