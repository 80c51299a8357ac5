"""The recording itself: packets come in, segments go out, each cut where pictures need nothing that was before.

1. The source opens; the first key picture is the beginning of the session's time.
2. Each packet gets its moment; what is missing or jumps is noted (``timeline``).
3. After the length of a segment, the next key picture begins another. Sound is divided at the same moment.
4. A source that is lost ends the segment; when it is back, the next one says how long it was away.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from provenance.times import exact
from signer.capture.folder import Folder
from signer.capture.segment_file import Part, format_of
from signer.capture.source import Opened, Over, Read, Reader
from signer.capture.timeline import Timeline
from signer.capture.tracks import Track, track_of
from signer.capture.values import MICROSECOND, EndedBy, Event, Happened, Notes, bounded

_LOOK_EVERY_S = 0.2
_LATE_SOUND_S = 2
"""How long a segment that was cut is kept open for sound that belongs to it."""
_WAIT_FOR_CLOSED = 3
"""Segments' lengths to wait for a key picture that refers to nothing before; then any key picture will do."""
_WAIT_FOR_SOUND_S = 5.0
_MOST_HELD = 1000
"""Packets that are kept until the headers of all streams are known."""
_CLOCK_SET_S = 0.5
_MOST_AHEAD_S = 10
"""How long before it is shown a picture may come; what says more is not believed."""
_SHORTEST_S = Fraction(1, 2)
"""No segment is begun for less, where it is known."""


_Held = tuple[Track, Any, float]
"""A stream, a packet of it, and when it came."""


@dataclass(slots=True)
class _Open:
    """A segment that is being written. ``until``: where it was cut, in s; sound up to there may still come."""

    part: Part
    notes: Notes
    start: Fraction
    began: float
    began_wall: float
    until: Fraction | None = None
    frames: int = 0


