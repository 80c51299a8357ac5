"""A batch: finished work is never done again, one bad file fails alone, and what is printed can be parsed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_bench import LIMIT_S, Desk, children, damaged, lines_of, picture, pictures

from provenance.identity import identity_of
from provenance.settings import load_settings
from signer.batch import JOURNAL
from signer.home import make_development_home
from signer.journal import Begun, Journal
from signer.key_folder import store_chain, store_private
from signer.keys import load_key

PASSPHRASE = "a passphrase nobody may see"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    make_development_home(load_settings(tmp_path / "home"))
    return Desk(tmp_path / "home", tmp_path / "out")


def test_a_damaged_file_in_the_middle_fails_alone_and_is_listed_at_the_end(
    desk: Desk, tmp_path: Path, media: Callable[[str], Path]
) -> None:
    footage = pictures(tmp_path / "in", 4)
    damaged(footage / "day0" / "p01b.png")
    (footage / "clip.webm").write_bytes(media("webm").read_bytes())
    (footage / "notes.txt").write_text("words")
    code, files, summary, said = desk.sign(footage, "--jobs", 2)
    assert code == 1
    assert {Path(f["input"]).name: f["result"] for f in files if f["result"] != "signed"} == {
        "notes.txt": "skipped",
        "p01b.png": "failed",
    }
    assert (summary["signed"], summary["failed"], summary["skipped"], summary["left"]) == (5, 1, 1, 0)
    assert "p01b.png: error:" in said
    assert (desk.out / "clip.signed.webm.c2pa").is_file()
    assert (desk.out / "day0" / "p00.signed.jpg").is_file()


def test_a_second_run_signs_only_what_is_new_or_gone(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", 3)
    assert desk.sign(footage)[0] == 0
    before = desk.outputs()
    os.utime(footage / "day0" / "p00.jpg")
    (desk.out / "day1" / "p01.signed.jpg").unlink()
    picture(footage / "late.jpg", 50)
    code, files, _, _ = desk.sign(footage)
    assert code == 0
    assert {Path(f["input"]).name: f["result"] for f in files} == {
        "p00.jpg": "done_before",
        "p01.jpg": "signed",
        "p02.jpg": "done_before",
        "late.jpg": "signed",
    }
    after = desk.outputs()
    assert [path.name for path in before if after[path] != before[path]] == ["p01.signed.jpg"]
    desk.require_sound(4)


def test_a_changed_input_or_another_order_is_reported_and_signed_again_with_force_only(
    desk: Desk, tmp_path: Path
) -> None:
    footage = pictures(tmp_path / "in", 2)
    desk.sign(footage)
    before = desk.outputs()
    picture(footage / "day0" / "p00.jpg", 99)
    code, files, _, _ = desk.sign(footage)
    assert code == 1
    assert [f["error"]["code"] for f in files if f["error"]] == ["output.outdated"]
    assert [f["error"]["code"] for f in desk.sign(footage, "--place", "Lisbon")[1]] == ["output.outdated"] * 2
    assert desk.outputs() == before
    code, files, _, _ = desk.sign(footage, "--force")
    assert (code, sorted(f["result"] for f in files)) == (0, ["done_before", "signed"])
    after = desk.outputs()
    assert [path.name for path in before if after[path] != before[path]] == ["p00.signed.jpg"]
    desk.require_sound(2)


def test_an_output_that_somebody_else_put_there_is_kept(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", 2)
    foreign = picture(desk.out / "day0" / "p00.signed.jpg", 7)
    kept = foreign.read_bytes()
    code, files, _, _ = desk.sign(footage)
    assert (code, foreign.read_bytes() == kept) == (1, True)
    assert [f["error"]["code"] for f in files if f["error"]] == ["output.exists"]


@pytest.mark.parametrize("tampered", [False, True])
def test_a_target_that_got_its_name_just_before_the_kill_is_settled_by_its_content(
    tampered: bool, desk: Desk, tmp_path: Path
) -> None:
    footage = pictures(tmp_path / "in", 1)
    source, target = footage / "day0" / "p00.jpg", desk.out / "day0" / "p00.signed.jpg"
    desk.sign(footage)
    with sqlite3.connect(desk.home / JOURNAL) as database:
        ((digest,),) = database.execute("SELECT order_digest FROM finished").fetchall()
        database.execute("DELETE FROM finished")
    database.close()
    with Journal(desk.home / JOURNAL) as journal:
        journal.begin(target, Begun(identity_of(source) or "", digest, None))
    if tampered:
        target.write_bytes(target.read_bytes()[:-20] + bytes(20))
    before = target.read_bytes()
    code, files, _, _ = desk.sign(footage)
    assert target.read_bytes() == before
    assert (code, files[0]["result"]) == ((1, "failed") if tampered else (0, "done_before"))


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", 3)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    code, files, summary, _ = desk.sign(footage, "--dry-run", "--register")
    assert (code, [f["result"] for f in files], summary["to_sign"]) == (0, ["to_sign"] * 3, 3)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_second_run_into_the_same_folder_is_refused_while_the_first_works(desk: Desk, tmp_path: Path) -> None:
    footage = pictures(tmp_path / "in", 6)
    with desk.start(footage, "--jobs", 1, "--json-lines") as first:
        lines_of(first, 1)
        # It would be finished before the second has started.
        first.send_signal(signal.SIGSTOP)
        try:
            with desk.start(footage, "--json") as second:
                refused, _ = second.communicate(timeout=LIMIT_S)
        finally:
            first.send_signal(signal.SIGCONT)
        first.communicate(timeout=LIMIT_S)
    assert (first.returncode, second.returncode) == (0, 1)
    assert json.loads(refused)["error"]["code"] == "batch.locked"
    desk.require_sound(6)


def test_text_ends_with_a_table_and_progress_is_no_part_of_the_result(desk: Desk, tmp_path: Path) -> None:
    with desk.start(pictures(tmp_path / "in", 2)) as process:
        printed, said = process.communicate(timeout=LIMIT_S)
    assert printed.count("signed ") >= 3
    assert "2 of 2 done" in printed.splitlines()[-1]
    assert "\x1b" not in printed + said


@pytest.mark.parametrize("from_file", [True, False], ids=["file", "environment"])
def test_the_passphrase_is_in_no_command_line_environment_or_output_of_a_worker(
    from_file: bool, desk: Desk, tmp_path: Path
) -> None:
    own = load_key(desk.home / "keys", "development", None)
    store_private(desk.home / "keys", "desk", own.private, PASSPHRASE)
    store_chain(desk.home / "keys", "desk", own.chain)
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE)
    words = ["--passphrase-file", secret] if from_file else []
    environment = {} if from_file else {"PROVENANCE_PASSPHRASE": PASSPHRASE}
    seen = set()
    footage = pictures(tmp_path / "in", 4)
    with desk.start(footage, "--key", "desk", "--jobs", 2, *words, environment=environment) as process:
        while process.poll() is None:
            for worker in children(process.pid):
                try:
                    shown = [Path(f"/proc/{worker}/{name}").read_bytes() for name in ("cmdline", "environ")]
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if b"signer.worker" in shown[0] and shown[1]:
                    seen.add(worker)
                    assert PASSPHRASE.encode() not in b"".join(shown)
            time.sleep(0.02)
        printed, said = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, len(seen)) == (0, 2)
    assert PASSPHRASE not in printed + said
    assert PASSPHRASE.encode() not in (desk.home / JOURNAL).read_bytes()
    desk.require_sound(4)
