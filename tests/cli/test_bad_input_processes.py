"""The installed program among others: interrupted, side by side, without a terminal, without room, without rights."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bad_input import EXECUTABLE, Room, execute, require_harmless, require_one_error
from support.media import MediaLibrary

INTERRUPTED = Path(__file__).with_name("interrupted_run.py")
# Even root then needs permissions; whoever is not root has no such rights to give up.
POWERLESS = (
    "import ctypes, os, sys\n"
    "for right in (1, 2): ctypes.CDLL(None).prctl(24, right, 0, 0, 0)\n"  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("make_plan", ["sign", "clip.mp4"]),
        ("_begin", ["sign", "clip.mp4"]),
        ("_hear", ["sign", "clip.mp4"]),
        ("fingerprint_clip", ["verify", "clip.mp4", "--report", "report.html"]),
        ("require_agreement", ["register", "other.png"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_ctrl_c_leaves_nothing_behind(
    room: Room, media: MediaLibrary, signed: Path, function: str, words: list[str]
) -> None:
    media.copy_as("silent.mp4", room.desk / "clip.mp4")
    if "other.png" in words:
        assert room.run("sign", signed, "-o", "other.png").exit_code == 0
    before = room.tree()
    done = execute([sys.executable, INTERRUPTED, function, "--home", room.home, *words], cwd=room.desk)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr.decode().splitlines()[-1].startswith("cancelled: ")
    require_harmless(done.stderr.decode())
    assert len(json.loads(room.run("assets", "list", "--json").stdout)) == 1
    # Blobs are content-addressed and stored first; what nothing names is as good as not there.
    assert {name: entry for name, entry in room.tree().items() if "/blobs/" not in name} == {
        name: entry for name, entry in before.items() if "/blobs/" not in name
    }


def test_two_inits_at_once_make_one_home(room: Room) -> None:
    home = room.base / "new"
    running = [
        subprocess.Popen([EXECUTABLE, "--home", home, "init"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    answers = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert [code for _, code in answers] == [0, 0], answers
    assert room.run("init", home=home).stdout.count("nothing: all of it was there") == 1


def test_two_registers_and_a_verify_at_once_agree(room: Room, signed: Path) -> None:
    assert room.run("sign", signed, "-o", "second.png").exit_code == 0
    commands = [["register", "--json", "second.png"]] * 2 + [["verify", "--json", "signed.png"]]
    running = [
        subprocess.Popen([EXECUTABLE, "--home", room.home, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for words in commands
    ]
    answers = [(*process.communicate(timeout=60), process.returncode) for process in running]
    assert [code for *_, code in answers] == [0, 0, 0], answers
    first, second = (json.loads(out)[0] for out, _, _ in answers[:2])
    assert first["asset_id"] == second["asset_id"]
    assert sorted([first["created"], second["created"]]) == [False, True]
    assert json.loads(answers[2][0])["verdict"] == "authentic"
    assert len(json.loads(room.run("assets", "list", "--json").stdout)) == 2


def no_large_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk_signs_and_reports_nothing(room: Room, media: MediaLibrary) -> None:
    media.copy_as("still.png", room.desk / "picture.png")
    before = room.tree()
    for words in (["sign", "picture.png"], ["verify", "--no-registry", "picture.png", "--report", "report.html"]):
        done = room.execute(*words, preexec_fn=no_large_files)
        assert (done.returncode, done.stdout) == (1, b""), done
        require_harmless(done.stderr.decode())
        assert done.stderr.decode().count("error: ") == 1
    assert room.tree() == before


def test_without_rights_one_message_says_so(room: Room, signed: Path) -> None:
    sealed = Path(shutil.copy(signed, room.desk / "sealed.png"))
    sealed.chmod(0)
    for words, code in (
        (["sign", "sealed.png", "-o", "out.png"], "media.unreadable"),
        (["register", "sealed.png"], "media.unreadable"),
    ):
        done = execute([sys.executable, "-c", POWERLESS, EXECUTABLE, "--home", room.home, *words], cwd=room.desk)
        assert (done.returncode, done.stdout) == (1, b"")
        require_one_error(done.stderr.decode(), code)
    sealed.chmod(0o644)
    sealed.unlink()


def test_a_home_that_may_not_be_written_is_one_message(room: Room, signed: Path) -> None:
    folders = [room.home, *(path for path in room.home.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    before = room.tree()
    try:
        for words in (["sign", "signed.png", "-o", "out.png", "--register"], ["keys", "new", "desk"]):
            done = execute(
                [sys.executable, "-c", POWERLESS, EXECUTABLE, "--home", room.home, *words],
                cwd=room.desk,
                variables={"PROVENANCE_PASSPHRASE": "long enough to be one"},
            )
            assert (done.returncode, done.stdout) == (1, b""), (words, done)
            require_harmless(done.stderr.decode())
            assert done.stderr.decode().count("error: ") == 1
        assert room.tree() == before
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_a_reader_that_goes_away_is_no_fault(room: Room) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = room.execute("assets", "list", stdout=writing)
    os.close(writing)
    assert b"Traceback" not in done.stderr
    assert b"internal" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def close_stdout() -> None:
    os.close(1)


def test_a_closed_stdout_is_no_fault(room: Room, signed: Path) -> None:
    for words in (["assets", "list"], ["inspect", "signed.png"]):
        done = room.execute(*words, stdout=None, preexec_fn=close_stdout)
        assert b"Traceback" not in done.stderr
        assert b"internal" not in done.stderr


def test_without_a_terminal_and_in_the_narrowest_one_nothing_is_coloured_or_broken(room: Room, signed: Path) -> None:
    for variables in ({"NO_COLOR": "1", "COLUMNS": "1"}, {"TERM": "dumb", "COLUMNS": "x"}):
        done = room.execute("verify", "--no-registry", "signed.png", variables=variables)
        assert done.returncode == 0, done.stderr
        require_harmless((done.stdout + done.stderr).decode())


def test_bytes_that_are_no_text_reach_the_program_as_names(room: Room, media: MediaLibrary) -> None:
    name = b"bad\xff\xfe.png"
    shutil.copy(media("still.png"), os.fsdecode(name))
    done = room.execute("verify", "--no-registry", "--json", b"--", name)
    assert done.returncode == 4
    assert json.loads(done.stdout)["verdict"] == "unknown"
    done = room.execute("inspect", b"--", b"nowhere\xff.png", variables={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert done.returncode == 1
    require_one_error(done.stderr.decode(), "media.missing")