class Recorder:
    """Records into ``folder``; ``done`` hears of each whole segment, in order, and ``tell`` of what else happens.

    ``lost``: after ``run``, why the source was lost for good, if it was.
    """

    def __init__(
        self,
        folder: Folder,
        reader: Reader,
        segment_s: float,
        duration_s: float | None,
        done: Callable[[Notes], None],
        stopped: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> None:
        self.lost: str | None = None
        self._folder = folder
        self._reader = reader
        self._segment = exact(segment_s)
        self._duration = None if duration_s is None else exact(duration_s)
        self._done = done
        self._stopped = stopped
        self._tell = tell
        self._timeline = Timeline()
        self._tracks: dict[str, Track] = {}
        self._container: Any = None
        self._current: _Open | None = None
        self._closing: _Open | None = None
        self._index = 0
        self._opened_at = 0.0
        self._left_out: Event | None = None
        self._held: list[_Held] = []

    def run(self) -> None:
        """Record until the source ends or is lost for good, the duration is over, or ``stopped`` says so."""
        self._reader.start()
        try:
            while True:
                if self._stopped():
                    return self._end(EndedBy.STOPPED)
                try:
                    item = self._reader.items.get(timeout=_LOOK_EVERY_S)
                except queue.Empty:
                    if self._reader.is_alive() or not self._reader.items.empty():
                        continue
                    item = Over("reading broke off", final=True)
                if isinstance(item, Opened):
                    self._opened(item)
                elif isinstance(item, Read):
                    self._take(item)
                    if self._is_over():
                        return self._end(EndedBy.STOPPED)
                else:
                    self._end(EndedBy.LOST if item.reason is not None else EndedBy.END)
                    self._let_go()
                    if item.final:
                        self.lost = item.reason
                        return None
                    self._tell(f"no source: {item.reason}; trying again")
        finally:
            self._reader.stop()

    @property
    def seconds(self) -> float:
        """The length of what was recorded, times away included."""
        return float(self._timeline.end)

    def _is_over(self) -> bool:
        return self._duration is not None and self._timeline.end >= self._duration

    def _opened(self, item: Opened) -> None:
        if self._index:
            self._timeline.lost(item.away_s or 0.0)
            self._tell(f"the source is back after {item.away_s or 0.0:.1f} s")
        self._container, self._opened_at = item.container, time.monotonic()
        self._tracks = {s.type: track_of(s) for s in (item.video, item.audio) if s is not None}

    def _let_go(self) -> None:
        """Close a source that is no longer read; every packet of it was taken before."""
        self._tracks, self._held = {}, []
        if self._container is not None:
            self._container.close()
            self._container = None

    def _take(self, item: Read) -> None:
        track = self._tracks.get(item.packet.stream.type)
        if track is not None:
            self._held += [(track, packet, item.arrived) for packet in track.take(item.packet)]
        self._release(item.arrived)

    def _release(self, arrived: float) -> None:
        """Record what is held, once it is known where it begins."""
        held = self._held if self._current is not None else self._from_the_first_key(arrived)
        if held:
            self._held = []
        for track, packet, came in held:
            if track.kind in self._tracks:
                self._packet(track, packet, came)

    def _from_the_first_key(self, arrived: float) -> list[_Held]:
        """What is held from the first key picture on, that first; none before it came or headers are missing.

        What comes before it cannot be shown; the sound may be ahead of it, and is kept.
        """
        if self._opened_at + _WAIT_FOR_SOUND_S <= arrived or len(self._held) >= _MOST_HELD:
            self._tracks = {kind: track for kind, track in self._tracks.items() if track.ready}
        first = next((n for n, (track, packet, _) in enumerate(self._held) if self._is_key(track, packet)), None)
        if first is None or not all(track.ready for track in self._tracks.values()):
            self._held = self._held[-_MOST_HELD:]
            return []
        key = self._held[first]
        begin = key[1].pts * key[1].time_base
        self._timeline.begin(begin)
        ahead = [h for h in self._held[:first] if h[0] is not key[0] and h[1].pts * h[1].time_base >= begin]
        return [key, *ahead, *self._held[first + 1 :]]

    def _leads(self, track: Track) -> bool:
        """Whether segments are cut by this stream: the picture, and the sound where there is none."""
        return track.kind == "video" or "video" not in self._tracks

    def _is_key(self, track: Track, packet: Any) -> bool:
        return self._leads(track) and (track.kind == "audio" or bool(packet.is_keyframe))

    def _packet(self, track: Track, packet: Any, arrived: float) -> None:
        leads, key = self._leads(track), self._is_key(track, packet)
        base = packet.time_base
        if abs(packet.pts - packet.dts) * base > _MOST_AHEAD_S:
            packet.pts = packet.dts
        if not packet.duration:
            # Without it the last picture of a segment has no length, and is not shown.
            packet.duration = round(track.step / base)
        step = packet.duration * base
        offset = self._timeline.place(track.kind, packet.dts * base, step, arrived)
        moment = packet.pts * base + offset
        if self._current is None:
            self._current = self._begin(moment, track, packet)
        elif key and moment - self._current.start >= self._segment and self._may_cut(track, packet, moment):
            self._cut(moment, track, packet)
        current, closing = self._current, self._closing
        if leads:
            if moment < current.start:
                # It refers to pictures of the segment before, which is closed.
                self._lose(moment, step)
                return
            if not current.part.write(track.kind, packet, offset):
                self._lose(moment, step)
            elif track.kind == "video":
                current.frames += 1
        else:
            late = closing is not None and closing.until is not None and moment < closing.until
            (closing if closing is not None and late else current).part.write(track.kind, packet, offset)
        if (
            closing is not None
            and closing.until is not None
            and moment >= closing.until + (_LATE_SOUND_S if leads else 0)
        ):
            self._close(closing, EndedBy.LENGTH)
            self._closing = None

    def _may_cut(self, track: Track, packet: Any, moment: Fraction) -> bool:
        if self._duration is not None and moment > self._duration - _SHORTEST_S:
            return False
        if self._current is None or track.closes(packet):
            return True
        return moment - self._current.start >= self._segment * _WAIT_FOR_CLOSED

    def _cut(self, moment: Fraction, track: Track, packet: Any) -> None:
        if self._closing is not None:
            self._close(self._closing, EndedBy.LENGTH)
        before = self._current
        if before is not None:
            before.until = moment
            before.notes = replace(before.notes, events=(*before.notes.events, *self._timeline.take_events()))
        self._current, self._closing = self._begin(moment, track, packet), before
        if before is not None and len(self._tracks) == 1:
            self._close(before, EndedBy.LENGTH)
            self._closing = None

    def _begin(self, start: Fraction, track: Track, packet: Any) -> _Open:
        self._index += 1
        templates = {kind: t.template for kind, t in self._tracks.items()}
        configs = {kind: t.config for kind, t in self._tracks.items() if t.config is not None}
        notes = Notes(
            self._index,
            round(start / MICROSECOND),
            _wall(),
            format_of(templates, configs),
            self._timeline.take_events(),
            closed=track.closes(packet),
            reencoded=tuple(t.reencoded for t in self._tracks.values() if t.reencoded),
        )
        self._folder.write_notes(notes)
        part = Part(self._folder.part(self._index), templates, configs, start)
        return _Open(part, notes, start, time.monotonic(), time.time())

    def _lose(self, moment: Fraction, step: Fraction) -> None:
        """Note a picture that is left out; those of one cut together."""
        events, before = self._timeline.events, self._left_out
        if before is not None and events and events[-1] is before:
            events.pop()
            at, seconds, frames = before.at_us, before.seconds, before.frames or 0
        else:
            at, seconds, frames = round(moment / MICROSECOND), 0.0, 0
        at = min(at, round(moment / MICROSECOND))
        self._left_out = Event(Happened.GAP, at, seconds + float(step), "video", frames + 1)
        events.append(self._left_out)

    def _end(self, how: EndedBy) -> None:
        """End what is open: the source is gone, or enough is recorded."""
        now = time.monotonic()
        for track in self._tracks.values():
            self._held += [(track, packet, now) for packet in track.end()]
        self._release(now + _WAIT_FOR_SOUND_S)
        for segment, why in ((self._closing, EndedBy.LENGTH), (self._current, how)):
            if segment is not None:
                self._close(segment, why)
        self._closing = self._current = None

    def _close(self, segment: _Open, how: EndedBy) -> None:
        segment.part.close()
        end = segment.until if segment.until is not None else self._timeline.end
        events = segment.notes.events
        if segment is self._current:
            events += self._timeline.take_events()
        set_by = (time.time() - segment.began_wall) - (time.monotonic() - segment.began)
        if abs(set_by) > _CLOCK_SET_S:
            events += (Event(Happened.SYSTEM_CLOCK, round(end / MICROSECOND), set_by),)
        self._done(
            replace(
                segment.notes,
                events=bounded(events),
                end_us=round(end / MICROSECOND),
                wall_end=_wall(),
                frames=segment.frames,
                ended_by=how,
            )
        )


def _wall() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
