"""Signed files that the library refuses to make: the signing certificate swapped for a faulty twin, signed anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from pki import Identity, leaf

from provenance.credentials import cbor


def swap_certificate(
    signed: bytes,
    store: bytes,
    old: Identity,
    issuer: Identity,
    *,
    stamp: Callable[[bytes], bytes] | None = None,
    **faults: Any,
) -> tuple[bytes, Identity]:
    """``signed`` (JPEG or MP4) with the leaf replaced by a twin with ``faults``, signed anew by the same key.

    ``stamp`` makes the timestamp token that replaces the one in ``store``.
    """
    old_der = old.certificate.public_bytes(Encoding.DER)
    twin, new_der = _of_length(len(old_der), lambda: _twin(old, issuer, faults))
    changed = store.replace(old_der, new_der)
    message = cbor.decode(cose_of(changed))
    protected, headers, signature = message[0], message[1], message[3]
    to_sign = b"\x84\x6aSignature1" + _bytes(protected) + _bytes(b"") + _bytes(_box(changed, b"c2pa.claim.v2\0"))
    r, s = decode_dss_signature(old.key.sign(to_sign, ec.ECDSA(hashes.SHA256())))
    fresh = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    changed = changed.replace(signature, fresh)
    if stamp is not None:
        to_stamp = b"\x84\x70CounterSignature" + _bytes(protected) + _bytes(b"") + _bytes(_bytes(fresh))
        old_token = headers["sigTst2"]["tstTokens"][0]["val"]
        _, new_token = _of_length(len(old_token), lambda: (None, stamp(to_stamp)))
        changed = changed.replace(old_token, new_token)
    assert signed.count(store) == 1, "the store lies in the file in one piece"
    return signed.replace(store, changed), twin


def _twin(old: Identity, issuer: Identity, faults: dict[str, Any]) -> tuple[Identity, bytes]:
    twin = leaf(issuer, twin=old, **faults)
    return twin, twin.certificate.public_bytes(Encoding.DER)


def _of_length(wanted: int, make: Callable[[], tuple[Any, bytes]]) -> tuple[Any, bytes]:
    """What ``make`` returns once its bytes have the length wanted: signatures in DER vary by a byte or two."""
    for _ in range(500):
        value, data = make()
        if len(data) == wanted:
            return value, data
    raise AssertionError(f"nothing of {wanted} bytes was made")


def cose_of(store: bytes) -> bytes:
    """The COSE message of a store with one manifest."""
    return _box(store, b"c2pa.signature\0")


def _box(store: bytes, label: bytes) -> bytes:
    """The content of the CBOR box behind the description box that ends with ``label``."""
    at = store.rindex(label) + len(label)
    assert store[at + 4 : at + 8] == b"cbor", store[at : at + 16]
    return store[at + 8 : at + int.from_bytes(store[at : at + 4], "big")]


def _bytes(value: bytes) -> bytes:
    size = len(value)
    if size < 24:
        return bytes([0x40 + size]) + value
    return (b"\x58" + bytes([size]) if size < 256 else b"\x59" + size.to_bytes(2, "big")) + value
