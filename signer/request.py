"""Certificate signing requests: what an authority needs to certify a key for signing content credentials."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from provenance.errors import KeyFileError
from provenance.trust.purposes import C2PA_SIGNING, EMAIL_PROTECTION
from signer.algorithms import PrivateKey, algorithm_of, digest_of, pss_of
from signer.certificates import key_usage


def signing_request(
    private: PrivateKey, organisation: str, common_name: str | None, country: str | None, *, elsewhere: bool = False
) -> bytes:
    """A PKCS#10 request in PEM that asks for key usage digitalSignature and the C2PA purposes.

    ``elsewhere``: the key is held elsewhere, and signs as it signs claims: RSA as PSS.

    Raises:
        KeyFileError: ``keys.request``: a name that no certificate can carry; or the key cannot sign.
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
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return builder.sign(private, None).public_bytes(serialization.Encoding.PEM)
    digest = digest_of(algorithm_of(private))
    padding = pss_of(digest) if elsewhere and isinstance(private, rsa.RSAPrivateKey) else None
    return builder.sign(private, digest, rsa_padding=padding).public_bytes(serialization.Encoding.PEM)
