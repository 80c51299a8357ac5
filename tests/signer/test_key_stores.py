"""Keys held elsewhere sign as our own do, and say what is wrong before there is work to lose."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from held_keys import PASSPHRASE, Certified, certified, refused
from signing_bench import Bench

from provenance.assets import Capture
from provenance.cli import main
from provenance.credentials.values import CredentialState
from provenance.trust.anchors import add_anchors, load_anchors
from signer.algorithms import checked_signature, new_private_key, sign_in_process
from signer.journal import Journal
from signer.key_choice import default_key
from signer.key_folder import entry_of
from signer.keys import load_key
from signer.sign import sign_file
from signer.stores.command import CommandKey

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("other"))


@pytest.fixture
def run(bench: Bench) -> Run:
    def call(*arguments: object, **environment: str) -> Result:
        words = ["--home", str(bench.settings.home), *(str(argument) for argument in arguments)]
        return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)

    return call


def command(desk: Certified) -> str:
    return f"command:openssl dgst -sha256 -sign {desk.in_the_clear()}"


def open_command(folder: Path, desk: Certified, words: str) -> CommandKey:
    key = load_key(folder, f"command:{words}", None, chain_file=desk.chain, proven=True)
    assert isinstance(key, CommandKey)
    return key


@pytest.mark.parametrize("algorithm", ["es256", "es512", "ps256", "ed25519"])
def test_a_signature_passes_only_over_its_own_data_by_its_own_key(algorithm: str) -> None:
    private, data = new_private_key(algorithm), b"a claim"
    signature = sign_in_process(private, algorithm, data)
    assert checked_signature(private.public_key(), algorithm, data, signature) == signature
    assert checked_signature(private.public_key(), algorithm, data + b"!", signature) is None
    assert checked_signature(new_private_key(algorithm).public_key(), algorithm, data, signature) is None
    assert checked_signature(private.public_key(), algorithm, data, b"") is None
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        raw = b"".join(number.to_bytes(size) for number in decode_dss_signature(signature))
        assert checked_signature(private.public_key(), algorithm, data, raw) == signature


def test_a_key_in_a_file_elsewhere_signs_by_its_address(
    run: Run, desk: Certified, media: Callable[[str], Path], tmp_path: Path
) -> None:
    target = tmp_path / "signed.png"
    words = ("sign", media("png"), "-o", target, "--key", desk.uri, "--chain", desk.chain)
    result = run(*words, PROVENANCE_PASSPHRASE=PASSPHRASE)
    assert (result.exit_code, target.exists()) == (0, True)
    assert "City Courier" in run("inspect", target).stdout
    without = run(*words[:-2], "--json", PROVENANCE_PASSPHRASE=PASSPHRASE)
    assert json.loads(without.stdout)["error"]["code"] == "keys.no_certificate"
    assert "--chain FILE" in json.loads(without.stdout)["error"]["hint"]


def test_a_key_file_elsewhere_is_as_well_kept_as_one_at_home(desk: Certified, other: Certified, tmp_path: Path) -> None:
    def code(uri: str, chain: Path = desk.chain, passphrase: str | None = PASSPHRASE) -> str:
        return refused(lambda: load_key(tmp_path, uri, passphrase, chain_file=chain)).code

    open_to_all = tmp_path / "open.pem"
    open_to_all.write_bytes(desk.key.read_bytes())
    open_to_all.chmod(0o644)
    assert code(f"file:{open_to_all}") == "keys.mode"
    assert code(f"file:{desk.in_the_clear()}") == "keys.unprotected"
    assert code(desk.uri, passphrase="another one") == "keys.passphrase"
    assert code(desk.uri, chain=other.chain) == "keys.mismatch"
    for uri in ("file:key.pem", "file://elsewhere/key.pem", "file:/key.pem?x=y"):
        assert code(uri) == "keys.uri"
    assert code("vault:secret/key") == "keys.scheme"
    assert load_key(tmp_path, f"file://{desk.key}", PASSPHRASE, chain_file=desk.chain).algorithm == "es256"


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [("es256", ""), ("ps256", "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest ")],
)
def test_a_program_signs_what_reads_back_as_trusted(
    algorithm: str, options: str, bench: Bench, media: Callable[[str], Path], tmp_path: Path
) -> None:
    desk = certified(tmp_path / "desk", algorithm)
    uri = f"command:openssl dgst -sha256 {options}-sign '{desk.in_the_clear()}'"
    key = load_key(bench.settings.keys, uri, None, chain_file=desk.chain)
    add_anchors(bench.settings.anchors, "own", desk.root)
    anchors = load_anchors(bench.settings.anchors)
    target = bench.settings.home / "signed.png"
    sign_file(Capture(media("png"), "t"), target, key=key, settings=bench.settings, anchors=anchors)
    assert (key.algorithm, Bench(bench.settings, bench.key, anchors).read(target).state) == (
        algorithm,
        CredentialState.AUTHENTIC,
    )


def test_a_program_with_another_key_than_the_certificates_is_found_out_before_any_work(
    desk: Certified, other: Certified, tmp_path: Path
) -> None:
    error = refused(lambda: load_key(tmp_path, command(other), None, chain_file=desk.chain))
    assert error.code == "keys.wrong_signature"
    assert "CN=Desk" in str(error.expected)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("sh -c 'printf \"no\\033[31m card\" >&2; exit 3'", "exit code 3; it said: no\x1b[31m card"),
        ("true", "nothing"),
        ("cat /dev/zero", "more"),
        ("sh -c 'cat /dev/zero >&2'", "none"),
        ("sh -c 'sleep 60 & wait'", "none"),
    ],
)
def test_a_program_that_fails_is_named_with_what_it_said_and_bounded(
    words: str, found: str, desk: Certified, tmp_path: Path
) -> None:
    opened = open_command(tmp_path, desk, words)
    key = CommandKey(opened.name, opened.algorithm, opened.chain, opened.command, timeout_s=0.5)
    began = time.monotonic()
    error = refused(lambda: key.sign(b"data"))
    assert error.code == "keys.command"
    assert str(error.found).startswith(found)
    assert len(str(error.found)) < 1000
    assert time.monotonic() - began < 10


def test_a_program_is_told_the_algorithm_and_none_of_our_secrets(
    desk: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROVENANCE_PASSPHRASE", "PROVENANCE_PIN", "PROVENANCE_REGISTRY_TOKEN"):
        monkeypatch.setenv(name, "secret")
    answer = open_command(tmp_path, desk, "sh -c 'env | grep PROVENANCE; cat'").sign(b"the data")
    assert answer == b"PROVENANCE_ALGORITHM=es256\nthe data"


def test_a_program_that_is_not_there_is_an_error_of_its_own(desk: Certified, tmp_path: Path) -> None:
    assert refused(lambda: open_command(tmp_path, desk, "/no/such/program")).code == "keys.command_missing"
    assert refused(lambda: open_command(tmp_path, desk, "'")).code == "keys.uri"
    assert refused(lambda: open_command(tmp_path, desk, "")).code == "keys.uri"


def test_a_key_that_was_given_a_name_signs_by_default(run: Run, bench: Bench, desk: Certified) -> None:
    added = run("keys", "add", "desk", command(desk), "--chain", desk.chain)
    assert (added.exit_code, added.stdout[:17]) == (0, "added desk: es256")
    assert run("keys", "default", "desk").exit_code == 0
    rows: list[dict[str, Any]] = json.loads(run("keys", "list", "--json").stdout)["keys"]
    assert [(row["name"], row["held"], row["default"]) for row in rows] == [("desk", "command", True)]
    assert load_key(bench.settings.keys, default_key(bench.settings.keys), None).name == "desk"
    assert run("keys", "add", "desk", command(desk), "--chain", desk.chain).exit_code == 1
    renewal = x509.load_pem_x509_csr(run("keys", "request", "desk", "--organisation", "City Courier").stdout_bytes)
    assert renewal.is_signature_valid
    assert renewal.public_key() == desk.private.public_key()


def test_a_key_without_a_certificate_signs_the_request_for_one(
    run: Run, desk: Certified, other: Certified, tmp_path: Path
) -> None:
    public = tmp_path / "desk.pub.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(desk.private.public_key().public_bytes(serialization.Encoding.PEM, form))
    words = ("--organisation", "City Courier", "--public-key", public)
    made = run("keys", "request", command(desk), *words)
    assert x509.load_pem_x509_csr(made.stdout_bytes).is_signature_valid
    assert "keys.wrong_signature" in run("keys", "request", command(other), *words).stderr
    assert "keys.public" in run("keys", "request", command(desk), *words[:2]).stderr


def test_a_key_that_does_not_prove_itself_gets_no_name(
    run: Run, bench: Bench, desk: Certified, other: Certified
) -> None:
    assert run("keys", "add", "desk", command(other), "--chain", desk.chain).exit_code == 1
    assert run("keys", "add", "desk", "command:false", "--chain", desk.chain).exit_code == 1
    assert list(bench.settings.keys.glob("*")) == []


def test_a_named_keys_chain_is_renewed_by_importing_the_new_one(
    run: Run, bench: Bench, desk: Certified, other: Certified, tmp_path: Path
) -> None:
    run("keys", "add", "desk", command(desk), "--chain", desk.chain)
    before = entry_of(bench.settings.keys, "desk").chain
    assert run("keys", "import", "desk", "--chain", other.chain).exit_code == 1
    assert entry_of(bench.settings.keys, "desk").chain == before
    assert run("keys", "import", "desk", "--chain", desk.chain).exit_code == 0
    assert run("sign", "x.png", "--key", "desk", "--chain", desk.chain).exit_code == 1


def test_a_batch_needs_no_home_but_for_its_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "home" / "signing.db") as journal:
        assert journal.owed() == []
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_an_expired_certificate_is_refused_before_the_key_is_touched(tmp_path: Path) -> None:
    old = certified(tmp_path / "old", began=timedelta(days=40), days=30)
    error = refused(lambda: load_key(tmp_path, "command:false", None, chain_file=old.chain))
    assert (error.code, error.hint) == (
        "keys.expired",
        "have it renewed, then provenance keys import NAME --chain FILE",
    )
