"""Real workers over real footage: what is asked is answered, once; what dies is taken up again; nothing is left."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from checking import PATIENCE_S, submit, wait, with_checks, worker_process, working, working_folders
from newsroom import Newsroom
from postgres import BACKENDS
from sqlalchemy import func, select
from support.processes import children

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.assets import withdraw
from registry.checks.asking import answer, cancel, look
from registry.checks.models import ExaminationRow
from registry.checks.shelf import shelf_of
from registry.checks.values import Check, State
from registry.store import Registry


def examinations(registry: Registry) -> int:
    with registry.reading() as session:
        return session.scalar(select(func.count()).select_from(ExaminationRow)) or 0


def kept(settings: Settings, check: Check) -> list[Path]:
    return list((settings.home / "checks" / check.examination_id).iterdir())


def children_named(module: str) -> list[int]:
    """Children of this process that run a module."""
    return [pid for pid in children() if module.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_until_over(registry: Registry, check_id: str) -> Check:
    """As ``wait``, where it is to fail."""
    ends = time.monotonic() + PATIENCE_S
    while not (now := look(registry, check_id)).state.over:
        assert time.monotonic() < ends
        time.sleep(0.05)
    return now


def wait_for_attempt(registry: Registry, examination_id: str, attempt: int) -> None:
    """Until it is carried out for so manieth time, and its process has told how far it is."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with registry.reading() as session:
            row = session.get_one(ExaminationRow, examination_id)
            if row.attempts == attempt and row.share > 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"attempt {attempt} did not come")


def test_an_altered_clip_is_called_altered_and_the_next_asker_gets_the_same_answer(
    filled: Registry, settings: Settings, altered: Path, tmp_path: Path
) -> None:
    first = submit(filled, settings, altered, tmp_path)
    with working(filled, settings):
        done = wait(filled, first)
    report, page = answer(filled, first.check_id)
    assert json.loads(report)["verdict"] == "altered"
    assert page.startswith(b"<!DOCTYPE html>")
    assert (done.share, done.preview) == (1.0, "video/mp4")
    again = submit(filled, settings, altered, tmp_path)
    assert again.state is State.DONE
    assert again.check_id != first.check_id
    assert answer(filled, again.check_id) == (report, page)
    assert examinations(filled) == 1
    assert [path.name for path in kept(settings, first)] == ["preview"]
    assert working_folders(settings) == []


@BACKENDS
def test_the_name_of_a_clip_is_kept_nowhere_and_nothing_else_but_a_preview(
    filled: Registry, settings: Settings, smaller: Path, tmp_path: Path
) -> None:
    check = submit(filled, settings, smaller, tmp_path)
    with working(filled, settings):
        done = wait(filled, check)
    assert done.preview == "image/jpeg"
    assert [path.name for path in kept(settings, check)] == ["preview"]
    report, page = answer(filled, check.check_id)
    assert json.loads(report)["clip"]["name"] == f"clip-{check.clip_sha256[:12]}.jpg"
    assert b"smaller" not in page


def test_no_preview_is_made_and_the_clip_kept_where_the_operator_wants_that(
    filled: Registry, settings: Settings, newsroom: Newsroom, tmp_path: Path
) -> None:
    wanted = with_checks(settings, previews=False, keep_clips=True)
    check = submit(filled, wanted, newsroom.photo.path, tmp_path)
    with working(filled, wanted):
        done = wait(filled, check)
    assert done.preview is None
    assert [path.name for path in kept(settings, check)] == ["clip"]


def test_what_happens_in_the_registry_makes_an_old_answer_stale(
    filled: Registry, settings: Settings, newsroom: Newsroom, smaller: Path, tmp_path: Path
) -> None:
    check = submit(filled, settings, smaller, tmp_path)
    with working(filled, settings):
        wait(filled, check)
        withdraw(filled, newsroom.photo.asset_id, reason="not ours", actor="the Herald")
        again = submit(filled, settings, smaller, tmp_path)
        assert not again.state.over
        wait(filled, again)
    verdicts = [json.loads(answer(filled, each.check_id)[0])["verdict"] for each in (check, again)]
    assert verdicts == ["match", "unknown"]


