"""Who signed: the leaf certificate, found in the manifest's own bytes since the library does not hand it out."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID, ObjectIdentifier

from provenance.credentials import cbor
from provenance.credentials.jumbf import boxes, superboxes
from provenance.credentials.values import Signer
from provenance.trust.anchors import UNPARSABLE

MAX_NAME_CHARACTERS = 500
_X5CHAIN = (33, "x5chain")
_MAX_CHAIN = 20


class SignatureBoxError(ValueError):
    """The signature of a manifest cannot be found or holds no certificate."""


def chain_of(store: bytes, manifest_label: str) -> tuple[x509.Certificate, ...]:
    """The certificates in the signature of one manifest of a JUMBF store, leaf first.

    Raises:
        SignatureBoxError: there is no such signature, or its certificates cannot be read.
    """
    try:
        return tuple(x509.load_der_x509_certificate(der) for der in _chain(_signature(store, manifest_label)))
    except (*UNPARSABLE, OverflowError) as error:
        raise SignatureBoxError(str(error)[:200]) from error


def signer_of(certificate: x509.Certificate) -> Signer:
    """The signer whom a leaf certificate describes. Facts only: nothing is verified here.

    Raises:
        SignatureBoxError: its names or dates cannot be read.
    """
    try:
        return Signer(
            common_name=_name(certificate.subject, NameOID.COMMON_NAME),
            organisation=_name(certificate.subject, NameOID.ORGANIZATION_NAME),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            serial=f"{certificate.serial_number:x}",
            issuer=_name(certificate.issuer, NameOID.COMMON_NAME)
            or _name(certificate.issuer, NameOID.ORGANIZATION_NAME),
            not_before=certificate.not_valid_before_utc.isoformat(),
            not_after=certificate.not_valid_after_utc.isoformat(),
        )
    except (*UNPARSABLE, OverflowError) as error:
        raise SignatureBoxError(str(error)[:200]) from error


def _chain(signature: bytes) -> list[bytes]:
    message = cbor.decode(signature)
    if not isinstance(message, list) or len(message) != 4 or not isinstance(message[0], bytes):
        raise SignatureBoxError("not a COSE_Sign1 message")
    protected = cbor.decode(message[0]) if message[0] else {}
    headers = [header for header in (protected, message[1]) if isinstance(header, dict)]
    chains = [header[key] for header in headers for key in _X5CHAIN if key in header]
    # With two chains it would be open which of them the library has verified.
    if len(chains) != 1:
        raise SignatureBoxError(f"{len(chains)} certificate chains instead of one")
    chain = chains[0] if isinstance(chains[0], list) else chains
    if not chain or len(chain) > _MAX_CHAIN or not all(isinstance(der, bytes) for der in chain):
        raise SignatureBoxError("the certificate chain is malformed")
    return chain


def _signature(store: bytes, manifest_label: str) -> bytes:
    for kind, manifests in boxes(store):
        if kind != b"jumb":
            continue
        for manifest in superboxes(manifests, manifest_label):
            for signature in superboxes(manifest, "c2pa.signature"):
                for inner, content in boxes(signature):
                    if inner == b"cbor":
                        return content
    raise SignatureBoxError("no signature box")


def _name(name: x509.Name, kind: ObjectIdentifier) -> str | None:
    values = name.get_attributes_for_oid(kind)
    if not values:
        return None
    value = values[0].value
    return (value if isinstance(value, str) else value.decode("utf-8", errors="replace"))[:MAX_NAME_CHARACTERS]
