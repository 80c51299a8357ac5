"""How a query and an original are related: only pairs that must never match count as false."""

from __future__ import annotations

from benchmarks.corpus import SAME_FILM

SERIES = ("intel_asl_",)
"""Clips whose names begin alike show the same person in the same place, at other moments."""


def relation(assets: tuple[str, ...], clip: str, original: str) -> str:
    """``own``, ``film`` (another cut of the same film, which may hold the same moments), ``hard`` or ``other``.

    Args:
        assets: the originals in the query.
        clip: the original that the query was made from.
        original: the one it is held against.
    """
    if original in assets:
        return "own"
    if any(name.startswith(SAME_FILM) and original.startswith(SAME_FILM) for name in (clip, *assets)):
        return "film"
    if any(clip.startswith(series) and original.startswith(series) for series in SERIES):
        return "hard"
    return "other"
