"""A time-stamp authority for the tests: OpenSSL's answers behind a small HTTP server, good ones and bad ones."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from rfc3161_client._rust import parse_timestamp_request

from signer.algorithms import PrivateKey, new_private_key
from signer.authority import issue_authority
from signer.certificates import key_usage

NOW = datetime.now(UTC)
_CONFIG = """
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_TST_INFO = "1.2.840.113549.1.9.16.1.4"


class TimeAuthority:
    """Answers at ``url(way)``; the ways are in ``answer``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = issue_authority("Time root", None, NOW, 100, path_length=0)
        self.asked: list[str] = []
        self.released = threading.Event()
        self.on = True
        self.address = ""
        self._identity("tsa", [ExtendedKeyUsageOID.TIME_STAMPING])
        self._identity("web", [ExtendedKeyUsageOID.SERVER_AUTH])
        self._identity("both", [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH])
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")

    @property
    def root_pem(self) -> bytes:
        return self._root.certificate.public_bytes(serialization.Encoding.PEM)

    def url(self, way: str) -> str:
        return f"{self.address}/{way}"

    def answer(self, way: str, query: bytes) -> tuple[int, bytes]:
        """Status and body for a query that came in one of the ways."""
        self.asked.append(way)
        ways: dict[str, Callable[[bytes], tuple[int, bytes]]] = {
            "good": lambda q: (200, self.reply(q)),
            "switched": lambda q: (200, self.reply(q)) if self.on else (503, b"off"),
            "busy": lambda _: (503, b"busy"),
            "elsewhere": lambda _: (302, b""),
            "empty": lambda _: (200, b""),
            "garbage": lambda _: (200, b"<html>busy</html>"),
            "endless": lambda _: (200, bytes(1 << 20)),
            "refusal": lambda _: (200, bytes.fromhex("30053003020102")),
            "slow": self._slow,
            "other-imprint": lambda q: (200, self.reply(self._query(bytes(len(_imprint(q)))))),
            "other-nonce": lambda q: (200, self.reply(self._query(_imprint(q)))),
            "web-certificate": lambda q: (200, self._reply_by("web", q)),
            "two-purposes": lambda q: (200, self._reply_by("both", q)),
            "forged": lambda q: (200, self.reply(q)[:-8] + bytes(8)),
        }
        return ways[way](query)

    def reply(self, query: bytes) -> bytes:
        """What a good authority answers."""
        (self._folder / "query").write_bytes(query)
        self._openssl(
            "ts -reply -config tsa.cnf -section tsa -queryfile query -signer tsa.pem -inkey tsa.key -out reply"
        )
        return (self._folder / "reply").read_bytes()

    def _reply_by(self, name: str, query: bytes) -> bytes:
        """The same, signed with a certificate that OpenSSL itself would not stamp with."""
        (self._folder / "good").write_bytes(self.reply(query))
        self._openssl("ts -reply -config tsa.cnf -section tsa -in good -token_out -out token")
        self._openssl("cms -verify -noverify -inform DER -in token -out info -binary")
        self._openssl(
            f"cms -sign -binary -nodetach -cades -md sha256 -econtent_type {_TST_INFO} -signer {name}.pem "
            f"-inkey {name}.key -in info -outform DER -out token"
        )
        return _sequence(bytes.fromhex("3003020100") + (self._folder / "token").read_bytes())

    def _slow(self, query: bytes) -> tuple[int, bytes]:
        self.released.wait(20)
        return 200, self.reply(query)

    def _query(self, imprint: bytes) -> bytes:
        name = {32: "sha256", 48: "sha384", 64: "sha512"}[len(imprint)]
        self._openssl(f"ts -query -digest {imprint.hex()} -{name} -cert -out other")
        return (self._folder / "other").read_bytes()

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self._folder, check=True, capture_output=True)

    def _identity(self, name: str, purposes: list[ObjectIdentifier]) -> None:
        private: PrivateKey = new_private_key("es256")
        public = private.public_key()
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root.private.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Stamper {name}")]))
            .issuer_name(self._root.certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=50))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._root.private, hashes.SHA256())
        )
        (self._folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self._folder / f"{name}.key").write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


@contextmanager
def serving(authority: TimeAuthority) -> Iterator[TimeAuthority]:
    """The authority, answering on the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = authority.answer(self.path.strip("/"), query)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                # Whoever asked has given up.
                return

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        authority.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield authority
        finally:
            authority.released.set()
            server.shutdown()
            thread.join()


def nobody() -> str:
    """An address at which nobody listens: bound and closed again."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}/"


def _imprint(query: bytes) -> bytes:
    imprint: bytes = parse_timestamp_request(query).message_imprint.message
    return imprint


def _sequence(content: bytes) -> bytes:
    length = len(content).to_bytes(2)
    return b"\x30\x82" + length + content
