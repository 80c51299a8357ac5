"""The pictures that files show at some moments, and the sizes at which they are compared."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.media.commands import STILL_REFERENCE_SIDE
from provenance.media.geometry import bounded_size, copy_size
from provenance.media.probe import probe
from provenance.media.values import GreyImage
from provenance.settings import Settings
from provenance.times import exact
from verifier.ahead import both
from verifier.held import frames_of

_ONE_READ_S = 90.0
Colour = NDArray[np.uint8]
"""BGR, shape (h, w, 3)."""


def picture_at(
    path: Path | None, moment: float, size: tuple[int, int], settings: Settings, *, since: float | None = None
) -> Colour | None:
    """The last frame up to a second of the file, at (width, height); None where there is none.

    ``since``: from which second on; for one second if it is not given.

    Raises:
        MediaError: the file cannot be decoded.
    """
    if path is None:
        return None
    found: Colour | None = None
    at = exact(max(0.0, moment))
    first = at - 1 if since is None else exact(max(0.0, since))
    for frame in frames_of(path, size, max(exact(0.0), first), at + exact(0.001), settings, colour=True):
        found = frame.image
    return found


def pictures_at(path: Path, moments: list[float], size: tuple[int, int], settings: Settings) -> list[GreyImage | None]:
    """The grey frames on show at those seconds, at that (width, height); None past the end."""
    if not moments:
        return []
    if max(moments) - min(moments) > _ONE_READ_S and len(moments) > 1:
        return [picture for moment in moments for picture in pictures_at(path, [moment], size, settings)]
    found: list[GreyImage | None] = [None] * len(moments)
    exact = [Fraction(round(moment * 1_000_000), 1_000_000) for moment in moments]
    for frame in frames_of(path, size, max(Fraction(0), min(exact) - 1), max(exact) + Fraction(1, 1000), settings):
        for index, moment in enumerate(exact):
            if frame.time <= moment and moment - frame.time <= 1:
                found[index] = frame.image
    return found


def pairs_at(
    reference: Path,
    working: Path,
    ours: list[float],
    theirs: list[float],
    sizes: tuple[tuple[int, int], tuple[int, int]],
    settings: Settings,
) -> list[tuple[GreyImage, GreyImage]]:
    """Grey pictures (original, clip) of the moments ``theirs`` and ``ours`` (seconds), each at its (width, height)."""
    originals, clips = both(
        lambda: pictures_at(reference, theirs, sizes[0], settings),
        lambda: pictures_at(working, ours, sizes[1], settings),
    )
    return [(a, b) for a, b in zip(originals, clips, strict=True) if a is not None and b is not None]


def size_of(path: Path, settings: Settings) -> tuple[int, int]:
    """Width and height at which a film or picture is compared, in pixels: those that its copy has or would have."""
    info = probe(path, limits=settings.limits, require_sandbox=settings.require_sandbox)
    width, height = info.width or 1, info.height or 1
    return bounded_size(width, height, STILL_REFERENCE_SIDE) if info.still else copy_size(width, height)
