"""Other moments of the same clip: its first half is registered, its second half is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.identify.base import cut_base
from benchmarks.identify.run import Task

RECIPES = ("reencode", "crop-10", "grey")
LEAST_SECONDS = 5.0
WINDOWS = 3
_WINDOW_S = 8.0
_WHOLE_S = 3600.0
_GAP = 0.02
"""Share of the clip that is left out between the halves."""


def first_halves(clips: Sequence[Path], work: Path) -> dict[str, Path]:
    """The first half of each clip that is long enough, by the clip's name: to be registered."""
    found = {}
    for clip in clips:
        if cut_base(clip, work, most=_WHOLE_S).seconds >= LEAST_SECONDS:
            found[clip.name] = cut_base(clip, work, part=(0.0, 0.5), most=_WHOLE_S).path
    return found


def tasks(clips: Sequence[Path], work: Path) -> list[tuple[str, Task]]:
    """Queries from the second halves, with the name of the clip that each is of."""
    found = []
    for clip in clips:
        length = cut_base(clip, work, most=_WHOLE_S).seconds
        if length < LEAST_SECONDS:
            continue
        count = max(1, min(WINDOWS, int(length / 2 / _WINDOW_S)))
        step = (0.5 - _GAP) / count
        for number in range(count):
            part = (0.5 + _GAP + number * step, 0.5 + _GAP + (number + 1) * step)
            query = cut_base(clip, work, part=(round(part[0], 3), round(part[1], 3))).path
            found += [(clip.name, Task(query, query, query, recipe, ())) for recipe in RECIPES]
    return found
