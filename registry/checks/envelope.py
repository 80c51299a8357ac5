"""Reports signed by the registry that made them, as DSSE envelopes (https://github.com/secure-systems-lab/dsse).

The payload is the report's JSON, byte for byte. The key is Ed25519, of the registry's home, and not that of its log.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.log.keys import load_private

PAYLOAD_TYPE = "application/vnd.provenance.report+json"
MOST_BYTES = 64 << 20
"""Of an envelope: a report of some thousand findings has a few hundred kilobytes."""


def report_key_path(settings: Settings) -> Path:
    """Where the key lies that signs reports; ``provenance init`` makes it."""
    return settings.home / "report-key.pem"


def report_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs reports.

    Raises:
        RegistryError: there is none (``report.no_key``).
        KeyFileError: it cannot be used.
    """
    path = report_key_path(settings)
    if not path.exists():
        raise RegistryError(
            "report.no_key",
            "this home has no key that signs reports",
            expected=f"a file {path}",
            hint="run `provenance init`, or copy the key from the registry's other home",
        )
    return load_private(path)


def public_pem(key: Ed25519PublicKey) -> str:
    """The public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def load_public(pem: bytes) -> Ed25519PublicKey:
    """The key in a PEM file.

    Raises:
        RegistryError: it holds none that signs reports (``report.key``).
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable_key("something else") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable_key("a key of another kind")
    return key


def seal(report: str, key: Ed25519PrivateKey) -> str:
    """The envelope around a report's JSON."""
    payload = report.encode()
    signature = {"keyid": _name(key.public_key()), "sig": _text(key.sign(_signed(PAYLOAD_TYPE, payload)))}
    return json.dumps({"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [signature]})


def unseal(envelope: bytes, key: Ed25519PublicKey) -> bytes:
    """The report's JSON out of an envelope that the key has signed.

    Raises:
        RegistryError: it is no envelope of a report (``report.envelope``), or the key did not sign it
            (``report.signature``).
    """
    try:
        said = json.loads(envelope)
        kind, payload = said["payloadType"], base64.b64decode(said["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in said["signatures"]]
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError) as error:
        raise RegistryError(
            "report.envelope", "this is not a signed report", expected="a DSSE envelope", hint="download it again"
        ) from error
    if kind != PAYLOAD_TYPE:
        raise RegistryError(
            "report.envelope",
            "this envelope holds something else than a report",
            expected=PAYLOAD_TYPE,
            found=str(kind)[:200],
        )
    for signature in signatures:
        try:
            key.verify(signature, _signed(kind, payload))
        except InvalidSignature:
            continue
        return payload
    raise RegistryError(
        "report.signature",
        "the report is not as the registry signed it, or another has signed it",
        expected=f"a signature of the key {_name(key)}",
        found=f"{len(signatures)} signatures that do not hold",
        hint="name the key of the registry that made it: --key",
    )


def _signed(kind: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def _name(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unusable_key(found: str) -> RegistryError:
    return RegistryError(
        "report.key", "this is not a key that signs reports", expected="an Ed25519 public key in PEM", found=found
    )
