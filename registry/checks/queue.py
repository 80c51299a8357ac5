"""The worker's side of the queue, which is the table of examinations itself (docs/adr/0011-queue.md).

A worker takes an examination with a lease that nobody can guess and says now and then that it is alive. One that falls
silent loses its lease: the examination is taken up again, and what the old worker still writes is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from provenance.errors import ProvenanceError
from registry.checks.basis import basis_of
from registry.checks.models import ExaminationRow
from registry.checks.values import Job, State, moved
from registry.store import Registry

MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of one registry. ``lease_s``: seconds of silence after which a worker counts as dead."""

    registry: Registry
    lease_s: float

    def take(self, rests_on: Callable[[], Mapping[str, str]]) -> Job | None:
        """The examination that has waited longest, or one whose worker died; None where there is none.

        ``rests_on``: see ``Examiner.rests_on``. ``Job.attempt`` may be more than ``MOST_ATTEMPTS``.
        """
        if not self._anything():
            return None
        with self.registry.writing() as session:
            now = self.registry.now()
            wanted = select(ExaminationRow).where(self._free(now)).order_by(ExaminationRow.created_at).limit(1)
            row = session.scalar(wanted.with_for_update(skip_locked=True))
            if row is None:
                return None
            row.state, row.lease, row.attempts = State.RUNNING, secrets.token_hex(16), row.attempts + 1
            row.share, row.doing, row.started_at, row.heartbeat_at = 0.0, "starting", now, now
            row.basis = basis_of(session, rests_on(), now)
            return Job(row.examination_id, row.clip_sha256, row.budget, row.lease, row.attempts)

    def mine(self, job: Job) -> bool:
        """Whether the job is still to be done: not cancelled, nor taken by another."""
        with self.registry.reading() as session:
            return session.scalar(select(ExaminationRow.state).where(_held(job))) is not None

    def beat(self, job: Job, share: float, doing: str) -> bool:
        """Say that the worker is alive and how far it is; whether the job is still to be done."""
        with self.registry.writing() as session:
            return _write(session, job, heartbeat_at=self.registry.now(), share=share, doing=doing)

    def cancelled(self, job: Job) -> bool:
        """Whether nobody waits for it any more, or it is gone altogether."""
        with self.registry.reading() as session:
            row = session.get(ExaminationRow, job.examination_id)
            return row is None or row.state == State.CANCELLED

    def finish(self, job: Job, report: str, page: bytes, preview: str | None) -> bool:
        """Keep what came of a job: JSON, HTML, the preview's media type. False where it is not to be done any more."""
        with self.registry.writing() as session:
            return _write(
                session,
                job,
                state=State.DONE,
                lease=None,
                share=1.0,
                doing="done",
                report=report,
                page=page,
                preview=preview,
                finished_at=self.registry.now(),
            )

    def fail(self, job: Job, error: ProvenanceError) -> bool:
        """Keep why a job cannot be done; whether it was still to be done."""
        with self.registry.writing() as session:
            row = session.scalar(select(ExaminationRow).where(_held(job)).with_for_update())
            if row is not None:
                _fail(row, self.registry.now(), error)
            return row is not None

    def put_back(self, job: Job, *, attempted: bool) -> None:
        """Let another worker take it at once. ``attempted``: the attempt counts, since it failed by itself."""
        tries = job.attempt if attempted else job.attempt - 1
        with self.registry.writing() as session:
            _write(session, job, state=State.QUEUED, lease=None, attempts=tries, share=0.0, doing="", basis="")

    def _anything(self) -> bool:
        # A look first: on SQLite, writing would keep everybody else from it.
        with self.registry.reading() as session:
            found = select(ExaminationRow.examination_id).where(self._free(self.registry.now())).limit(1)
            return session.scalar(found) is not None

    def _free(self, now: str) -> Any:
        silent = and_(ExaminationRow.state == State.RUNNING, ExaminationRow.heartbeat_at < moved(now, -self.lease_s))
        return or_(ExaminationRow.state == State.QUEUED, silent)


def _held(job: Job) -> Any:
    return and_(ExaminationRow.examination_id == job.examination_id, ExaminationRow.lease == job.lease)


def _write(session: Session, job: Job, **values: Any) -> bool:
    done = session.execute(update(ExaminationRow).where(_held(job)).values(**values).returning(ExaminationRow.state))
    return done.first() is not None


def _fail(row: ExaminationRow, now: str, error: ProvenanceError) -> None:
    row.state, row.lease, row.finished_at = State.FAILED, None, now
    row.error = {
        "code": error.code,
        "message": error.message,
        "expected": error.expected,
        "found": error.found,
        "hint": error.hint,
    }
