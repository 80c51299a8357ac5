"""What ``check`` asks of each asset: who signed it, and that the registry holds it; and baselines of old faults."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from credential_world import World, sign
from newsdesk import Desk, Run

Signed = Callable[[str], Path]


@pytest.fixture
def tree(work: Path, signed: Signed, media: Path) -> Path:
    shutil.copy(signed("a.jpg"), work / "a.jpg")
    return work


def test_only_allowed_signers_pass_by_name_or_certificate(tree: Path, check: Run, world: World) -> None:
    pin = world.newsroom.fingerprint
    for allowed in ("Test Newsroom", "Test Desk"):
        assert check("a.jpg", "--signer", "Somebody", "--signer", allowed).exit_code == 0
    result = check("a.jpg", "--signer", "Somebody")
    assert result.exit_code == 6
    assert "another organisation signed this" in result.stdout
    assert "try: have it signed by an allowed signer" in result.stdout
    assert check("a.jpg", "--signer-sha256", pin.upper()).exit_code == 0
    assert check("a.jpg", "--signer-sha256", "0" * 64).exit_code == 6


def test_a_stranger_does_not_pass_by_writing_a_name_and_does_by_its_certificate(
    tree: Path, check: Run, world: World, media: Path
) -> None:
    sign(media / "b.jpg", tree / "b.jpg", world.stranger)
    assert check("b.jpg", "--signer", "Strange News").exit_code == 6
    assert check("b.jpg", "--signer-sha256", world.stranger.fingerprint).exit_code == 0
    both = ("--signer", "Test Newsroom", "--signer-sha256", world.stranger.fingerprint)
    assert check("a.jpg", "b.jpg", *both).exit_code == 0


def test_a_policy_file_is_not_loosened_by_naming_a_certificate(
    tree: Path, check: Run, world: World, media: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text('lists = ["newsrooms"]\n')
    monkeypatch.setenv("PROVENANCE_POLICY_FILE", str(tmp_path / "policy.toml"))
    sign(media / "b.jpg", tree / "b.jpg", world.stranger)
    assert check("b.jpg", "--signer-sha256", world.stranger.fingerprint).exit_code == 6
    assert check("a.jpg", "--signer-sha256", world.newsroom.fingerprint).exit_code == 0


def test_the_rules_of_the_repository_hold_and_options_go_before(tree: Path, check: Run) -> None:
    (tree / ".provenance.toml").write_text('[check]\nsigners = ["Somebody"]\n')
    assert check("a.jpg").exit_code == 6
    assert check("a.jpg", "--signer", "Test Newsroom").exit_code == 0
    assert check("a.jpg", "--rules", "absent.toml").exit_code == 1


@pytest.mark.parametrize(
    "text",
    [
        "[check]\nsigners = []",
        "[check]\nsigners = [1]",
        '[check]\nregistry = "https://evil.example"',
        '[check]\nregistered = "no"',
        "[check]\nbaseline = 3",
        "check = 1",
        "[check",
        '[check]\nsigners = ["\udcff"]',
    ],
)
def test_rules_that_cannot_be_meant_are_an_error(tree: Path, check: Run, text: str) -> None:
    (tree / ".provenance.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = check("a.jpg")
    assert (result.exit_code, "check.rules" in result.stderr) == (1, True)


def test_known_faults_pass_until_the_file_or_its_fault_changes(tree: Path, check: Run, media: Path) -> None:
    (tree / "old").mkdir()
    shutil.copy(media / "a.png", tree / "old" / "a.png")
    shutil.copy(media / "b.png", tree / "old" / "b.png")
    assert check(".").exit_code == 6
    assert check(".", "--baseline", "known.json", "--write-baseline").exit_code == 0
    listed = json.loads((tree / "known.json").read_text())["files"]
    assert [(entry["path"], entry["fault"]) for entry in listed] == [
        ("old/a.png", "unsigned"),
        ("old/b.png", "unsigned"),
    ]
    (tree / ".provenance.toml").write_text('[check]\nbaseline = "known.json"\n')
    result = check(".")
    assert result.exit_code == 0
    assert "known old/a.png" in result.stdout
    assert "stale" not in result.stderr
    shutil.copy(media / "a.png", tree / "old" / "new.png")
    assert check(".").exit_code == 6, "new files are not excused by old ones, be they the same"
    (tree / "old" / "new.png").unlink()
    shutil.copy(media / "b.png", tree / "old" / "a.png")
    (tree / "old" / "b.png").unlink()
    result = check(".", "--json")
    assert result.exit_code == 6, "changed files are not excused"
    assert json.loads(result.stdout)["stale"] == ["old/a.png", "old/b.png"]
    assert "old/b.png of the baseline is stale" in result.stderr
    assert check(".", "--write-baseline").exit_code == 0
    assert [entry["path"] for entry in json.loads((tree / "known.json").read_text())["files"]] == ["old/a.png"]


def test_an_entry_is_stale_once_its_file_is_signed(tree: Path, check: Run, signed: Signed, media: Path) -> None:
    shutil.copy(media / "a.jpg", tree / "a.jpg")
    check(".", "--baseline", "known.json", "--write-baseline")
    shutil.copy(signed("a.jpg"), tree / "a.jpg")
    result = check(".", "--baseline", "known.json")
    assert (result.exit_code, "a.jpg of the baseline is stale" in result.stderr) == (0, True)


def test_a_new_baseline_replaces_an_older_one_and_nothing_else(tree: Path, check: Run) -> None:
    (tree / "package.json").write_text('{"name": "site"}')
    result = check(".", "--baseline", "package.json", "--write-baseline")
    assert (result.exit_code, "output.foreign" in result.stderr) == (1, True)
    assert (tree / "package.json").read_text() == '{"name": "site"}'


def test_a_pointer_of_git_lfs_is_said_to_be_one(tree: Path, check: Run) -> None:
    (tree / "far.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    result = check("far.jpg")
    assert result.exit_code == 6
    assert "FAIL  far.jpg  pointer" in result.stdout
    assert "git lfs pull" in result.stdout


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema": "provenance.check-baseline/1", "files": [{"path": 1}]}', "[" * 100_000]
)
def test_a_baseline_that_is_none_excuses_nothing(tree: Path, check: Run, content: str) -> None:
    (tree / "known.json").write_text(content)
    result = check(".", "--baseline", "known.json")
    assert (result.exit_code, "check.baseline" in result.stderr) == (1, True)


def test_an_asset_must_be_in_the_registry_where_that_is_asked(desk: Desk, work: Path) -> None:
    shutil.copy(desk.signed, work / "a.jpg")
    assert desk.run("check", "a.jpg").exit_code == 0
    result = desk.run("check", "a.jpg", "--registered")
    assert result.exit_code == 6
    assert "try: `provenance register a.jpg`" in result.stdout
    registered = re.search(r'"asset_id": "(\w+)"', desk.run("register", "a.jpg", "--json").stdout)
    assert registered
    (work / ".provenance.toml").write_text("[check]\nregistered = true\n")
    assert desk.run("check", "a.jpg").exit_code == 0
    assert desk.run("assets", "withdraw", registered[1], "--reason", "a test").exit_code == 0
    result = desk.run("check", "a.jpg", "--json")
    assert (result.exit_code, json.loads(result.stdout)["assets"][0]["fault"]) == (6, "withdrawn")


def test_a_registry_that_cannot_be_asked_is_an_error_and_no_pass(desk: Desk, work: Path) -> None:
    shutil.copy(desk.signed, work / "a.jpg")
    result = desk.run("check", "a.jpg", "--registry", "http://127.0.0.1:9", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (1, "registry.unreachable")
