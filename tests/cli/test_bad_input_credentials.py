"""Certificates and manifests that are not what they should be, through the commands that meet them."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pki
import pytest
from bad_input import PASSPHRASE, Room, require_failure, require_harmless
from credential_world import CREATED, sign
from cryptography.x509.oid import ExtendedKeyUsageOID
from support.media import MediaLibrary

from provenance.trust.anchors import add_anchors

HOSTILE = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u2066\r\n'; DROP TABLE assets; --"


def faulty(fault: str) -> pki.Identity:
    root = pki.authority()
    if fault == "expired":
        return pki.leaf(root, not_after=pki.NOW - pki.DAY)
    if fault == "not yet valid":
        return pki.leaf(root, not_before=pki.NOW + pki.DAY)
    return pki.leaf(root, usage=ExtendedKeyUsageOID.SERVER_AUTH)


@pytest.mark.parametrize("fault", ["expired", "not yet valid", "for web servers"])
def test_a_certificate_that_may_not_sign_is_neither_imported_nor_used(
    room: Room, media: MediaLibrary, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    identity = faulty(fault)
    (room.desk / "chain.pem").write_text(identity.chain_pem)
    (room.desk / "key.pem").write_text(identity.key_pem)
    media.copy_as("still.png", room.desk / "picture.png")
    # As one that was good when it was imported.
    room.keep_key("desk", identity.key, identity.chain_pem.encode())
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", PASSPHRASE)
    before = room.tree()
    for words in (
        ["keys", "import", "new", "--chain", "chain.pem", "--key", "key.pem"],
        ["sign", "picture.png", "--key", "desk"],
    ):
        result = room.run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        code = result.stderr.split("[")[1].split("]")[0]
        assert code.startswith(("keys.", "certificate.", "trust.")), code
        require_failure(result, code)
    assert room.tree() == before


def test_a_manifest_full_of_scripts_and_escapes_is_only_ever_text(
    room: Room, media: MediaLibrary, tmp_path: Path
) -> None:
    root = pki.authority()
    signer = pki.leaf(root, HOSTILE[:60], HOSTILE[:60])
    add_anchors(room.home / "trust", "others", root.pem)
    actions = {
        **CREATED,
        "data": {
            "actions": [{**CREATED["data"]["actions"][0], "description": HOSTILE, "softwareAgent": {"name": HOSTILE}}]
        },
    }
    sign(media("still.png"), room.desk / "hostile.png", signer, title=HOSTILE, assertions=[actions])
    before = room.tree()
    for words, code in (
        (["inspect", "hostile.png"], 0),
        (["inspect", "--json", "hostile.png"], 0),
        (["check", "hostile.png"], 0),
        (["check", "--json", "hostile.png"], 0),
        (["register", "hostile.png"], 1),
        (["verify", "--json", "hostile.png"], 3),
    ):
        result = room.run(*words)
        assert result.exit_code == code, result.output
        require_harmless(result.stdout + result.stderr)
        if "--json" in words:
            json.loads(result.stdout)
    assert room.tree() == before
    # Signed again it is the parent, and from then on part of our own manifest, registry and page.
    for words, code in (
        (["sign", "hostile.png", "--register"], 0),
        (["assets", "list"], 0),
        (["verify", "hostile.signed.png", "--report", "page.html"], 0),
    ):
        result = room.run(*words)
        assert result.exit_code == code, result.output
        require_harmless(result.stdout + result.stderr)
    page = (room.desk / "page.html").read_text("utf-8")
    assert "<script>alert" not in page
    require_harmless(page)


def test_a_remote_manifest_is_never_fetched(room: Room, media: MediaLibrary) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names are the server's

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        sign(media("still.jpg"), room.desk / "remote.jpg", pki.leaf(pki.authority()), remote_url=url, embed=False)
        before = room.tree()
        answers = [
            room.run(*words, "remote.jpg")
            for words in (["inspect"], ["check"], ["register"], ["verify"], ["verify", "--no-registry", "--json"])
        ]
        assert room.tree() == before
        signed = room.run("sign", "remote.jpg")
        server.shutdown()
    assert asked == []
    assert [answer.exit_code for answer in answers][:3] == [6, 6, 1]
    assert signed.exit_code == 0
    assert url in answers[0].stdout
    for answer in (*answers, signed):
        require_harmless(answer.stdout + answer.stderr)
