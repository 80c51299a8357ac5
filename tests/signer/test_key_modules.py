"""Keys in a security module, on SoftHSM: they sign, and whatever is wrong is said without a PIN being tried twice."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from held_keys import PIN, Certified, Token, certified, refused
from signing_bench import Bench

from provenance.assets import Capture
from provenance.cli import main
from provenance.credentials.values import CredentialState
from provenance.trust.anchors import add_anchors, load_anchors
from signer import stores
from signer.key_folder import entry_of
from signer.keys import load_key
from signer.remote_private import private_elsewhere
from signer.request import signing_request
from signer.sign import sign_file
from signer.signing import Signing
from signer.stores.pkcs11_uri import parse_pkcs11

KEYS = {"desk": "es256", "archive": "ps256", "field": "ed25519"}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    folder = tmp_path_factory.mktemp("desks")
    return {label: certified(folder / label, algorithm) for label, algorithm in KEYS.items()}


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory, desks: dict[str, Certified]) -> Iterator[Token]:
    made = Token(tmp_path_factory.mktemp("token"))
    for number, (label, key) in enumerate(desks.items()):
        made.put(label, key, f"0{number + 1}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(made.configuration))
        yield made


@pytest.fixture
def run(bench: Bench) -> Callable[..., Result]:
    def call(*arguments: object, **environment: str) -> Result:
        words = ["--home", str(bench.settings.home), *(str(argument) for argument in arguments)]
        return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)

    return call


@pytest.mark.parametrize("label", KEYS)
def test_a_key_in_a_module_signs_what_reads_back_as_trusted(
    label: str, token: Token, desks: dict[str, Certified], bench: Bench, media: Callable[[str], Path]
) -> None:
    uri = token.uri(f"object={label}")
    key = load_key(bench.settings.keys, uri, PIN, chain_file=desks[label].chain)
    add_anchors(bench.settings.anchors, "own", desks[label].root)
    anchors = load_anchors(bench.settings.anchors)
    target = bench.settings.home / "signed.png"
    sign_file(Capture(media("png"), "t"), target, key=key, settings=bench.settings, anchors=anchors)
    assert Bench(bench.settings, bench.key, anchors).read(target).state is CredentialState.AUTHENTIC
    assert PIN not in repr(key)


@pytest.mark.parametrize("label", KEYS)
def test_a_key_in_a_module_signs_the_request_for_its_certificate(
    label: str, token: Token, desks: dict[str, Certified], tmp_path: Path
) -> None:
    uri = token.uri(f"object={label}")
    entry = entry_of(tmp_path, uri, desks[label].chain)
    request = signing_request(private_elsewhere(entry, PIN, None), "Courier", None, None, elsewhere=True)
    assert x509.load_pem_x509_csr(request).is_signature_valid


def test_a_key_is_found_by_its_id_too(token: Token, desks: dict[str, Certified], tmp_path: Path) -> None:
    key = load_key(tmp_path, token.uri("id=%02"), PIN, chain_file=desks["archive"].chain)
    assert key.algorithm == "ps256"


def test_processes_log_in_one_after_the_other_and_none_waits_for_ever(
    token: Token, desks: dict[str, Certified], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> Signing:
        return load_key(tmp_path, token.uri(), PIN, chain_file=desks["desk"].chain, proven=True)

    with token.module.open("rb") as held, ThreadPoolExecutor(1) as thread:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = thread.submit(opened)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        fcntl.flock(held, fcntl.LOCK_UN)
        assert waiting.result(20).algorithm == "es256"
        fcntl.flock(held, fcntl.LOCK_EX)
        monkeypatch.setattr(stores.pkcs11, "_TURN_WITHIN_S", 0.1)
        assert opened().algorithm == "es256"


def test_what_is_not_there_is_told_apart(token: Token, desks: dict[str, Certified], tmp_path: Path) -> None:
    def opened(uri: str, label: str = "desk", pin: str = PIN) -> Callable[[], Signing]:
        return lambda: load_key(tmp_path, uri, pin, chain_file=desks[label].chain)

    missing = refused(opened(token.uri("object=nobody")))
    assert missing.code == "keys.object"
    assert "desk (id %01)" in str(missing.found)
    several = refused(opened(token.uri("type=private;object=desk", token="Somewhere%20else")))
    assert (several.code, several.found) == ("keys.token", "Newsroom")
    no_module = refused(opened(token.uri().replace("libsofthsm2.so", "nothing.so")))
    assert no_module.code == "keys.module"
    other = refused(opened(token.uri(), "archive"))
    assert (other.code, other.found) == ("keys.mismatch", "one of the kind EC")


def test_another_key_than_the_certificates_is_found_out_before_any_work(token: Token, tmp_path: Path) -> None:
    stranger = certified(tmp_path / "stranger")
    error = refused(lambda: load_key(tmp_path, token.uri(), PIN, chain_file=stranger.chain))
    assert error.code == "keys.wrong_signature"
    assert "certificate" in error.message


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("pkcs11:token=a;object=b?module-path=/m.so&pin-value=628371", "keys.uri_secret"),
        ("pkcs11:token=a;object=b", "keys.uri"),
        ("pkcs11:token=a;object=b?module-path=m.so", "keys.uri"),
        ("pkcs11:object=b?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;object=b;colour=red?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;token=b;object=b?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;object=%zz?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;object=%ff?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;object=b;type=public?module-path=/m.so", "keys.uri"),
        ("pkcs11:token=a;object=b?module-path=/m.so&pin-source=%7Ccat", "keys.uri"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_and_never_repeats_a_pin(uri: str, code: str) -> None:
    error = refused(lambda: parse_pkcs11(uri))
    assert error.code == code
    assert PIN not in str(error)


def test_an_address_is_read_as_the_standard_says() -> None:
    uri = "pkcs11:token=My%20room;serial=0a;object=a%3Bb;id=%00%ff?module-path=/m.so&pin-source=file:/run/pin"
    found = parse_pkcs11(uri)
    assert (found.token, found.label, found.key_id) == ({"token": "My room", "serial": "0a"}, "a;b", b"\x00\xff")
    assert (found.module, found.pin_file) == (Path("/m.so"), Path("/run/pin"))


def test_a_batch_signs_with_the_module_and_the_pin_stays_out_of_sight(
    run: Callable[..., Result],
    token: Token,
    desks: dict[str, Certified],
    media: Callable[[str], Path],
    tmp_path: Path,
    bench: Bench,
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(PIN + "\n")
    uri = token.uri(query=f"&pin-source=file:{pin}")
    added = run("keys", "add", "desk", uri, "--chain", desks["desk"].chain)
    assert added.exit_code == 0
    assert PIN not in (bench.settings.keys / "desk.key.uri").read_text()
    result = run("sign", media("png"), media("jpg"), "-o", tmp_path, "--jobs", 2, "--key", "desk", "--json")
    assert [entry["result"] for entry in json.loads(result.stdout)["results"]] == ["signed", "signed"]
    assert PIN not in result.output


def test_a_wrong_pin_is_tried_once_however_many_files_wait(
    run: Callable[..., Result], token: Token, desks: dict[str, Certified], media: Callable[[str], Path], tmp_path: Path
) -> None:
    words = ["sign", media("png"), media("jpg"), "-o", tmp_path, "--jobs", 8, "--key", token.uri()]
    words += ["--chain", desks["desk"].chain, "--json"]
    # In a process of its own: this one has logged in to the token already, and stays so.
    script = "import sys; from provenance.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", script, "--home", str(tmp_path / "home"), *map(str, words)]
    result = subprocess.run(command, env={**os.environ, "PROVENANCE_PIN": "000000"}, capture_output=True, text=True)
    error = json.loads(result.stdout)["error"]
    assert (result.returncode, error["code"]) == (1, "keys.pin")
    assert "000000" not in result.stdout + result.stderr
    assert list(tmp_path.glob("*.signed.*")) == []
    assert load_key(tmp_path, token.uri(), PIN, chain_file=desks["desk"].chain).name.startswith("pkcs11:")


def test_a_pin_that_nobody_gives_is_asked_for_by_its_name(
    token: Token, run: Callable[..., Result], tmp_path: Path, desks: dict[str, Certified]
) -> None:
    result = run(
        "keys", "add", "desk", token.uri(), "--chain", desks["desk"].chain, "--passphrase-file", tmp_path / "no"
    )
    assert "keys.pin" in result.stderr
    result = run("keys", "add", "desk", token.uri(), "--chain", desks["desk"].chain)
    assert "PROVENANCE_PIN" in result.stderr
    assert entry_of(tmp_path, token.uri(), desks["desk"].chain).secret is not None
