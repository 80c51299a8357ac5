"""What has expired is gone: the check, its examination, its files. What is still waited for stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from checking import submit, with_checks
from newsroom import Newsroom
from postgres import BACKENDS
from sqlalchemy import func, select

from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.checks.asking import answer, cancel, look
from registry.checks.expiry import Expiry
from registry.checks.models import CheckRow, ExaminationRow
from registry.checks.queue import Queue
from registry.checks.shelf import shelf_of
from registry.checks.values import Job
from registry.store import Registry


def rows(registry: Registry) -> tuple[int, int]:
    """Checks and examinations."""
    with registry.reading() as session:
        checks, examinations = (session.scalar(select(func.count()).select_from(t)) for t in (CheckRow, ExaminationRow))
    return checks or 0, examinations or 0


def take(registry: Registry, settings: Settings) -> Job:
    job = Queue(registry, settings.checks.lease_seconds).take(dict)
    assert job is not None
    return job


@BACKENDS
def test_an_answer_is_deleted_when_its_time_is_over(
    registry: Registry, settings: Settings, newsroom: Newsroom, tmp_path: Path
) -> None:
    brief = with_checks(settings, keep_days=1e-9)
    short = submit(registry, brief, newsroom.photo.path, tmp_path)
    long = submit(registry, settings, newsroom.photo.path, tmp_path)
    assert long.examination_id == short.examination_id
    shelf, job = shelf_of(settings), take(registry, settings)
    assert Queue(registry, 30).finish(job, '{"matches": []}', b"page", None)
    with pytest.raises(RegistryError, match="no such check"):
        look(registry, short.check_id)
    Expiry(registry, shelf).sweep()
    assert rows(registry) == (1, 1)
    assert answer(registry, long.check_id)[1] == b"page"
    cancel(registry, shelf, long.check_id)
    sweeper = Expiry(registry, shelf)
    sweeper.sweep()
    assert rows(registry) == (0, 0)
    sweeper.sweep()
    assert shelf.examinations() == []


def test_a_clip_that_is_just_being_stored_is_no_orphan_yet(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    shelf, sweeper = shelf_of(settings), Expiry(registry, shelf_of(settings))
    (tmp_path / "sent").write_bytes(b"clip")
    shelf.put("f" * 32, "clip", tmp_path / "sent")
    sweeper.sweep()
    assert shelf.examinations() == ["f" * 32]
    sweeper.sweep()
    assert shelf.examinations() == []


@BACKENDS
def test_a_worker_that_was_given_up_writes_nothing_any_more(
    registry: Registry, settings: Settings, newsroom: Newsroom, tmp_path: Path
) -> None:
    check = submit(registry, settings, newsroom.photo.path, tmp_path)
    silent = take(registry, settings)
    assert Queue(registry, 30).take(dict) is None
    impatient = Queue(registry, -1)
    second = impatient.take(dict)
    assert second is not None
    assert (second.examination_id, second.attempt) == (silent.examination_id, 2)
    assert not impatient.beat(silent, 0.5, "late")
    assert not impatient.finish(silent, "{}", b"", None)
    assert impatient.beat(second, 0.1, "comparing")
    assert look(registry, check.check_id).doing == "comparing"
