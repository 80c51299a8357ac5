"""Files that are not what a command wants: each command, one message, nothing written."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_input import Room, require_failure, require_harmless, require_json_failure
from support.media import MediaLibrary

NOT_AUTHENTIC = "registry.not_authentic"
UNSIGNED = 6

# What each file is to sign and verify; to register; and whether inspect, which only reads credentials, can read it.
GENERATED = {
    "headless.mp4": ("media.truncated", NOT_AUTHENTIC),
    "zero_seconds.mp4": ("media.no_frames", NOT_AUTHENTIC),
    "pixel.png": ("media.too_small", NOT_AUTHENTIC),
    "huge.png": ("media.too_large", NOT_AUTHENTIC),
    "billion.mp4": ("media.too_long", NOT_AUTHENTIC),
}


@pytest.mark.parametrize("name", GENERATED)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_media_that_cannot_be_used(room: Room, media: MediaLibrary, name: str, as_json: bool) -> None:
    file = media.copy_as(name, room.desk / name)
    used, registered = GENERATED[name]
    before = room.tree()
    option = ["--json"] if as_json else []
    require = require_json_failure if as_json else require_failure
    require(room.run("sign", *option, file, "-o", room.desk / "out.mp4"), used)
    require(room.run("verify", *option, file, "--report", room.desk / "report.html"), used)
    require(room.run("register", *option, file), registered)
    for command in ("inspect", "check"):
        result = room.run(command, *option, file)
        assert (result.exit_code, result.stderr) == (UNSIGNED, "")
        require_harmless(result.stdout)
        assert "The file carries no credential." in result.stdout
    assert room.tree() == before


def words(room: Room) -> Path:
    (room.desk / "words.mp4").write_text("just words, and enough of them to be looked at\n" * 20)
    return room.desk / "words.mp4"


def nothing(room: Room) -> Path:
    (room.desk / "empty.mp4").touch()
    return room.desk / "empty.mp4"


def absent(room: Room) -> Path:
    return room.desk / "nowhere.mp4"


def folder(room: Room) -> Path:
    (room.desk / "folder.mp4").mkdir()
    return room.desk / "folder.mp4"


def pipe(room: Room) -> Path:
    os.mkfifo(room.desk / "pipe.mp4")
    return room.desk / "pipe.mp4"


def endless(room: Room) -> Path:
    (room.desk / "endless.mp4").symlink_to("/dev/zero")
    return room.desk / "endless.mp4"


def circle(room: Room) -> Path:
    (room.desk / "circle.mp4").symlink_to("circle.mp4")
    return room.desk / "circle.mp4"


def overlong(room: Room) -> Path:
    return room.desk / f"{'x' * 300}.mp4"


NO_FILES: list[tuple[Callable[[Room], Path], str]] = [
    (words, "media.unrecognised"),
    (nothing, "media.empty"),
    (absent, "media.missing"),
    (folder, "media.directory"),
    (pipe, "media.unreadable"),
    (endless, "media.unreadable"),
    (circle, "media.unreadable"),
    (overlong, "media.unreadable"),
]


@pytest.mark.parametrize(("make", "code"), NO_FILES, ids=[make.__name__ for make, _ in NO_FILES])
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_what_is_no_media_file(room: Room, make: Callable[[Room], Path], code: str, as_json: bool) -> None:
    file = make(room)
    before = room.tree()
    option = ["--json"] if as_json else []
    require = require_json_failure if as_json else require_failure
    # Of a folder, what is in it is signed.
    signing = "media.none" if make is folder else code
    require(room.run("sign", *option, file, "-o", room.desk / "out.mp4"), signing)
    require(room.run("verify", *option, file, "--report", room.desk / "report.html"), code)
    require(room.run("register", *option, file), code)
    require(room.run("inspect", *option, file), code)
    assert room.tree() == before


def test_sound_alone_is_media_like_any_other(room: Room, media: MediaLibrary) -> None:
    sound = media.copy_as("sweep.wav", room.desk / "sweep.wav")
    assert room.run("sign", sound, "--register").exit_code == 0
    assert room.run("verify", "sweep.signed.wav").exit_code == 0
    assert room.run("inspect", "sweep.signed.wav").exit_code == 0


def test_a_misleading_name_is_said_and_misleads_nobody(room: Room, media: MediaLibrary) -> None:
    clip = media.copy_as("silent.mp4", room.desk / "holiday.jpg")
    result = room.run("sign", clip, "--register")
    assert result.exit_code == 0
    assert "holiday.signed.jpg is video/mp4, whatever its name says: name it .mp4 before publishing it" in result.stderr
    assert room.run("verify", "holiday.signed.jpg").exit_code == 0
    spoken = json.loads(room.run("sign", "--json", clip, "-o", "holiday.png").stdout)
    assert [note.split(":")[0] for note in spoken["results"][0]["notes"]] == [
        "holiday.png is video/mp4, whatever its name says"
    ]


def test_a_file_that_ends_early_is_signed_with_a_warning_and_verified_with_a_gap(
    room: Room, media: MediaLibrary
) -> None:
    clip = media.copy_as("cut_off.mp4", room.desk / "clip.mp4")
    assert "decoding stopped at 3.00 of 6.00 s" in room.run("sign", clip).stderr
    report = json.loads(room.run("verify", "--json", clip).stdout)
    assert any("decoding stopped at 3.00 of 6.00 s" in line for line in report["not_checked"])


@pytest.mark.parametrize("command", ["sign", "verify", "inspect"])
def test_a_verdict_on_one_picture_says_nothing_on_stderr_but_the_key(room: Room, signed: Path, command: str) -> None:
    result = room.run(command, signed, *(["-o", "again.png"] if command == "sign" else []))
    assert result.exit_code == 0
    assert [line for line in result.stderr.splitlines() if "development key" not in line] == []


@pytest.mark.parametrize(
    "words",
    [["sign", ""], ["sign", "x.png", "-o", ""], ["register", ""], ["sign", "x.png", "--passphrase-file", ""]],
    ids=lambda words: " ".join(word or "(empty)" for word in words),
)
def test_an_empty_name_is_wrong_usage_and_never_the_working_folder(room: Room, words: list[str]) -> None:
    before = room.tree()
    result = room.run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the name is empty" in result.stderr
    assert room.tree() == before


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_folders_without_a_name_are_folders(room: Room, name: str) -> None:
    before = room.tree()
    for command in ("verify", "register", "inspect"):
        require_failure(room.run(command, name), "media.directory")
    assert room.tree() == before


def special(room: Room, kind: str) -> Path:
    path = room.desk / "special"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("special")
    else:
        os.mkfifo(room.desk / "behind")
        path.symlink_to("behind")
    return path


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a pipe"])
def test_force_replaces_files_and_never_pipes_sockets_or_devices(room: Room, signed: Path, kind: str) -> None:
    target = special(room, kind)
    before = room.tree()
    require_failure(room.run("sign", signed, "-o", target, "--force"), "output.special")
    require_failure(room.run("verify", signed, "--report", target, "--force"), "output.special")
    require_failure(room.run("assets", "backup", target, "--force"), "output.special")
    assert room.tree() == before


def test_what_never_ends_is_no_list_chain_reference_or_sidecar(
    room: Room, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENANCE_PASSPHRASE", "long enough to be one")
    assert room.run("keys", "new", "evil").exit_code == 0
    before = room.tree()
    require_failure(room.run("trust", "add", "evil", endless(room)), "trust.anchor_unreadable")
    other = room.run("register", signed, "--reference", "endless.mp4")
    require_failure(other, "media.unreadable")
    for words in (
        ["keys", "import", "evil", "--chain", "endless.mp4"],
        ["inspect", signed, "--sidecar", "endless.mp4"],
    ):
        result = room.run(*words)
        assert result.exit_code == 1
        assert "is too large" in result.stderr
        require_harmless(result.stderr)
    (room.desk / "endless.mp4").unlink()
    assert room.tree() == before


HOSTILE = {
    "dash": b"-dash.png",
    "option": b"--json",
    "newline": b"new\nline.png",
    "escapes": b"esc\x1b[2J\x1b]0;owned\x07.png",
    "override": "\u202egnp.exe.png".encode(),
    "emoji": "\U0001f469\u200d\U0001f680.png".encode(),
    "long": b"x" * 240 + b".png",
    "bytes": b"bad\xff\xfe.png",
    "markup": b"[bold]x[red] :smile:.png",
    "percent": b"100%20{}%s.png",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_file_confuses_a_command_or_steers_a_terminal(
    room: Room, media: MediaLibrary, signed: Path, name: str
) -> None:
    file = os.fsdecode(HOSTILE[name])
    shutil.copy(media("still.png"), file)
    for words, code in (
        (["sign", "-o", "out.png", "--json", "--", file], 0),
        (["register", "--", file], 1),
        (["inspect", "--", file], 6),
        (["check", "--", file], 6),
        (["verify", "--no-registry", "--report", "report.html", "--", file], 4),
    ):
        result = room.run(*words)
        assert result.exit_code == code, result.output
        require_harmless(result.stdout + result.stderr)
        if "--json" in words[:-1]:
            json.loads(result.stdout)
    require_harmless(Path("report.html").read_text("utf-8"))
