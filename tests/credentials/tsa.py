"""A time-stamping authority (RFC 3161) on the loopback, for tests: real tokens, at any time one likes."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pki import Identity

_SHA256 = bytes.fromhex("300b0609608648016503040201")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_OID_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OID_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_OID_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_OID_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_OID_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
_OID_POLICY = bytes.fromhex("06042a030401")


@contextmanager
def serve(identity: Identity, at: dt.datetime) -> Iterator[str]:
    """The address of a running authority that says it is ``at``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            answer = respond(request, identity, at)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def respond(request: bytes, identity: Identity, at: dt.datetime) -> bytes:
    """A granted TimeStampResp for a TimeStampReq."""
    fields = list(_read(next(_read(request))[1]))
    nonce = next((whole for tag, _, whole in fields[2:] if tag == 0x02), b"")
    return _seq(_seq(_tlv(2, b"\0")), _token(fields[1][2], nonce, identity, at))


def token(data: bytes, identity: Identity, at: dt.datetime) -> bytes:
    """A TimeStampToken over the SHA-256 of ``data``, with a nonce that makes its length vary from call to call."""
    nonce = _tlv(2, b"\1" + secrets.token_bytes(secrets.randbelow(16)))
    return _token(_seq(_SHA256, _tlv(4, hashlib.sha256(data).digest())), nonce, identity, at)


def _token(imprint: bytes, nonce: bytes, identity: Identity, at: dt.datetime) -> bytes:
    stamp = _tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").encode())
    info = _seq(_tlv(2, b"\1"), _OID_POLICY, imprint, _tlv(2, b"\x2a"), stamp, nonce)
    return _seq(_OID_SIGNED_DATA, _tlv(0xA0, _signed_data(info, identity)))


def _signed_data(info: bytes, identity: Identity) -> bytes:
    der = identity.certificate.public_bytes(Encoding.DER)
    certificates = b"".join(c.public_bytes(Encoding.DER) for c in (identity.certificate, *identity.above))
    attributes = b"".join(
        sorted(
            [
                _seq(_OID_CONTENT_TYPE, _tlv(0x31, _OID_TST_INFO)),
                _seq(_OID_MESSAGE_DIGEST, _tlv(0x31, _tlv(4, hashlib.sha256(info).digest()))),
                _seq(_OID_SIGNING_CERTIFICATE_V2, _tlv(0x31, _seq(_seq(_seq(_tlv(4, hashlib.sha256(der).digest())))))),
            ]
        )
    )
    signature = identity.key.sign(_tlv(0x31, attributes), ec.ECDSA(hashes.SHA256()))
    number = identity.certificate.serial_number
    serial = _tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))
    signer = _seq(
        _tlv(2, b"\1"),
        _seq(identity.certificate.issuer.public_bytes(), serial),
        _SHA256,
        _tlv(0xA0, attributes),
        _ECDSA_SHA256,
        _tlv(4, signature),
    )
    content = _seq(_OID_TST_INFO, _tlv(0xA0, _tlv(4, info)))
    return _seq(_tlv(2, b"\3"), _tlv(0x31, _SHA256), content, _tlv(0xA0, certificates), _tlv(0x31, signer))


def _seq(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _read(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Tag, content and the whole of each element in a row of DER elements."""
    at = 0
    while at < len(data):
        size, head = data[at + 1], 2
        if size & 0x80:
            head = 2 + (size & 0x7F)
            size = int.from_bytes(data[at + 2 : at + head], "big")
        yield data[at], data[at + head : at + head + size], data[at : at + head + size]
        at += head + size
