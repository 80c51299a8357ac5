"""From the times of a source, which may jump, to one line of time for the whole recording. Pure."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction

from signer.capture.values import MICROSECOND, Event, Happened

_LONGEST_GAP = Fraction(10)
"""Seconds missing from which on the clock of a source is taken to have jumped, unless as long passed here, too."""
_AS_LONG = Fraction(1)
_SAME_JUMP = Fraction(1, 2)
_MISSING_AT = Fraction(8, 5)
"""Steps between two pictures, in usual ones, from which on one is missing."""
_SOUND_MISSING_AT = Fraction(1, 10)
_USUAL = 31
"""Steps of which the median is the usual one: cameras change their rate with the light."""


@dataclass(slots=True)
class _Stream:
    offset: Fraction
    last: Fraction
    arrived: float
    step: Fraction
    steps: deque[Fraction] = field(default_factory=lambda: deque(maxlen=_USUAL))


@dataclass(slots=True)
class Timeline:
    """Gives each packet its moment in the session, and notes what is missing.

    Moments of one stream never go back. Streams whose clocks jump together stay together.
    """

    events: list[Event] = field(default_factory=list)
    _streams: dict[str, _Stream] = field(default_factory=dict)
    _offset: Fraction | None = None
    _resume_at: Fraction | None = None

    def place(self, stream: str, dts: Fraction, step: Fraction, arrived: float) -> Fraction:
        """What to add to this packet's times. ``stream``: video or audio; ``step``: its length in s as far as known.

        ``arrived``: when it came, in s of a clock that does not jump.
        """
        known = self._streams.get(stream)
        if known is None:
            if self._offset is None:
                self.begin(dts)
            offset = self._offset or Fraction(0)
            self._streams[stream] = _Stream(offset, dts + offset, arrived, step)
            return offset
        moment, usual = dts + known.offset, self._usual(known, step)
        delta = moment - known.last
        passed = Fraction(arrived - known.arrived)
        if delta <= 0 or (delta > _LONGEST_GAP and abs(delta - passed) > _AS_LONG):
            self._jump(known, stream, dts, usual)
            moment = dts + known.offset
        elif stream == "video" and delta > usual * _MISSING_AT:
            known.steps.append(delta)
            self._missing(Happened.GAP, known, delta - usual, stream, max(1, round(delta / usual) - 1))
        elif stream != "video" and delta > usual + _SOUND_MISSING_AT:
            self._missing(Happened.GAP, known, delta - usual, stream, None)
        else:
            known.steps.append(delta)
        known.last, known.arrived, known.step = moment, arrived, usual
        return known.offset

    def begin(self, pts: Fraction) -> None:
        """Take a moment of the source for the beginning, or for the return of a source that was lost."""
        self._offset = (self._resume_at or Fraction(0)) - pts

    def lost(self, seconds: float) -> None:
        """The source was away for so long, and comes back with times of its own."""
        end = self.end
        self.events.append(Event(Happened.LOST, round(end / MICROSECOND), seconds))
        self._resume_at = end + Fraction(seconds).limit_denominator(1_000_000)
        self._streams.clear()
        self._offset = None

    def take_events(self) -> tuple[Event, ...]:
        """What happened since it was last asked."""
        events, self.events = tuple(self.events), []
        return events

    @property
    def end(self) -> Fraction:
        """Where the recording has come to, in s."""
        known = self._resume_at or Fraction(0)
        return max((stream.last + stream.step for stream in self._streams.values()), default=known)

    def _usual(self, known: _Stream, step: Fraction) -> Fraction:
        if len(known.steps) >= _USUAL // 2:
            return Fraction(statistics.median_low(known.steps))
        return step or (Fraction(statistics.median_low(known.steps)) if known.steps else known.step) or Fraction(1, 25)

    def _jump(self, known: _Stream, stream: str, dts: Fraction, usual: Fraction) -> None:
        before = known.offset
        offset = known.last + usual - dts
        # The other stream may have jumped before, by as much: then both keep to each other.
        other = next((s.offset for s in self._streams.values() if s is not known), None)
        if other is not None and abs(other - offset) < _SAME_JUMP and dts + other > known.last:
            offset = other
        else:
            jumped = float(before - offset)
            self.events.append(Event(Happened.JUMP, round(known.last / MICROSECOND), jumped, stream))
        known.offset = offset
        known.steps.clear()

    def _missing(self, kind: Happened, known: _Stream, length: Fraction, stream: str, frames: int | None) -> None:
        self.events.append(Event(kind, round(known.last / MICROSECOND), float(length), stream, frames))