@BACKENDS
def test_a_check_whose_worker_is_killed_in_the_middle_is_taken_up_again_and_done(
    filled: Registry, settings: Settings, altered: Path, tmp_path: Path
) -> None:
    settings = with_checks(settings, lease_seconds=2)
    (settings.home / "settings.toml").write_text("[checks]\nlease_seconds = 2\n")
    check = submit(filled, settings, altered, tmp_path)
    with worker_process(settings) as first:
        wait(filled, check, lambda c: c.share > 0.05)
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
    assert look(filled, check.check_id).state is State.RUNNING
    with worker_process(settings):
        wait(filled, check)
    with filled.reading() as session:
        row = session.get_one(ExaminationRow, check.examination_id)
        assert (row.state, row.attempts) == (State.DONE, 2)
    assert json.loads(answer(filled, check.check_id)[0])["verdict"] == "altered"


def test_a_worker_told_to_end_puts_its_check_back_without_counting_an_attempt(
    filled: Registry, settings: Settings, altered: Path, tmp_path: Path
) -> None:
    check = submit(filled, settings, altered, tmp_path)
    with worker_process(settings) as worker:
        wait(filled, check, lambda c: c.share > 0.05)
        worker.terminate()
        assert worker.wait(10) == 0
    with filled.reading() as session:
        row = session.get_one(ExaminationRow, check.examination_id)
        assert (row.state, row.attempts, row.lease) == (State.QUEUED, 0, None)
    assert working_folders(settings) == []


def test_cancelling_ends_the_examination_at_once_and_leaves_nothing(
    filled: Registry, settings: Settings, altered: Path, tmp_path: Path
) -> None:
    check = submit(filled, settings, altered, tmp_path)
    with working(filled, settings):
        wait(filled, check, lambda c: c.share > 0.05)
        assert cancel(filled, shelf_of(settings), check.check_id).state is State.CANCELLED
    assert list((settings.home / "checks").iterdir()) == []
    assert working_folders(settings) == []


def test_cancelling_spares_those_who_asked_for_the_same(
    filled: Registry, settings: Settings, newsroom: Newsroom, tmp_path: Path
) -> None:
    mine, yours = (submit(filled, settings, newsroom.photo.path, tmp_path) for _ in range(2))
    assert mine.examination_id == yours.examination_id
    cancel(filled, shelf_of(settings), mine.check_id)
    with working(filled, settings):
        wait(filled, yours)
    assert look(filled, mine.check_id).state is State.CANCELLED
    with pytest.raises(RegistryError, match="no report"):
        answer(filled, mine.check_id)


def test_a_clip_that_kills_its_process_each_time_fails_after_three_attempts(
    filled: Registry, settings: Settings, altered: Path, tmp_path: Path
) -> None:
    check = submit(filled, settings, altered, tmp_path)
    with working(filled, settings):
        for attempt in (1, 2, 3):
            wait_for_attempt(filled, check.examination_id, attempt)
            for pid in children_named("registry.checks.child"):
                os.kill(pid, signal.SIGKILL)
        failed = wait_until_over(filled, check.check_id)
    assert failed.state is State.FAILED
    assert failed.error is not None
    assert failed.error["code"] == "check.worker_died"
    assert "SIGKILL" in str(failed.error["found"])


def test_what_is_no_media_inside_fails_with_the_decoders_words(
    filled: Registry, settings: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypisom" + bytes(4000))
    check = submit(filled, settings, broken, tmp_path)
    with working(filled, settings):
        failed = wait_until_over(filled, check.check_id)
    assert failed.state is State.FAILED
    assert failed.error is not None
    assert str(failed.error["code"]).startswith("media.")
    assert kept(settings, check) == []
    assert not submit(filled, settings, broken, tmp_path).state.over, "a failure is not handed on to the next asker"
