"""Which picture of a report belongs to which finding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

# Bitmaps only: an SVG could carry text that was never escaped.
SHOWN = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Media types of pictures that may be shown."""


class Picture(Protocol):
    """What ``Evidence`` says of a picture, wherever its bytes are."""

    @property
    def media_type(self) -> str:
        """Such as ``image/png``."""
        ...

    @property
    def finding(self) -> int | None:
        """Index of its finding, or None for the whole clip."""
        ...


P = TypeVar("P", bound=Picture)


def by_finding(pictures: Iterable[P], findings: int) -> dict[int | None, list[P]]:
    """The pictures by the index of their finding; what belongs to none, or to one that is not there, under None.

    ``findings``: how many there are.
    """
    grouped: dict[int | None, list[P]] = {}
    for picture in pictures:
        if picture.media_type in SHOWN:
            index = picture.finding if picture.finding in range(findings) else None
            grouped.setdefault(index, []).append(picture)
    return grouped
