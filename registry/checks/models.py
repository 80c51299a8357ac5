"""The tables of examinations and of those who wait for them.

One examination answers everybody who asks for the same clip; each asker has a check of his own, so that nobody can end
or read what another has asked for. Who asked is not stored. The clip's bytes lie on the shelf (``shelf``), never here.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Float, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base


class ExaminationRow(Base):
    """One examination of a clip.

    ``question``: hash of the clip and the options; ``basis``: hash of what the answer rests on, as its start found it
    (``basis``). ``state``: see ``values.State``. ``lease``: drawn anew by each worker that takes it, so that one which
    was given up cannot write any more. ``share``: 0-1; ``doing``: in words. ``report``: the JSON as it is signed.
    """

    __tablename__ = "examinations"

    examination_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clip_sha256: Mapped[str] = mapped_column(String(64))
    budget: Mapped[float] = mapped_column(Float)
    question: Mapped[str] = mapped_column(String(64), index=True)
    basis: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    lease: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int]
    share: Mapped[float] = mapped_column(Float)
    doing: Mapped[str] = mapped_column(Text)
    error: Mapped[dict[str, str | None] | None] = mapped_column(JSON(none_as_null=True))
    report: Mapped[str | None] = mapped_column(Text, deferred=True)
    page: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    preview: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[str | None] = mapped_column(String(40))
    heartbeat_at: Mapped[str | None] = mapped_column(String(40))
    finished_at: Mapped[str | None] = mapped_column(String(40))


class CheckRow(Base):
    """One asker's check: whoever knows its id may read the answer. ``expires_at`` None: kept for good."""

    __tablename__ = "checks"

    check_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    examination_id: Mapped[str] = mapped_column(ForeignKey("examinations.examination_id"), index=True)
    created_at: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[str | None] = mapped_column(String(40), index=True)
    cancelled: Mapped[bool] = mapped_column(Boolean)
