"""Signed reports: any change is seen, another's key does not pass, and what DSSE says is what is signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.cli import main
from provenance.errors import RegistryError
from provenance.exits import ExitCode
from provenance.settings import load_settings
from registry.checks.envelope import PAYLOAD_TYPE, load_public, public_pem, report_key, report_key_path, seal, unseal
from registry.log.keys import make_key

REPORT = json.dumps(
    {
        "verdict": "altered",
        "summary": "A face\u001b[31m",
        "clip": {"sha256": "0" * 64},
        "checked_at": "2026-01-01T00:00:00Z",
    }
)


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_what_is_sealed_comes_out_again_byte_for_byte(key: Ed25519PrivateKey) -> None:
    assert unseal(seal(REPORT, key).encode(), load_public(public_pem(key.public_key()).encode())) == REPORT.encode()


def test_the_signature_is_over_dsses_encoding(key: Ed25519PrivateKey) -> None:
    sealed = json.loads(seal("{}", key))
    signature = base64.b64decode(sealed["signatures"][0]["sig"])
    key.public_key().verify(signature, f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} 2 {{}}".encode())


def test_neither_a_changed_report_nor_anothers_signature_passes(key: Ed25519PrivateKey) -> None:
    sealed = json.loads(seal(REPORT, key))
    changed = sealed | {"payload": base64.b64encode(REPORT.replace("altered", "match").encode()).decode()}
    anothers = seal(REPORT, Ed25519PrivateKey.generate())
    for envelope in (json.dumps(changed), anothers, json.dumps(sealed | {"signatures": []})):
        with pytest.raises(RegistryError) as caught:
            unseal(envelope.encode(), key.public_key())
        assert caught.value.code == "report.signature"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payloadType": 1, "payload": "", "signatures": []}', "[" * 100_000])
def test_what_is_no_envelope_is_refused(key: Ed25519PrivateKey, text: str) -> None:
    with pytest.raises(RegistryError) as caught:
        unseal(text.encode(), key.public_key())
    assert caught.value.code == "report.envelope"


def test_the_command_tells_a_report_that_holds_from_one_that_does_not(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    settings = load_settings(tmp_path / "home")
    make_key(report_key_path(settings))
    good, bad, pem = tmp_path / "good.dsse", tmp_path / "bad.dsse", tmp_path / "key.pem"
    good.write_text(seal(REPORT, report_key(settings)))
    bad.write_text(seal(REPORT, key))
    pem.write_text(public_pem(key.public_key()))

    def check(*words: str | Path) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--home", str(settings.home), "report", "check", *map(str, words)])
        return done.exit_code, done.output

    code, said = check(good)
    assert (code, "altered" in said, "\x1b" in said) == (0, True, False)
    assert check(bad)[0] == ExitCode.UNTRUSTED
    assert check(bad, "--key", pem)[0] == 0
