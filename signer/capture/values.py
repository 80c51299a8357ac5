"""What a recording notes of itself: its session, its segments, and what went wrong in them. Values, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

SEGMENT_LABEL = "org.provenance-toolkit.capture-segment"
"""The assertion of a signed segment: which of which session, and the one before it."""
SESSION_LABEL = "org.provenance-toolkit.capture"
"""The assertion of the assembled recording: all its segments."""
VERSION = 1
MICROSECOND = Fraction(1, 1_000_000)
_MOST_EVENTS = 100


class Happened(StrEnum):
    """What can happen to a recording.

    GAP: pictures or sound are missing, the source's clock went on. JUMP: the source's clock jumped. LOST: the source
    was away. SYSTEM_CLOCK: this machine's time of day was set.
    """

    GAP = "gap"
    JUMP = "jump"
    LOST = "lost"
    SYSTEM_CLOCK = "system_clock"


class EndedBy(StrEnum):
    """Why a segment ended. LENGTH: another follows. KILLED: the recording was, and this was saved later."""

    LENGTH = "length"
    LOST = "lost"
    CHANGED = "changed"
    END = "end"
    STOPPED = "stopped"
    KILLED = "killed"


FOLLOWED = (EndedBy.LENGTH, EndedBy.LOST, EndedBy.CHANGED)
"""After these, the recording goes on, or may."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened ``at_us`` of the session's time. ``seconds`` are missing, were jumped, or passed.

    ``frames``: pictures that are missing, as far as that can be told.
    """

    kind: Happened
    at_us: int
    seconds: float
    stream: str | None = None
    frames: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The event without what is not known of it."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        # Assertions are read by programs that know no floats of ours: thousandths, as integers.
        return {**known, "kind": self.kind.value, "seconds": f"{self.seconds:.3f}"}


def bounded(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The events, the last ones as one where a source is so bad that there are too many."""
    rest = events[_MOST_EVENTS:]
    if not rest:
        return events
    together = sum(event.seconds for event in rest), sum(event.frames or 0 for event in rest)
    return (*events[:_MOST_EVENTS], Event(Happened.GAP, rest[0].at_us, together[0], None, together[1]))


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of a segment. Times in µs of the session, which begins with its first picture; wall times RFC 3339.

    ``format``: digest of codecs, sizes and headers: segments of one format can be joined. ``ended_by`` is None while it
    is being recorded. ``closed``: its first picture needs none before it, and no later one either.
    """

    index: int
    start_us: int
    wall_start: str
    format: str
    events: tuple[Event, ...] = ()
    end_us: int | None = None
    wall_end: str | None = None
    frames: int = 0
    closed: bool = True
    reencoded: tuple[str, ...] = ()
    ended_by: EndedBy | None = None

    @property
    def dropped(self) -> int:
        """Pictures missing in this segment or before it."""
        return sum(event.frames or 0 for event in self.events)

    def as_json(self) -> dict[str, Any]:
        """The notes without what is not known."""
        raw = {name: value for name, value in asdict(self).items() if value is not None}
        return {**raw, "events": [event.as_json() for event in self.events], "reencoded": list(self.reencoded)}


def notes_from(raw: Mapping[str, Any]) -> Notes:
    """Read what ``Notes.as_json`` wrote; a ``KeyError``, ``TypeError`` or ``ValueError`` where it did not."""
    events = tuple(
        Event(Happened(e["kind"]), int(e["at_us"]), float(e["seconds"]), e.get("stream"), e.get("frames"))
        for e in raw["events"]
    )
    ended = EndedBy(raw["ended_by"]) if raw.get("ended_by") else None
    return Notes(**{**raw, "events": events, "reencoded": tuple(raw["reencoded"]), "ended_by": ended})


@dataclass(frozen=True, slots=True)
class Link:
    """A signed segment, as the next one names it: by manifest label and SHA-256 of the file."""

    index: int
    label: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Session:
    """A recording: what its segments share. ``source`` is named without user, password and query.

    ``statement``: fields of ``signer.order.Order``: what the manifests are to say, and the key's name.
    """

    id: str
    source: str
    started: str
    segment_s: float
    live: bool
    statement: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The session for its file."""
        return {"schema": f"provenance.capture/{VERSION}", **asdict(self)}


def segment_assertion(session: Session, notes: Notes, previous: Link | None) -> dict[str, Any]:
    """What a segment's manifest says of it."""
    return {
        "version": VERSION,
        "session": session.id,
        **notes.as_json(),
        "dropped_frames": notes.dropped,
        **({"previous": asdict(previous)} if previous is not None else {}),
    }
