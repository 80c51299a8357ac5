"""Aligned pictures: clip frames beside the original's frames of the same moment, in the clip's frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.settings import Settings
from verifier.ahead import both
from verifier.geometry import Geometry
from verifier.held import frames_of
from verifier.timing import Piece

CHUNK_S = 10.0
RATE = 10.0
"""Pairs per second."""
_TRUNCATE = 24.0
_USUAL_BONUS = 0.97
_SAMPLED = 7
"""Of so many pixels one tells by how much two pictures differ in brightness."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """A stretch of aligned pictures.

    ``times``: float64 (n,), clip seconds; ``clip`` and ``original``: uint8 (n, h, w) luma, or (n, h, w, 3) BGR where
    colour was asked for, the original warped into the clip's frame but not yet matched in tone.
    """

    times: NDArray[np.float64]
    clip: NDArray[np.uint8]
    original: NDArray[np.uint8]


Stretch = tuple[float, float]
"""Clip seconds, [start, end)."""


def chunks(piece: Piece) -> list[Stretch]:
    """The piece in stretches of about ``CHUNK_S``, so that memory stays flat."""
    # A still has no length: its one picture is there at second 0.
    end = piece.end if piece.length else piece.start + 1 / RATE
    edges = np.linspace(piece.start, end, max(1, round((end - piece.start) / CHUNK_S)) + 1)
    return list(pairwise(edges.tolist()))


def aligned_pairs(
    working: Path,
    reference: Path,
    piece: Piece,
    stretch: Stretch,
    geometry: Geometry,
    settings: Settings,
    *,
    colour: bool = False,
) -> Pairs:
    """Up to ``RATE`` pairs a second of a stretch of the piece; none where either side has no picture there."""
    start, end = stretch
    low, high = sorted((piece.original_time(start), piece.original_time(end)))
    (times, clip), (moments, originals) = both(
        lambda: load(working, start, end, geometry.clip_size, settings, colour=colour),
        lambda: load(reference, low - 0.2, high + 0.2, geometry.original_size, settings, colour=colour),
    )
    if not len(times) or not len(moments):
        return Pairs(np.zeros(0), np.zeros((0, 1, 1), np.uint8), np.zeros((0, 1, 1), np.uint8))
    keep = np.flatnonzero(np.diff(np.floor(times * RATE + 1e-6), prepend=-1) > 0)
    keep = _together(keep, times, moments, piece)
    wanted = piece.speed * times[keep] + piece.offset
    seen = _halved(geometry.mask().astype(np.uint8), cv2.INTER_NEAREST) > 0
    seen |= not seen.any()
    return Pairs(times[keep], clip[keep], _best(clip[keep], originals, moments, wanted, geometry, seen))


def _together(
    keep: NDArray[np.int64], times: NDArray[np.float64], moments: NDArray[np.float64], piece: Piece
) -> NDArray[np.int64]:
    """Move each kept clip frame to the one nearest to an original frame's moment.

    A clip of a higher frame rate has frames that the original has not; they are not to be compared.
    """
    if piece.speed == 0:
        return keep
    wanted = piece.speed * times[keep] + piece.offset
    nearest = moments[np.abs(moments[None, :] - wanted[:, None]).argmin(axis=1)]
    there = (nearest - piece.offset) / piece.speed
    moved = np.abs(times[None, :] - there[:, None]).argmin(axis=1)
    return np.unique(moved)


def _best(
    pictures: NDArray[np.uint8],
    originals: NDArray[np.uint8],
    moments: NDArray[np.float64],
    wanted: NDArray[np.float64],
    geometry: Geometry,
    seen: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """For each picture the original's frame nearest in time or a neighbour of it: rates need not agree.

    The one that differs least; of those that differ about as much, the one that does best over the whole stretch. A
    moment is good to half a frame, and what moves fast and is small tells a frame from the next to the eye alone.

    Args:
        wanted: float64 (n,), the original's second of each picture.
        seen: which pixels show the original at all, at half the size.
    """
    nearest = np.abs(moments[None, :] - wanted[:, None]).argmin(axis=1)
    options = np.clip(nearest[:, None] + np.array([-1, 0, 1]), 0, len(moments) - 1)
    costs = np.empty(options.shape)
    for row, picture in enumerate(pictures):
        small = _small(picture, seen)
        for column, k in enumerate(options[row]):
            apart = small - _small(geometry.warp(originals[k]), seen)
            # What brightens all of one is no difference, nor is what a bar or border takes from its mean.
            apart -= np.median(apart[::_SAMPLED])
            # Truncated, so that what moves decides and an altered part does not.
            costs[row, column] = np.minimum(np.abs(apart), _TRUNCATE).mean()
    costs[:, costs.mean(axis=0).argmin()] *= _USUAL_BONUS
    return np.stack([geometry.warp(originals[k]) for k in options[np.arange(len(options)), costs.argmin(axis=1)]])


def _small(picture: NDArray[np.uint8], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What is seen at half the size, without colour: float32 (n,)."""
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim > 2 else picture
    return _halved(luma, cv2.INTER_AREA)[seen].astype(np.float32)


def _halved(picture: NDArray[Any], method: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=method), np.uint8)


def load(
    path: Path, start: float, end: float, size: tuple[int, int], settings: Settings, *, colour: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """All frames of [start, end) at (width, height): seconds float64 (n,), luma uint8 (n, h, w) or BGR (n, h, w, 3)."""
    first, last = Fraction(max(0, round(start * 1000)), 1000), Fraction(max(1, round(end * 1000)), 1000)
    frames = frames_of(path, size, first, last, settings, colour=colour)
    times, pictures = [], []
    for frame in frames:
        times.append(float(frame.time))
        pictures.append(frame.image)
    if not times:
        return np.zeros(0), np.zeros((0, 1, 1), np.uint8)
    return np.array(times), np.stack(pictures)
