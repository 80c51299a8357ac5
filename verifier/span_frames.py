"""The frames of a span of the clip, and of the stretch of the original that it may show."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from provenance.media.frames import read_frames
from provenance.media.values import Frame
from provenance.settings import Settings
from verifier.spans import Span
from verifier.tracks import Track, grid_size, original_track
from verifier.watch import Watch

_MARGIN_S = 20.0
_HELD_S = 60.0
"""Length of clips whose small frames are held: 25 MB at 30 a second."""
_LOOK_WIDTH = 160


def original_frames(window: Span, reference: Path, size: tuple[int, int], settings: Settings, watch: Watch) -> Track:
    """The original's track in a window (its seconds), and around it."""
    width, height = grid_size(size)
    start, end = max(0, int(window[0] - _MARGIN_S)), max(1, int(window[1] + _MARGIN_S) + 1)
    frames = read_frames(
        reference,
        width=width,
        height=height,
        start=Fraction(start),
        end=Fraction(end),
        limits=settings.limits,
        require_sandbox=settings.require_sandbox,
    )
    return original_track(_stepping(frames, watch, start, end))


def small_frames(
    working: Path, size: tuple[int, int], span: Span, settings: Settings, watch: Watch
) -> Callable[[], Iterable[Frame]]:
    """A span's frames, small, as often as wanted; those of a short clip are read once."""
    start, end = span

    def read() -> Iterable[Frame]:
        frames = read_frames(
            working,
            width=_LOOK_WIDTH,
            height=max(16, round(_LOOK_WIDTH * size[1] / size[0])),
            start=Fraction(start) if start else None,
            end=Fraction(end),
            limits=settings.limits,
            require_sandbox=settings.require_sandbox,
        )
        return _stepping(frames, watch, start, end)

    if end - start > _HELD_S:
        return read
    held = list(read())
    return lambda: held


def _stepping(frames: Generator[Frame, None, None], watch: Watch, start: float, end: float) -> Iterator[Frame]:
    """The frames as they come, with a step for each second of them; the decoder ends with whoever ends the steps."""
    due = start
    with contextlib.closing(frames):
        for frame in frames:
            if frame.time >= due:
                watch.step((float(frame.time) - start) / (end - start))
                due = float(frame.time) + 1
            yield frame
