"""Deleting what nobody may read any more: expired checks, examinations without checks, files without examinations."""

from __future__ import annotations

from sqlalchemy import delete, exists, select

from registry.checks.models import CheckRow, ExaminationRow
from registry.checks.shelf import Shelf
from registry.checks.values import State
from registry.store import Registry

_AT_ONCE = 200


class Expiry:
    """Sweeps one registry and its shelf."""

    def __init__(self, registry: Registry, shelf: Shelf) -> None:
        self._registry = registry
        self._shelf = shelf
        self._suspected: frozenset[str] = frozenset()

    def sweep(self) -> None:
        """Delete what has expired, rows first. Safe to run in several workers at a time, and to be killed in."""
        with self._registry.writing() as session:
            now = self._registry.now()
            session.execute(delete(CheckRow).where(CheckRow.expires_at <= now))
            waited_for = exists().where(CheckRow.examination_id == ExaminationRow.examination_id)
            unread = (
                select(ExaminationRow.examination_id)
                .where(~waited_for, ExaminationRow.state.not_in((State.QUEUED, State.RUNNING)))
                .limit(_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            session.execute(
                delete(ExaminationRow).where(ExaminationRow.examination_id.in_(session.scalars(unread).all()))
            )
        self._sweep_files()

    def _sweep_files(self) -> None:
        there = self._shelf.examinations()
        with self._registry.reading() as session:
            known = set(
                session.scalars(select(ExaminationRow.examination_id).where(ExaminationRow.examination_id.in_(there)))
            )
        orphans = frozenset(there) - known
        # A clip is put there just before its row: only what is an orphan twice in a row is one.
        for examination_id in orphans & self._suspected:
            self._shelf.drop(examination_id)
        self._suspected = orphans - self._suspected
