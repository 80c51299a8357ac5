"""``inspect``, ``check`` and ``trust`` on the command line: exit codes, words, and strings that want to steer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from credential_world import CREATED, World, sign

from provenance.cli import main
from provenance.trust.anchors import add_anchors

Signed = Callable[[str], Path]
Run = Callable[..., Result]
HOSTILE = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u2066\r\n'; DROP TABLE"


@pytest.fixture
def run(world: World, tmp_path: Path) -> Run:
    """The whole program, in a home that trusts the test authority."""
    home = tmp_path / "home"
    add_anchors(home / "trust", "newsrooms", world.root.pem)

    def call(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, ["--home", str(home), *map(str, arguments)])

    return call


def test_inspect_tells_an_authentic_file(run: Run, world: World, signed: Signed) -> None:
    result = run("inspect", signed("a.mp4"))
    assert result.exit_code == 0
    assert "authentic" in result.stdout
    assert "Test Newsroom (Test Desk)" in result.stdout
    assert world.newsroom.fingerprint in result.stdout
    assert "c2pa.created, digitalCapture" in result.stdout


def test_inspect_says_the_same_in_json(run: Run, world: World, signed: Signed) -> None:
    answer = json.loads(run("inspect", signed("a.jpg"), "--json").stdout)
    assert answer["schema"] == "provenance.inspect/1"
    assert answer["state"] == "authentic"
    assert answer["signer"]["fingerprint"] == world.newsroom.fingerprint
    assert answer["trust"]["lists"] == ["urn:provenance-toolkit:trust:newsrooms"]
    assert answer["assertions"] == ["c2pa.actions.v2", "c2pa.hash.data"]


def test_inspect_of_an_unsigned_file_says_so_with_exit_6(run: Run, media: Path) -> None:
    result = run("inspect", media / "a.mp4")
    assert result.exit_code == 6
    assert "no credential" in result.stdout


def test_inspect_of_a_changed_file_and_of_a_strangers_is_exit_6(
    run: Run, world: World, media: Path, signed: Signed, tmp_path: Path
) -> None:
    data = bytearray(signed("a.jpg").read_bytes())
    data[-100] ^= 1
    (tmp_path / "changed.jpg").write_bytes(data)
    changed = run("inspect", tmp_path / "changed.jpg")
    assert (changed.exit_code, "content_changed" in changed.stdout) == (6, True)
    sign(media / "a.jpg", tmp_path / "stranger.jpg", world.stranger)
    stranger = run("inspect", tmp_path / "stranger.jpg")
    assert (stranger.exit_code, "untrusted" in stranger.stdout) == (6, True)


@pytest.mark.parametrize("content", [b"", b"only words\n" * 50])
def test_inspect_of_what_is_no_media_fails_with_one_message(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    result = run("inspect", tmp_path / "x.mp4")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("error:") == 1


def test_inspect_shows_soft_bindings(run: Run, world: World, media: Path, tmp_path: Path) -> None:
    binding = {
        "label": "c2pa.soft-binding",
        "created": True,
        "data": {"alg": "io.iscc.v0", "pad": [0], "blocks": [{"scope": {}, "value": "ISCC:AAAA"}]},
    }
    sign(media / "a.jpg", tmp_path / "a.jpg", world.newsroom, assertions=[CREATED, binding])
    assert "io.iscc.v0 ISCC:AAAA" in run("inspect", tmp_path / "a.jpg").stdout
    answer = json.loads(run("inspect", tmp_path / "a.jpg", "--json").stdout)
    assert answer["soft_bindings"] == [{"alg": "io.iscc.v0", "value": "ISCC:AAAA"}]


@pytest.fixture
def hostile(world: World, media: Path, signed: Signed, tmp_path: Path) -> Path:
    """A file with hostile text in its title, its action, an assertion and the title of its parent."""
    action = {
        "action": "c2pa.edited",
        "description": HOSTILE,
        "when": "2026-01-01T00:00:00Z",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/" + HOSTILE,
    }
    actions = {"label": "c2pa.actions", "created": True, "data": {"actions": [*CREATED["data"]["actions"], action]}}  # type: ignore[index]
    own = {"label": "org.example.text", "data": {HOSTILE: HOSTILE}}
    path = tmp_path / "hostile.jpg"
    sign(
        media / "b.jpg",
        path,
        world.newsroom,
        title=HOSTILE,
        assertions=[actions, own],
        parent=signed("a.jpg"),
        parent_title=HOSTILE,
    )
    return path


@pytest.mark.parametrize("arguments", [("inspect",), ("inspect", "--json"), ("check",), ("check", "--json")])
def test_no_text_of_a_manifest_steers_the_terminal(run: Run, hostile: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, hostile)
    assert "Traceback" not in result.output
    for character in "\x1b\x07\r\u202e\u2066":
        assert character not in result.output
    if arguments == ("inspect",):
        assert "\\x1b[2J" in result.stdout
        assert "<script>" in result.stdout, "text is shown, not dropped"
        assert not any(line.startswith("'; DROP") for line in result.stdout.splitlines())


def test_foreign_text_stays_raw_in_the_values(world: World, hostile: Path) -> None:
    credential = world.read(hostile)
    assert credential.title == HOSTILE
    assert credential.ingredients[0].title == HOSTILE


def test_check_passes_a_folder_of_good_assets(
    run: Run, world: World, media: Path, signed: Signed, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    (folder / "deeper").mkdir(parents=True)
    shutil.copy(signed("a.mp4"), folder / "deeper")
    store = sign(media / "a.webm", folder / "a.webm", world.newsroom, embed=False)
    (folder / "a.webm.c2pa").write_bytes(store)
    (folder / "notes.txt").write_text("words")
    (folder / ".hidden.mp4").write_bytes(b"x")
    result = run("check", folder)
    assert result.exit_code == 0, result.output
    assert "2 assets, 0 fail, 2 other files passed over" in result.stdout
    answer = json.loads(run("check", folder, "--json").stdout)
    assert (answer["checked"], answer["failed"], answer["ignored"]) == (2, 0, 2)
    assert {asset["state"] for asset in answer["assets"]} == {"authentic"}


def test_check_fails_on_one_bad_asset_among_good_ones(run: Run, media: Path, signed: Signed, tmp_path: Path) -> None:
    shutil.copy(signed("a.jpg"), tmp_path / "good.jpg")
    shutil.copy(media / "a.jpg", tmp_path / "unsigned.jpg")
    result = run("check", tmp_path / "good.jpg", tmp_path / "unsigned.jpg")
    assert result.exit_code == 6
    lines = result.stdout.splitlines()
    assert lines[0].startswith("ok")
    assert lines[1].startswith("FAIL")
    assert "try: sign it with `provenance sign" in lines[2]
    assert "2 assets, 1 fail" in lines[3]


@pytest.mark.parametrize("content", [b"", b"not media at all"])
def test_check_does_not_pass_over_what_calls_itself_media(
    run: Run, signed: Signed, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    shutil.copy(signed("a.jpg"), folder)
    (folder / "broken.mp4").write_bytes(content)
    assert run("check", folder).exit_code == 6


def test_check_fails_where_there_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("words")
    result = run("check", folder)
    assert result.exit_code == 1
    assert "no asset to check" in result.stderr
    assert run("check", tmp_path / "absent").exit_code == 1


def test_trust_lists_are_added_shown_and_removed(run: Run, world: World, signed: Signed, tmp_path: Path) -> None:
    pem = tmp_path / "times.pem"
    pem.write_bytes(world.tsa_root.pem)
    assert run("trust", "add", "times", pem, "--tsa").exit_code == 0
    assert "times  (vouches for timestamps only)" in run("trust", "list").stdout
    kinds = {entry["name"]: entry["kind"] for entry in json.loads(run("trust", "list", "--json").stdout)}
    assert kinds == {"newsrooms": "manifest", "times": "tsa"}
    assert run("trust", "remove", "newsrooms").exit_code == 0
    assert run("inspect", signed("a.jpg")).exit_code == 6
    pem.write_text("garbage")
    refused = run("trust", "add", "garbage", pem)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "trust.anchor_none" in refused.stderr
