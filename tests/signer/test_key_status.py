"""Keys that run out are seen in time, and one key takes the place of another without a gap."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import hashes
from held_keys import NOW, PASSPHRASE, Certified, certified, refused

from provenance.cli import main
from provenance.revocation import Revocation
from provenance.settings import load_settings
from registry.revocations import revoke_key
from registry.revoked_here import revoked_here
from registry.store import create_registry, open_registry
from signer.authority import development_authority
from signer.key_choice import default_key
from signer.key_folder import entry_of, store_uri
from signer.key_import import import_key
from signer.key_rotation import rotate_key
from signer.key_status import State, standings
from signer.keys import load_key

Run = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "keys"


@pytest.fixture
def run(home: Path) -> Run:
    def call(*arguments: object) -> Result:
        words = ["--home", str(home), *(str(argument) for argument in arguments)]
        environment = {"PROVENANCE_PASSPHRASE": PASSPHRASE}
        return CliRunner().invoke(main, words, env=environment, catch_exceptions=False)

    return call


def keep(folder: Path, name: str, key: Certified) -> None:
    import_key(folder, name, key.key.read_bytes(), key.chain.read_bytes(), PASSPHRASE)


def rows(result: Result) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(result.stdout)["keys"]}


def test_each_key_says_how_long_it_lasts_and_what_to_do(run: Run, folder: Path, tmp_path: Path) -> None:
    keep(folder, "desk", certified(tmp_path / "a", days=20))
    keep(folder, "archive", certified(tmp_path / "b", "es384", days=300))
    run("keys", "new", "fresh")
    result = run("keys", "status", "--json")
    found = rows(result)
    assert result.exit_code == 6
    assert {name: row["state"] for name, row in found.items()} == {
        "archive": "good",
        "desk": "expiring",
        "fresh": "uncertified",
    }
    assert (found["archive"]["algorithm"], found["archive"]["held"], found["desk"]["days"]) == ("es384", "home", 19)
    assert "provenance keys request desk" in found["desk"]["next"]
    assert run("keys", "status", "--days", 10).exit_code == 0
    assert "valid until" in run("keys", "status").stdout


def test_a_certificate_is_revoked_where_the_homes_registry_has_it_on_record(
    run: Run, home: Path, folder: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    def warned() -> str:
        return run("sign", media("png"), "-o", tmp_path / "signed.png", "--dry-run").stderr

    keep(folder, "desk", certified(tmp_path / "a"))
    assert rows(run("keys", "status", "--json"))["desk"]["revocation"] == "unknown"
    assert (warned(), (home / "registry.db").exists()) == ("", False)
    settings = load_settings(home)
    create_registry(settings).close()
    assert rows(run("keys", "status", "--json"))["desk"]["revocation"] == "good"
    assert warned() == ""
    fingerprint = entry_of(folder, "desk").chain[0].fingerprint(hashes.SHA256()).hex()
    with open_registry(settings) as registry:
        revoke_key(registry, fingerprint, datetime(2026, 11, 20, tzinfo=UTC), "laptop\x1b[31m stolen", "editor")
    result = run("keys", "status")
    assert (result.exit_code, "laptop\\x1b[31m stolen" in result.stdout, fingerprint in result.stdout) == (
        6,
        True,
        True,
    )
    assert rows(run("keys", "status", "--json"))["desk"]["state"] == "revoked"
    assert "the certificate of desk is revoked as of 2026-11-20" in warned()
    assert "laptop\\x1b[31m stolen; the registry takes nothing that it signs" in warned()
    silent = load_settings(home, database_url="postgresql+psycopg://127.0.0.1:9/none")
    assert revoked_here(silent, fingerprint) is None


def test_the_first_certificate_of_the_chain_to_end_counts(folder: Path) -> None:
    development_authority(folder, now=NOW - timedelta(days=819.5))
    (standing,) = standings(folder, NOW, None)
    assert (standing.state, standing.development, standing.days) == (State.EXPIRING, True, 5)
    (later,) = standings(folder, NOW + timedelta(days=6), lambda _: None)
    assert (later.state, later.calls, later.next) == (
        State.EXPIRED,
        True,
        "provenance init makes a new one once it has expired",
    )
    (revoked,) = standings(folder, NOW, lambda _: Revocation("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "lost"))
    assert revoked.state is State.REVOKED


def test_a_key_that_cannot_be_understood_hides_no_other(run: Run, folder: Path, tmp_path: Path) -> None:
    keep(folder, "desk", certified(tmp_path / "a"))
    store_uri(folder, "vault", "vault:secret/desk")
    result = run("keys", "status", "--json")
    assert result.exit_code == 6
    assert {name: row["state"] for name, row in rows(result).items()} == {"desk": "good", "vault": "unusable"}
    listed = run("keys", "list", "--json")
    assert listed.exit_code == 0
    assert {name: (row["held"], row["problem"] is None) for name, row in rows(listed).items()} == {
        "desk": ("home", True),
        "vault": ("vault", False),
    }
    assert "nothing is installed that opens keys at vault" in run("keys", "list").stdout


def test_signing_warns_when_the_certificate_is_about_to_end_and_refuses_when_it_has(
    run: Run, folder: Path, media: Callable[[str], Path], tmp_path: Path
) -> None:
    keep(folder, "desk", certified(tmp_path / "a", days=20))
    keep(folder, "archive", certified(tmp_path / "b"))
    for name, warned in (("desk", True), ("archive", False)):
        dry = run("sign", media("png"), "-o", tmp_path / "signed.png", "--key", name, "--dry-run")
        assert ("lasts 19 days more" in dry.stderr) is warned
    old = certified(tmp_path / "c", began=timedelta(days=40), days=30)
    (folder / "desk.chain.pem").write_bytes(old.chain.read_bytes())
    (folder / "desk.key.pem").write_bytes(old.key.read_bytes())
    expired = run("sign", media("png"), "-o", tmp_path / "signed.png", "--key", "desk")
    assert (expired.exit_code, (tmp_path / "signed.png").exists()) == (1, False)
    assert "keys.expired" in expired.stderr
    assert "provenance keys import" in expired.stderr


def test_a_key_takes_the_place_of_another_and_back(run: Run, folder: Path, tmp_path: Path) -> None:
    keep(folder, "old", certified(tmp_path / "a", days=20))
    keep(folder, "new", certified(tmp_path / "b"))
    run("keys", "default", "old")
    rotated = run("keys", "rotate", "old", "new")
    assert (rotated.exit_code, rotated.stdout) == (0, "new takes the place of old, and signs by default\n")
    # Two roots of their own made these.
    assert "verifiers need an anchor" in rotated.stderr
    assert (default_key(folder), run("keys", "status").exit_code) == ("new", 0)
    assert rows(run("keys", "status", "--json"))["old"]["state"] == "retired"
    assert refused(lambda: load_key(folder, "old", PASSPHRASE)).code == "keys.retired"
    assert run("keys", "default", "old").exit_code == 1
    assert run("keys", "rotate", "new", "old").exit_code == 0
    assert default_key(folder) == "old"
    assert load_key(folder, "old", PASSPHRASE).name == "old"


def test_a_development_key_that_was_replaced_stays_so(run: Run, folder: Path, tmp_path: Path) -> None:
    run("init")
    keep(folder, "desk", certified(tmp_path / "a"))
    assert run("keys", "rotate", "development", "desk").exit_code == 0
    assert run("init").exit_code == 0
    assert default_key(folder) == "desk"


def test_a_key_that_cannot_sign_takes_no_place(run: Run, folder: Path, tmp_path: Path) -> None:
    keep(folder, "old", certified(tmp_path / "a"))
    run("keys", "default", "old")
    run("keys", "new", "fresh")
    assert refused(lambda: rotate_key(folder, "old", "fresh", PASSPHRASE)).code == "keys.no_certificate"
    assert refused(lambda: rotate_key(folder, "old", "old", PASSPHRASE)).code == "keys.same"
    assert refused(lambda: rotate_key(folder, "nobody", "old", PASSPHRASE)).code == "keys.missing"
    assert default_key(folder) == "old"
    assert load_key(folder, "old", PASSPHRASE).name == "old"
