"""A worker: takes examinations from the queue, several at a time, has each carried out by a process of its own."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

from provenance.console import safe
from provenance.errors import ProvenanceError
from provenance.media.kinds import sniff
from provenance.settings import Settings
from provenance.workspace import work_folder
from registry.checks.child import PAGE, REPORT
from registry.checks.examiner import load_examiner
from registry.checks.expiry import Expiry
from registry.checks.process import Examination, Heard, error_of
from registry.checks.queue import MOST_ATTEMPTS, Queue
from registry.checks.shelf import Shelf, shelf_of
from registry.checks.values import Job
from registry.store import Registry

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5
"""How often a worker without work looks for some, and one with work whether it was cancelled."""
_SWEEP_EVERY_S = 60.0
_GRACE_S = 120.0
"""Seconds over its budget after which an examination is ended: what is begun within the budget is finished."""


class Worker:
    """``jobs`` examinations at a time until ``stop`` is called; then those under way go back into the queue."""

    def __init__(self, registry: Registry, settings: Settings, jobs: int = 1) -> None:
        self._settings = settings
        self._shelf = shelf_of(settings)
        self._queue = Queue(registry, settings.checks.lease_seconds)
        self._expiry = Expiry(registry, self._shelf)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._examine_all, name=f"examiner-{n}") for n in range(jobs)]
        self._threads.append(threading.Thread(target=self._sweep_all, name="expiry"))

    def start(self) -> None:
        """Begin to work, in threads of this process."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the work in good order; returns when it has ended, after a second or two."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _examine_all(self) -> None:
        examiner = load_examiner()
        while not self._stopping.is_set():
            try:
                job = self._queue.take(lambda: examiner.rests_on(self._settings))
                if job is not None:
                    self._examine(job)
                    continue
            except Exception:
                # The database may be away for a while, or the disk full. What was begun is taken up again when its
                # lease has run out; a worker that ended would have to be started again by hand.
                _LOG.exception("an examination could not go on")
            self._stopping.wait(_LOOK_EVERY_S)

    def _sweep_all(self) -> None:
        while not self._stopping.is_set():
            try:
                self._expiry.sweep()
            except Exception:
                _LOG.exception("what has expired could not be deleted")
            self._stopping.wait(_SWEEP_EVERY_S)

    def _examine(self, job: Job) -> None:
        with work_folder(self._settings.home / "work") as folder:
            try:
                ended = self._carry_out(job, folder)
            except ProvenanceError as error:
                ended = self._queue.fail(job, error)
        if ended and not self._settings.checks.keep_clips:
            self._shelf.drop(job.examination_id, "clip")
        # What a killed process has left goes now, and not when the next clip comes.
        with work_folder(self._settings.home / "work"):
            pass

    def _carry_out(self, job: Job, folder: Path) -> bool:
        """Whether the job ended here: neither taken from us nor given back.

        Raises:
            ProvenanceError: why it cannot be done.
        """
        if job.attempt > MOST_ATTEMPTS:
            raise _died(f"{MOST_ATTEMPTS} attempts of workers that died")
        clip, made = _named(self._shelf, job, folder), folder / "made"
        made.mkdir()
        with Examination(self._settings, clip, made, job.budget) as examination:
            answer = self._follow(job, examination)
        if answer is None:
            return False
        if "error" in answer:
            raise error_of(answer)
        if "died" in answer:
            if job.attempt >= MOST_ATTEMPTS:
                raise _died(f"{answer['died']}, in the last of {MOST_ATTEMPTS} attempts")
            self._queue.put_back(job, attempted=True)
            return False
        return self._keep(job, answer["done"]["preview"], made)

    def _follow(self, job: Job, examination: Examination) -> dict[str, Any] | None:
        """Hand on what is heard until the answer comes; None where the job is not ours any more, or goes back.

        Raises:
            ProvenanceError: it takes too long.
        """
        latest = told = Heard(doing="starting")
        beaten = time.monotonic()
        ends = beaten + job.budget + _GRACE_S
        while True:
            heard = examination.hear(_LOOK_EVERY_S)
            if heard is not None and heard.answer is not None:
                return heard.answer
            latest, now = heard or latest, time.monotonic()
            if self._stopping.is_set():
                self._queue.put_back(job, attempted=False)
                return None
            if now >= ends:
                raise _too_long(job)
            due = now >= beaten + self._settings.checks.lease_seconds / 5
            if due or (latest != told and now >= beaten + _LOOK_EVERY_S):
                if not self._queue.beat(job, latest.share, safe(latest.doing)):
                    return None
                told, beaten = latest, now
            elif heard is None and not self._queue.mine(job):
                return None

    def _keep(self, job: Job, preview: list[str] | None, made: Path) -> bool:
        """Store the answer; False where nobody waits for it any more."""
        report = (made / REPORT).read_text(encoding="utf-8")
        page = (made / PAGE).read_bytes()
        if preview is not None:
            self._shelf.put(job.examination_id, "preview", Path(preview[0]))
        if self._queue.finish(job, report, page, preview[1] if preview else None):
            return True
        if self._queue.cancelled(job):
            self._shelf.drop(job.examination_id)
        return False


def _named(shelf: Shelf, job: Job, folder: Path) -> Path:
    """The clip under a name that says nothing of who sent it: the report bears it, and others read that report."""
    there = shelf.fetch(job.examination_id, "clip", folder / "clip")
    suffix = next(iter(sniff(there).suffixes), "")
    return there.rename(folder / f"clip-{job.clip_sha256[:12]}{suffix}")


def _died(how: str) -> ProvenanceError:
    return ProvenanceError(
        "check.worker_died",
        "the process that examined this clip died",
        expected="an answer",
        found=how,
        hint="the clip may need more memory than the machine has; tell the registry's operator",
    )


def _too_long(job: Job) -> ProvenanceError:
    return ProvenanceError(
        "check.too_long",
        "the examination of this clip took too long and was ended",
        expected=f"at most {job.budget + _GRACE_S:g} s",
        hint="send the part of the clip that matters",
    )
