"""The commands ``init``, ``keys`` and ``sign`` as a person or a script meets them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from provenance.cli import SHORT_HELP, main
from provenance.settings import load_settings
from registry.catalog import LocalCatalog
from registry.store import open_registry
from signer.cli import init, sign
from signer.keys_cli import keys

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    def call(*arguments: object, **environment: str) -> Result:
        words = ["--home", str(home), *(str(argument) for argument in arguments)]
        return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)

    return call


@pytest.fixture
def picture(media: Callable[[str], Path], tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(media("png").read_bytes())
    return path


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("registry.db")
    }


def test_the_words_of_the_root_help_are_the_commands_own() -> None:
    assert [SHORT_HELP[c.name or ""] for c in (init, sign, keys)] == [c.short_help for c in (init, sign, keys)]


def test_init_makes_a_home_says_what_it_is_and_changes_nothing_the_second_time(run: Run, home: Path) -> None:
    first = run("init")
    assert first.exit_code == 0
    assert "FOR DEVELOPMENT ONLY" in first.stderr
    assert "registry" in first.stdout
    assert home.stat().st_mode & 0o777 == 0o700
    before = tree(home)
    again = run("init", "--json")
    assert json.loads(again.stdout)["created"] == []
    assert tree(home) == before


def test_a_servers_home_trusts_nobody_and_stays_so(run: Run, home: Path) -> None:
    first = run("init", "--profile", "server")
    assert (first.exit_code, first.stderr) == (0, "")
    assert (home / "log" / "key.pem").exists()
    assert (home / "report-key.pem").exists()
    before = tree(home)
    again = run("init", "--profile", "server", "--json")
    assert json.loads(again.stdout) == {"home": str(home), "key": None, "created": []}
    assert tree(home) == before
    assert not (home / "keys").exists()
    assert not (home / "trust").exists()


def test_init_then_sign_and_register_is_found_in_the_registry(run: Run, home: Path, picture: Path) -> None:
    run("init")
    result = run("sign", picture, "--register", "--title", "A bridge", "--json")
    assert result.exit_code == 0
    (entry,) = json.loads(result.stdout)["results"]
    assert entry["output"] == str(picture.with_name("picture.signed.png"))
    assert (entry["registered"], entry["error"]) == (True, None)
    with open_registry(load_settings(home)) as registry:
        original = LocalCatalog(registry).original(entry["asset_id"])
    assert original is not None
    assert (original.title, original.reference_sha256) == ("A bridge", entry["reference_sha256"])


def test_one_bad_input_does_not_stop_the_others(run: Run, picture: Path, tmp_path: Path) -> None:
    run("init")
    bad = tmp_path / "bad\x1b[31m.mp4"
    bad.write_bytes(b"not media")
    out = tmp_path / "out"
    out.mkdir()
    result = run("sign", bad, picture, tmp_path / "missing.mp4", "-o", out)
    assert result.exit_code == 1
    assert [path.name for path in out.iterdir()] == ["picture.signed.png"]
    assert "1 of 3 done" in result.stdout
    assert "media.unrecognised" in result.stderr
    assert "media.missing" in result.stderr
    assert "\x1b" not in result.output


def test_a_second_time_needs_force(run: Run, picture: Path) -> None:
    run("init")
    assert run("sign", picture).exit_code == 0
    target = picture.with_name("picture.signed.png")
    before = target.read_bytes()
    refused = run("sign", picture)
    assert (refused.exit_code, target.read_bytes() == before) == (1, True)
    assert "--force" in refused.stderr
    assert run("sign", picture, "--force").exit_code == 0
    assert target.read_bytes() != before


def test_output_may_be_a_file_but_never_the_input(run: Run, picture: Path, tmp_path: Path) -> None:
    run("init")
    before = picture.read_bytes()
    assert run("sign", picture, "-o", tmp_path / "other.png").exit_code == 0
    refused = run("sign", picture, "-o", picture, "--force")
    assert (refused.exit_code, picture.read_bytes() == before) == (1, True)
    assert "output.is_source" in refused.stderr


def test_two_inputs_for_one_output_sign_nothing(run: Run, picture: Path, tmp_path: Path) -> None:
    run("init")
    other = tmp_path / "elsewhere" / "picture.png"
    other.parent.mkdir()
    other.write_bytes(picture.read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    refused = run("sign", picture, other, "-o", out, "--force")
    assert (refused.exit_code, list(out.iterdir())) == (1, [])
    assert "output.ambiguous" in refused.stderr


@pytest.mark.parametrize(
    "options", [["--embargo"], ["-o", "one.png", "second.png"]], ids=["embargo alone", "two into one"]
)
def test_options_that_do_not_go_together_are_a_usage_error(options: list[str], run: Run, picture: Path) -> None:
    assert run("sign", picture, *options).exit_code == 2


def test_a_bad_source_type_and_an_absent_registry_stop_before_the_first_file(
    run: Run, home: Path, picture: Path
) -> None:
    run("init")
    bogus = run("sign", picture, "--source-type", "digitalFantasy", "--json")
    assert (bogus.exit_code, json.loads(bogus.stdout)["error"]["code"]) == (1, "sign.source_type")
    for path in home.glob("registry.db*"):
        path.unlink()
    absent = run("sign", picture, "--register", "--json")
    assert (absent.exit_code, json.loads(absent.stdout)["error"]["code"]) == (1, "registry.absent")
    assert not picture.with_name("picture.signed.png").exists()


def test_without_a_key_it_says_how_to_get_one(run: Run, picture: Path) -> None:
    result = run("sign", picture)
    assert result.exit_code == 1
    assert "provenance init" in result.stderr


def test_keys_new_request_list_and_default(run: Run, tmp_path: Path, home: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a long passphrase\n")
    assert run("keys", "new", "desk", "--passphrase-file", secret).exit_code == 0
    assert (home / "keys" / "desk.key.pem").stat().st_mode & 0o777 == 0o600
    request = run(
        "keys", "request", "desk", "--organisation", "City Courier", PROVENANCE_PASSPHRASE="a long passphrase"
    )
    assert x509.load_pem_x509_csr(request.stdout_bytes).is_signature_valid
    wrong = run("keys", "request", "desk", "--organisation", "City Courier", PROVENANCE_PASSPHRASE="not the passphrase")
    assert wrong.exit_code == 1
    assert "the passphrase does not open the key desk" in wrong.stderr
    run("init")
    assert run("keys", "default", "desk").exit_code == 0
    rows: list[dict[str, Any]] = json.loads(run("keys", "list", "--json").stdout)["keys"]
    assert [(row["name"], row["default"], row["protected"], row["development"]) for row in rows] == [
        ("desk", True, True, False),
        ("development", False, False, True),
    ]
    assert "DEVELOPMENT ONLY" in run("keys", "list").stdout


def test_a_passphrase_nobody_can_be_asked_for_is_an_error_not_a_wait(run: Run) -> None:
    result = run("keys", "new", "desk")
    assert result.exit_code == 1
    assert "PROVENANCE_PASSPHRASE" in result.stderr


def test_no_command_takes_a_passphrase_on_its_line() -> None:
    options = [o for c in (sign, *keys.commands.values()) for p in c.params for o in p.opts if "passphrase" in o]
    assert set(options) == {"--passphrase-file"}
    assert "PROVENANCE_PASSPHRASE" not in os.environ
