"""Homes, registries and keys that are not what they should be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from bad_input import PASSPHRASE, Room, require_failure, require_harmless, require_json_failure
from cryptography.hazmat.primitives import serialization
from support.media import MediaLibrary


def registry_of(room: Room) -> Path:
    for path in room.home.glob("registry.db-*"):
        path.unlink()
    return room.home / "registry.db"


def garbage(room: Room) -> None:
    registry_of(room).write_bytes(b"garbage" * 1000)


def torn(room: Room) -> None:
    database = registry_of(room)
    database.write_bytes(database.read_bytes()[:5000])


def lost(room: Room) -> None:
    registry_of(room).unlink()


def hollow(room: Room) -> None:
    registry_of(room).write_bytes(b"")


def newer(room: Room) -> None:
    with closing(sqlite3.connect(registry_of(room))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'r9999'")


def somebody_elses(room: Room) -> None:
    registry_of(room).unlink()
    with closing(sqlite3.connect(registry_of(room))) as database, database:
        database.execute("CREATE TABLE recipes (cake TEXT)")


REGISTRIES = [
    (garbage, "registry.corrupt"),
    (torn, "registry.corrupt"),
    (lost, "registry.absent"),
    (hollow, "registry.absent"),
    (newer, "registry.newer_schema"),
    (somebody_elses, "registry.corrupt"),
]


@pytest.mark.parametrize(("spoil", "code"), REGISTRIES, ids=[spoil.__name__ for spoil, _ in REGISTRIES])
def test_a_registry_that_cannot_be_used(room: Room, signed: Path, spoil: Callable[[Room], None], code: str) -> None:
    spoil(room)
    before = room.tree()
    for words in (
        ["verify", signed, "--report", "report.html"],
        ["register", signed],
        ["sign", signed, "-o", "out.png", "--register"],
        ["assets", "list"],
        ["assets", "show", "x"],
        ["assets", "check"],
        ["assets", "backup", "backup.tar"],
    ):
        require_failure(room.run(*words), code)
    for words in (["verify", "--json", signed], ["register", "--json", signed], ["assets", "list", "--json"]):
        require_json_failure(room.run(*words), code)
    if code != "registry.absent":
        require_failure(room.run("init"), code)
    assert room.tree() == before
    # What needs no registry goes on without.
    assert room.run("inspect", signed).exit_code == room.run("verify", "--no-registry", signed).exit_code == 0


@pytest.mark.parametrize(
    "name", ["with space", "what?&x=1", "100%20{}%s", "ünï 東京", "new\nline", "esc\x1b[2J\u202e", "#'\""]
)
def test_a_home_may_have_any_name(room: Room, media: MediaLibrary, name: str) -> None:
    home = room.base / name
    picture = media.copy_as("still.png", room.desk / "picture.png")
    for words, code in (
        (["init"], 0),
        (["init", "--json"], 0),
        (["sign", picture, "--register"], 0),
        (["verify", "--no-registry", "picture.signed.png"], 0),
        (["assets", "list"], 0),
    ):
        result = room.run(*words, home=home)
        assert result.exit_code == code, result.output
        require_harmless(result.stdout + result.stderr)


@pytest.mark.parametrize(
    "words",
    [["init"], ["verify", "signed.png"], ["sign", "signed.png"], ["inspect", "signed.png"], ["keys", "list"],
     ["trust", "list"], ["assets", "list"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_home_that_is_a_file_is_one_message(
    room: Room, signed: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    file = room.base / "file"
    file.write_text("in the way")
    before = room.tree()
    require_failure(room.run(*words, home=file), "settings.home")
    assert room.run("--home", "", *words).exit_code == 2
    assert room.tree() == before


def test_asking_in_a_home_that_is_not_there_does_not_make_one(room: Room, signed: Path) -> None:
    (room.desk / "words.mp4").write_text("just words")
    home = room.base / "none"
    before = room.tree()
    assert room.run("verify", "--no-registry", "words.mp4", home=home).exit_code == 1
    # The signer's root is trusted in the other home only, so nothing says more than that it is intact.
    assert room.run("verify", "--no-registry", signed, home=home).exit_code in (0, 4)
    for words, code in (
        (["keys", "list"], 0),
        (["trust", "list"], 0),
        (["inspect", signed], 6),
        (["check", signed], 6),
    ):
        assert room.run(*words, home=home).exit_code == code
    require_failure(room.run("assets", "list", home=home), "registry.absent")
    assert room.run("sign", signed, "-o", "out.png", home=home).exit_code == 1
    assert room.tree() == before


def protected_key(room: Room) -> None:
    """The development key under a passphrase, as key ``desk``."""
    keys = room.home / "keys"
    private = serialization.load_pem_private_key((keys / "development.key.pem").read_bytes(), None)
    room.keep_key("desk", private, (keys / "development.chain.pem").read_bytes())


@pytest.mark.parametrize("given", ["wrong", "wrong\x1b[2J", "\u202e" * 3000])
def test_a_wrong_passphrase_signs_nothing_and_is_not_repeated(
    room: Room, signed: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    protected_key(room)
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", given)
    before = room.tree()
    require_failure(room.run("sign", signed, "-o", "out.png", "--key", "desk"), "keys.passphrase")
    require_json_failure(room.run("sign", "--json", signed, "-o", "out.png", "--key", "desk"), "keys.passphrase")
    require_failure(room.run("keys", "request", "desk", "--organisation", "Desk"), "keys.passphrase")
    assert room.tree() == before
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", PASSPHRASE)
    assert room.run("sign", signed, "-o", "out.png", "--key", "desk").exit_code == 0


def test_a_passphrase_that_nobody_can_give_is_not_waited_for(
    room: Room, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protected_key(room)
    (room.desk / "blank").touch()
    before = room.tree()
    require_failure(room.run("sign", signed, "-o", "out.png", "--key", "desk"), "keys.passphrase")
    for file in ("blank", "nowhere"):
        words = ["sign", signed, "-o", "out.png", "--key", "desk", "--passphrase-file", file]
        require_failure(room.run(*words), "keys.passphrase")
    assert room.tree() == before


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "..", "a\nb", "a\x1b[2J", "\u202ex", "x" * 300])
def test_no_name_of_a_key_or_list_leads_elsewhere(room: Room, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", PASSPHRASE)
    roots = room.home / "keys" / "development.root.pem"
    before = room.tree()
    require_failure(room.run("keys", "new", name), "keys.name")
    require_failure(room.run("keys", "default", name), "keys.name")
    require_failure(room.run("keys", "import", name, "--chain", roots), "keys.name")
    require_failure(room.run("trust", "add", name, roots), "trust.name")
    require_failure(room.run("trust", "remove", name), "trust.name")
    assert room.tree() == before


@pytest.mark.parametrize("asset", ["nope", "\x1b[2J", "", "'; DROP TABLE assets; --", "x" * 5000])
def test_an_asset_that_is_not_there(room: Room, asset: str) -> None:
    before = room.tree()
    for words in (["show"], ["release"], ["withdraw", "--reason", "r"]):
        require_failure(room.run("assets", *words, "--", asset), "asset.unknown")
    require_json_failure(room.run("assets", "show", "--json", "--", asset), "asset.unknown")
    assert room.tree() == before
    assert len(json.loads(room.run("assets", "list", "--json").stdout)) == 1


def test_settings_that_cannot_be_used(room: Room, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = room.home / "settings.toml"
    for content, code in (
        (b"not = toml =", "settings.file"),
        (b"\xff\xfe\0", "settings.file"),
        (b"lies = 1", "settings.value"),
    ):
        file.write_bytes(content)
        before = room.tree()
        result = room.run("inspect", signed)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"[{code}]" in result.stderr
        require_harmless(result.stderr)
        assert room.tree() == before
