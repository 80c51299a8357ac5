"""The asker's side: ask for an examination, see how far it is, read what came of it, cancel."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, undefer

from provenance.errors import RegistryError
from provenance.settings import Checks
from registry import dialects
from registry.checks.basis import basis_of
from registry.checks.models import CheckRow, ExaminationRow
from registry.checks.shelf import Shelf
from registry.checks.values import Check, State, moved, question_of
from registry.store import Registry

_DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the clip's file with the SHA-256 of its bytes, and the seconds after which nothing is begun."""

    clip: Path
    clip_sha256: str
    budget: float

    @property
    def key(self) -> str:
        """The same for everybody who asks the same."""
        return question_of(self.clip_sha256, self.budget)


def ask(registry: Registry, shelf: Shelf, question: Question, rests_on: Mapping[str, str], settings: Checks) -> Check:
    """Ask for an examination. The same question is answered from an examination that there is or that is under way.

    ``rests_on``: see ``Examiner.rests_on``. The clip's file is taken over or left, as the shelf likes.

    Raises:
        RegistryError: too many wait already (``check.queue_full``), or the clip cannot be stored.
    """
    with registry.reading() as session:
        known = _answering(session, question, rests_on, registry.now()) is not None
        if not known:
            _require_room(session, settings)
    examination_id = secrets.token_hex(16)
    if not known:
        # Before its row, so that no worker looks for it in vain.
        shelf.put(examination_id, "clip", question.clip)
    try:
        with registry.writing() as session:
            dialects.hold_checks(session)
            now = registry.now()
            there = _answering(session, question, rests_on, now, hold=True)
            if there is None:
                if known:
                    # It was there a moment ago: expired, cancelled, or the registry has changed.
                    shelf.put(examination_id, "clip", question.clip)
                _require_room(session, settings)
                session.add(_new(examination_id, question, now))
                session.flush()
            row = CheckRow(
                check_id=secrets.token_urlsafe(24),
                examination_id=there or examination_id,
                created_at=now,
                expires_at=moved(now, settings.keep_days * _DAY_S),
                cancelled=False,
            )
            session.add(row)
            session.flush()
            check = _check(session, row)
    except BaseException:
        shelf.drop(examination_id)
        raise
    if there is not None and not known:
        shelf.drop(examination_id)
    return check


def look(registry: Registry, check_id: str) -> Check:
    """How far a check is.

    Raises:
        RegistryError: there is none of this id, or it has expired (``check.unknown``).
    """
    with registry.reading() as session:
        return _check(session, _row(session, check_id, registry.now()))


def answer(registry: Registry, check_id: str) -> tuple[str, bytes]:
    """What came of a check: the report's JSON as it is signed, and the HTML page.

    Raises:
        RegistryError: ``check.unknown``, or it is not done (``check.not_done``).
    """
    with registry.reading() as session:
        row = _row(session, check_id, registry.now())
        made = session.get_one(
            ExaminationRow, row.examination_id, options=[undefer(ExaminationRow.report), undefer(ExaminationRow.page)]
        )
        if row.cancelled or made.report is None or made.page is None:
            raise RegistryError(
                "check.not_done",
                "this check has no report, or not yet",
                found=State.CANCELLED if row.cancelled else made.state,
                hint="wait until its state is done",
            )
        return made.report, made.page


def cancel(registry: Registry, shelf: Shelf, check_id: str) -> Check:
    """Take a check back, and its answer if there is one. Its examination ends when nobody else waits for it.

    Raises:
        RegistryError: ``check.unknown``.
    """
    with registry.writing() as session:
        row = _row(session, check_id, registry.now())
        made = session.get_one(ExaminationRow, row.examination_id, with_for_update=True)
        if State(made.state).over:
            row.expires_at = registry.now()
        else:
            row.cancelled = True
            session.flush()
            if not _waited_for(session, made.examination_id):
                made.state, made.lease, made.finished_at = State.CANCELLED, None, registry.now()
        check = _check(session, row)
        ended = made.state == State.CANCELLED
    if ended:
        shelf.drop(check.examination_id)
    return check


def _answering(
    session: Session, question: Question, rests_on: Mapping[str, str], now: str, *, hold: bool = False
) -> str | None:
    """The id of an examination that answers the question, or will: one that waits takes the registry as it will be.

    ``hold``: keep it from being cancelled or deleted until the transaction ends.
    """
    fresh = and_(
        ExaminationRow.state.in_((State.RUNNING, State.DONE)),
        ExaminationRow.basis == basis_of(session, rests_on, now),
    )
    found = (
        select(ExaminationRow.examination_id)
        .where(ExaminationRow.question == question.key, or_(ExaminationRow.state == State.QUEUED, fresh))
        .order_by((ExaminationRow.state == State.DONE).desc(), ExaminationRow.created_at)
        .limit(1)
    )
    return session.scalar(found.with_for_update() if hold else found)


def _new(examination_id: str, question: Question, now: str) -> ExaminationRow:
    return ExaminationRow(
        examination_id=examination_id,
        clip_sha256=question.clip_sha256,
        budget=question.budget,
        question=question.key,
        basis="",
        state=State.QUEUED,
        attempts=0,
        share=0.0,
        doing="",
        created_at=now,
    )


def _require_room(session: Session, settings: Checks) -> None:
    waiting = session.scalar(select(func.count()).where(ExaminationRow.state == State.QUEUED)) or 0
    if waiting >= settings.queue:
        raise RegistryError(
            "check.queue_full",
            "too many clips wait to be examined",
            expected=f"fewer than {settings.queue}",
            found=str(waiting),
            hint="try again in a few minutes",
        )


def _row(session: Session, check_id: str, now: str) -> CheckRow:
    row = session.get(CheckRow, check_id)
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise RegistryError(
            "check.unknown",
            "there is no such check",
            expected="the id of a check that has not expired",
            hint="ask again with the clip",
        )
    return row


def _check(session: Session, row: CheckRow) -> Check:
    made = session.get_one(ExaminationRow, row.examination_id)
    state = State.CANCELLED if row.cancelled else State(made.state)
    ahead = 0
    if state is State.QUEUED:
        before = and_(ExaminationRow.state == State.QUEUED, ExaminationRow.created_at < made.created_at)
        ahead = session.scalar(select(func.count()).where(before)) or 0
    return Check(
        check_id=row.check_id,
        examination_id=made.examination_id,
        clip_sha256=made.clip_sha256,
        state=state,
        ahead=ahead,
        share=made.share,
        doing=made.doing,
        error=made.error,
        preview=made.preview if state is State.DONE else None,
        created_at=row.created_at,
        finished_at=made.finished_at,
        expires_at=row.expires_at,
    )


def _waited_for(session: Session, examination_id: str) -> bool:
    waiting = select(CheckRow.check_id).where(CheckRow.examination_id == examination_id, CheckRow.cancelled.is_(False))
    return session.scalars(waiting.limit(1)).first() is not None
