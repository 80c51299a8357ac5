"""What leaves the tables of examinations: a check as its asker sees it, and a job as its worker does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """How far an examination is; of a check, too."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Check:
    """One asker's check.

    ``ahead``: how many wait before it, while it is queued. ``share``: 0-1. ``error``: as ``ProvenanceError`` has it,
    where it failed. ``preview``: media type of the small copy of the clip, where one is kept. Times: RFC 3339.
    """

    check_id: str
    examination_id: str
    clip_sha256: str
    state: State
    ahead: int
    share: float
    doing: str
    error: dict[str, str | None] | None
    preview: str | None
    created_at: str
    finished_at: str | None
    expires_at: str | None

    @property
    def version(self) -> str:
        """Changes whenever anything of it does."""
        said = [self.state, self.ahead, round(self.share, 3), self.doing, self.expires_at]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Job:
    """An examination that a worker has taken. ``lease``: what it proves that with."""

    examination_id: str
    clip_sha256: str
    budget: float
    lease: str
    attempt: int


def question_of(clip_sha256: str, budget: float) -> str:
    """What is asked, whoever asks it: 64 hex digits."""
    return hashlib.sha256(f"{clip_sha256} {budget:g}".encode()).hexdigest()


def moved(moment: str, seconds: float) -> str:
    """A time for rows, earlier or later by so many seconds."""
    shifted = datetime.fromisoformat(moment) + timedelta(seconds=seconds)
    return shifted.isoformat(timespec="microseconds").replace("+00:00", "Z")
