"""Timestamps of a real RFC 3161 authority (OpenSSL's, answering on the loopback), and what happens when it does not."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from signing_bench import Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError
from provenance.trust.anchors import AnchorKind, add_anchors, load_anchors
from signer.algorithms import new_private_key
from signer.authority import Issued, issue_authority
from signer.certificates import key_usage
from signer.sign import sign_file

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


class TimeStampAuthority:
    """Answers time-stamp queries through ``openssl ts``; ``answer`` replaces its replies."""

    def __init__(self, folder: Path) -> None:
        self.root = issue_authority("Time root", None, NOW, 100, path_length=0)
        self.requests = 0
        self.answer: bytes | None = None
        self._folder = folder
        private = new_private_key("es256")
        certificate = _time_stamping_certificate(self.root, private.public_key())
        (folder / "tsa.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.key").write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")

    @property
    def root_pem(self) -> bytes:
        return self.root.certificate.public_bytes(serialization.Encoding.PEM)

    def reply(self, query: bytes) -> bytes:
        self.requests += 1
        if self.answer is not None:
            return self.answer
        (self._folder / "query").write_bytes(query)
        command = (
            "openssl ts -reply -config tsa.cnf -section tsa -queryfile query -signer tsa.pem -inkey tsa.key -out reply"
        )
        subprocess.run(command.split(), cwd=self._folder, check=True, capture_output=True)
        return (self._folder / "reply").read_bytes()


def _time_stamping_certificate(root: Issued, public: object) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Time stamper")]))
        .issuer_name(root.certificate.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=50))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.private.public_key()), critical=False)
        .sign(root.private, hashes.SHA256())
    )


@pytest.fixture
def authority(tmp_path: Path) -> TimeStampAuthority:
    folder = tmp_path / "tsa"
    folder.mkdir()
    return TimeStampAuthority(folder)


@pytest.fixture
def url(authority: TimeStampAuthority) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            reply = authority.reply(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def sign(bench: Bench, source: Path, target: Path, url: str | None) -> None:
    capture = Capture(source, "t")
    sign_file(capture, target, key=bench.key, settings=bench.settings, anchors=bench.anchors, tsa_url=url)


def test_a_timestamp_of_a_trusted_authority_is_kept(
    bench: Bench, media: Callable[[str], Path], authority: TimeStampAuthority, url: str
) -> None:
    add_anchors(bench.settings.anchors, "time", authority.root_pem, kind=AnchorKind.TSA)
    trusting = Bench(bench.settings, bench.key, load_anchors(bench.settings.anchors))
    target = bench.settings.home / "signed.mp4"

    sign(trusting, media("mp4"), target, url)

    credential = trusting.read(target)
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.timestamp is not None
    assert abs(datetime.fromisoformat(credential.timestamp) - datetime.now(UTC)) < timedelta(minutes=5)
    assert authority.requests >= 1


def test_a_timestamp_of_an_unknown_authority_proves_no_time(
    bench: Bench, media: Callable[[str], Path], authority: TimeStampAuthority, url: str
) -> None:
    target = bench.settings.home / "signed.png"
    sign(bench, media("png"), target, url)
    credential = bench.read(target)
    assert (credential.state, credential.timestamp) == (CredentialState.AUTHENTIC, None)


def test_nobody_is_asked_for_the_time_unless_told_to(
    bench: Bench, media: Callable[[str], Path], authority: TimeStampAuthority, url: str
) -> None:
    sign(bench, media("png"), bench.settings.home / "signed.png", None)
    assert authority.requests == 0


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", bytes.fromhex("30053003020102")])
def test_an_authority_that_answers_nonsense_is_named_and_nothing_written(
    answer: bytes, bench: Bench, media: Callable[[str], Path], authority: TimeStampAuthority, url: str
) -> None:
    authority.answer = answer
    target = bench.settings.home / "signed.png"
    with pytest.raises(CredentialError) as caught:
        sign(bench, media("png"), target, url)
    assert caught.value.code == "sign.timestamp"
    assert url in caught.value.message
    assert not target.exists()


def test_an_authority_that_is_down_is_named_and_nothing_written(
    bench: Bench, media: Callable[[str], Path], tmp_path: Path
) -> None:
    # Bound and closed again: nobody listens there.
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
    target = tmp_path / "out" / "signed.png"
    target.parent.mkdir()
    with pytest.raises(CredentialError) as caught:
        sign(bench, media("png"), target, url)
    assert caught.value.code == "sign.timestamp"
    assert url in caught.value.message
    assert list(target.parent.iterdir()) == []
    assert not bench.settings.references.exists()
