"""Sizes and turns: how a coded picture is shown, and how large the small copies are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from provenance.media.values import REFERENCE_WIDTH

_REFERENCE_HEIGHT = 854
_MOST_ANAMORPHIC = 16


@dataclass(frozen=True, slots=True)
class Orientation:
    """How coded pictures are turned to be shown: ``degrees`` clockwise, ``quarter`` where width and height swap."""

    filters: tuple[str, ...] = ()
    degrees: int = 0
    quarter: bool = False


def orientation(matrix: Sequence[int] | None) -> Orientation:
    """The turn a display matrix (ISO 14496-12, nine numbers) asks for, to the nearest quarter, mirrored or not."""
    if matrix is None:
        return Orientation()
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(b) + abs(c) > abs(a) + abs(d):
        if b > 0:
            return Orientation(("transpose=clock" if c <= 0 else "transpose=cclock_flip",), 90, True)
        return Orientation(("transpose=cclock" if c >= 0 else "transpose=clock_flip",), 270, True)
    filters = (("hflip",) if a < 0 else ()) + (("vflip",) if d < 0 else ())
    return Orientation(filters, 180 if len(filters) == 2 else 0)


def shown_size(width: int, height: int, pixel_shape: Fraction | None, quarter: bool) -> tuple[int, int]:
    """Width and height with square pixels, upright. ``pixel_shape``: width of a coded pixel over its height."""
    if pixel_shape and Fraction(1, _MOST_ANAMORPHIC) <= pixel_shape <= _MOST_ANAMORPHIC:
        width = max(1, round(width * pixel_shape))
    return (height, width) if quarter else (width, height)


def copy_size(width: int, height: int) -> tuple[int, int]:
    """Size of reference and working copies: within 480 x 854, even sides, never enlarged."""
    factor = min(Fraction(1), Fraction(REFERENCE_WIDTH, width), Fraction(_REFERENCE_HEIGHT, height))
    return _even(width, factor), _even(height, factor)


def bounded_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Size of a still's copy: its longer side at most ``longest``, never enlarged."""
    factor = min(Fraction(1), Fraction(longest, max(width, height)))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _even(side: int, factor: Fraction) -> int:
    return max(2, min(2 * round(side * factor / 2), side - side % 2))
