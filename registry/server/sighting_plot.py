"""Counts of sightings as stacked bars, one for each of the last months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.sighting_lists import Count

MONTHS = 12
WIDTH, HEIGHT = 640, 160
"""Of the bars' area, in the drawing's own units."""
_GAP = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One kind's part of a month's bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Month:
    """A month with its bar from ``x`` on; ``numbers``: of each kind, in the plot's order."""

    name: str
    x: float
    bars: tuple[Bar, ...]
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        """All sightings of the month."""
        return sum(self.numbers)


@dataclass(frozen=True, slots=True)
class Plot:
    """What the template draws, and writes as a table."""

    kinds: tuple[str, ...]
    months: tuple[Month, ...]
    bar_width: float
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def total(self) -> int:
        """All sightings in the plot."""
        return sum(month.total for month in self.months)


def plot(counts: Sequence[Count], kinds: Sequence[str], last: str) -> Plot:
    """The last ``MONTHS`` months up to ``last`` (``2026-11``), empty ones included; kinds stacked from the bottom."""
    numbers = {(count.month, count.kind): count.sightings for count in counts}
    names = list(reversed(_until(last)))
    rows = [tuple(numbers.get((name, kind), 0) for kind in kinds) for name in names]
    highest = max(1, *(sum(row) for row in rows))
    step = WIDTH / MONTHS
    months = tuple(
        Month(name, round(place * step + _GAP / 2, 1), _stack(kinds, row, highest), row)
        for place, (name, row) in enumerate(zip(names, rows, strict=True))
    )
    return Plot(tuple(kinds), months, round(step - _GAP, 1))


def _stack(kinds: Sequence[str], row: Sequence[int], highest: int) -> tuple[Bar, ...]:
    bars = []
    below = 0
    for kind, number in zip(kinds, row, strict=True):
        if number:
            top = below + number
            bars.append(Bar(kind, round(HEIGHT * (1 - top / highest), 1), round(HEIGHT * number / highest, 1)))
            below = top
    return tuple(bars)


def _until(last: str) -> list[str]:
    """Names of the months, the last one first."""
    year, month = map(int, last.split("-"))
    ends = [year * 12 + month - 1 - back for back in range(MONTHS)]
    return [f"{end // 12:04}-{end % 12 + 1:02}" for end in ends]
