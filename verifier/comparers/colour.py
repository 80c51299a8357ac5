"""Are a picture's colours the original's? What luma does not show: a thing, a sky or a skin recoloured.

1. Explain the clip's colours by the original's luma and colours over the whole picture: a grade, a turned hue, a wrong
   matrix and greyscale are such maps, and change nothing that is shown.
2. What is left of a block's mean colour, against what is left of the bulk of blocks, is its excess. A grade fits the
   colours there is much of, and others less: the more it moves, the more is left to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.frames import read_frames
from provenance.settings import Settings
from verifier.ahead import both
from verifier.comparers.pairs import Stretch
from verifier.geometry import Geometry, scaling
from verifier.timing import Piece

SHRINK = 2
"""Colours are compared at half the working copy's size: most files hold them at half the luma's."""
RATE = 5.0
"""Pairs per second."""
_FLOOR, _NOISE = 1.5, 2.5
"""Squared levels (of 255) added to every energy, what rounding leaves of a colour; and how often that of the tenth of
the blocks that has most of it: what the encoder leaves in this clip."""
_COLOURED = 1.0
"""Levels by which colours must differ around a block for it to tell what the encoder leaves: of white, nothing."""
_BLEEDS = 0.05
"""What an encoder or a change of size may carry over of that: thin coloured lines fade and flow into what is beside."""
_MOST = 9.0
"""What is added at most, for more than a tenth may have been recoloured: three levels of colour are seen by nobody."""
_TRUNCATE = 24.0
"""Levels of luma from which a difference counts no more: an altered part must not choose the frame."""
_KEPT = 0.75
"""Share of the blocks that the map is fitted to in the end: what was recoloured must not bend it."""
_TERMS = 8
_STRAY, _FREE = 6.0, 0.7
"""Levels by which a grade may miss a rare colour, for each more than so many that it moves the whole by, or for each
two that it moves that colour by: on a grey picture it moves little else. A re-encoding moves colours by up to 0.7."""
_KEENER = 1.3
"""What an excess of colour counts against one of luma: an encoder leaves less of it. With these limits, untouched clips
of the tuning half stay under 1.8 filmed off a screen and at 240p, graded under 2.3, in too few windows to be a change;
half a second recoloured palely in a fiftieth of the frame reaches 2.2 and more at 360p crf 30."""
Planes = NDArray[Any]
"""Y, Cr and Cb, shape (n, h, w, 3), levels of 255: float32, or uint8 as read."""


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """Both sides' colours in the clip's frame, at ``SHRINK`` of its size.

    ``times``: float64 (n,), clip seconds; ``ours`` and ``theirs``: the clip's and the original's; ``drift``: how far
    the original's go in a frame. Times of both do not meet exactly; what passes by quickly differs by that much.
    """

    times: NDArray[np.float64]
    ours: Planes
    theirs: Planes
    drift: Planes


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """``levels``: by number of the window, float32 (rows, columns), natural log of a block's energy over the bulk's;
    ``turned``: root mean square change (levels of 255) that the map over the whole picture makes to its colours."""

    levels: dict[int, NDArray[np.float32]]
    turned: float


def compare_colours(colours: Colours, geometry: Geometry, windows: NDArray[np.float64], block: int) -> Tint:
    """The excess of colour in the windows that a stretch of a piece reaches.

    Args:
        windows: float64 (m, 2), start and end of each in clip seconds, rising.
        block: pixels of the working copy between blocks; each is measured over twice as much.
    """
    mask = _mask(geometry)
    share = _blocks(mask[None, :, :, None], block // SHRINK)[0]
    seen = share[:, :, 0] > 1 / 2

    def pooled(planes: Planes) -> NDArray[np.float32]:
        # Borders and other pictures beside the original's do not count.
        whole: NDArray[np.float32] = _blocks(planes * mask[:, :, None], block // SHRINK) / np.maximum(share, 0.1)
        return whole

    times = colours.times
    if seen.sum() < 4 * _TERMS or not len(times):
        return Tint({}, 0.0)
    theirs = pooled(colours.theirs)
    mapped, left = _unexplained(pooled(colours.ours), theirs, seen)
    moved = np.sqrt(((mapped - theirs[..., 1:]) ** 2).sum(axis=-1))
    turned = float(np.sqrt(np.mean(moved[:, seen] ** 2) / 2))
    passing, spread = pooled(colours.drift)[..., 1:], _spread(theirs[..., 1:])
    levels = {}
    for number in np.flatnonzero((windows[:, 0] < times[-1] + 1 / RATE) & (windows[:, 1] > times[0])).tolist():
        inside = (times >= windows[number, 0] - 1e-6) & (times < windows[number, 1])
        if inside.any():
            energy = (left[inside].mean(axis=0) ** 2).sum(axis=-1)
            around = spread[inside].mean(axis=0)
            coloured = seen & (around > _COLOURED)
            bulk = float(np.median(energy[seen]))
            most = float(np.quantile(energy[coloured if coloured.sum() > 4 * _TERMS else seen], 0.9))
            graded = np.maximum(turned - _FREE, (moved[inside].mean(axis=0) - _FREE) / 2).clip(min=0)
            floor = _FLOOR + _NOISE * most + (_STRAY * graded) ** 2
            floor = np.minimum(floor, _MOST + (_STRAY * turned) ** 2)
            due = (passing[inside].mean(axis=0) ** 2).sum(axis=-1) + (_BLEEDS * around) ** 2
            excess = _KEENER * np.log((energy + floor) / (bulk + due + floor))
            levels[number] = np.where(seen, excess, 0).astype(np.float32)
    return Tint(levels, turned)


def _unexplained(
    ours: Planes, theirs: Planes, seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a map makes of the original's blocks, and what it leaves of the clip's: Cr and Cb, (n, rows, columns, 2)."""
    luma, red, blue = theirs[..., 0] / 255, theirs[..., 1] - 128, theirs[..., 2] - 128
    tone = [255 * luma**power for power in range(4)]
    basis = np.stack([*tone, red, blue, red * luma, blue * luma], axis=-1)
    source = basis[:, seen].reshape(-1, _TERMS).astype(np.float64)
    target = ours[:, seen, 1:].reshape(-1, 2).astype(np.float64) - 128
    # A little pull towards leaving colours as they are: a grey scene determines nothing.
    identity = np.zeros((_TERMS, 2))
    identity[4, 0] = identity[5, 1] = 1.0
    pull = 1e-4 * np.diag(np.maximum((source**2).sum(axis=0) / 100, len(source)))
    kept = np.full(len(source), True)
    fit = identity
    for _ in range(4):
        rows = source[kept]
        fit = np.linalg.solve(rows.T @ rows + pull, rows.T @ target[kept] + pull @ identity)
        error = np.abs(source @ fit - target).sum(axis=1)
        kept = error <= max(float(np.quantile(error, _KEPT)), 2.0)
    mapped = (basis @ fit.astype(np.float32) + 128).astype(np.float32)
    return mapped, (ours[..., 1:] - mapped).astype(np.float32)


def _spread(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard deviation of colours over a block and its neighbours: (n, rows, columns, 2) -> (n, rows, columns)."""
    found = []
    for picture in colours:
        mean, squares = (cv2.blur(planes, (3, 3), borderType=cv2.BORDER_REFLECT) for planes in (picture, picture**2))
        found.append(np.sqrt(np.maximum(0, squares - mean**2).sum(axis=-1)))
    return np.stack(found)


def aligned_colours(
    working: Path, reference: Path, piece: Piece, stretch: Stretch, geometry: Geometry, settings: Settings
) -> Colours:
    """About ``RATE`` pairs a second of a stretch of the piece; none where either side has no picture there."""
    start, stop = stretch
    small, other = _shrunk(geometry.clip_size), _shrunk(geometry.original_size)
    matrix = scaling(geometry.clip_size, small) @ geometry.matrix @ scaling(other, geometry.original_size)
    low, high = sorted((piece.original_time(start), piece.original_time(stop)))
    (times, ours), (moments, theirs) = both(
        lambda: _read(working, start, stop, small, settings, RATE),
        lambda: _read(reference, low - 0.2, high + 0.2, other, settings),
    )
    if not len(times) or not len(moments):
        return Colours(np.zeros(0), *[np.zeros((0, 1, 1, 3), np.float32)] * 3)
    wanted = piece.speed * times + piece.offset
    nearest = np.abs(moments[None, :] - wanted[:, None]).argmin(axis=1)
    ours = ours.astype(np.float32)
    laid, drift = [], []
    for picture, at in zip(ours, nearest.tolist(), strict=True):
        around = [
            cv2.warpPerspective(theirs[k].astype(np.float32), matrix, small, borderMode=cv2.BORDER_REPLICATE)
            for k in (max(0, at - 1), at, min(len(theirs) - 1, at + 1))
        ]
        apart = [np.minimum(np.abs(picture[..., 0] - other[..., 0]), _TRUNCATE).mean() for other in around]
        laid.append(around[int(np.argmin(apart))])
        drift.append(np.abs(around[2] - around[0]) / 2)
    return Colours(times, ours, np.stack(laid), np.stack(drift))


def _read(
    path: Path, start: float, end: float, size: tuple[int, int], settings: Settings, rate: float | None = None
) -> tuple[NDArray[np.float64], Planes]:
    """Frames of [start, end), all or about so many a second, uint8."""
    frames = read_frames(
        path,
        width=size[0],
        height=size[1],
        colour=True,
        start=Fraction(max(0, round(start * 1000)), 1000),
        end=Fraction(max(1, round(end * 1000)), 1000),
        limits=settings.limits,
        require_sandbox=settings.require_sandbox,
    )
    times: list[float] = []
    pictures = []
    for frame in frames:
        if rate is None or not times or int(float(frame.time) * rate + 1e-6) != int(times[-1] * rate + 1e-6):
            times.append(float(frame.time))
            pictures.append(cv2.cvtColor(frame.image, cv2.COLOR_BGR2YCrCb))
    return np.array(times), np.stack(pictures) if pictures else np.zeros((0, 1, 1, 3), np.uint8)


def _mask(geometry: Geometry) -> NDArray[np.float32]:
    """Which pixels show the original, without those at its edge: float32 (h, w), 0 or 1."""
    inner = cv2.erode(geometry.mask().astype(np.uint8), np.ones((7, 7), np.uint8))
    small = cv2.resize(inner, _shrunk(geometry.clip_size), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.float32)


def _shrunk(size: tuple[int, int]) -> tuple[int, int]:
    return max(1, size[0] // SHRINK), max(1, size[1] // SHRINK)


def _blocks(planes: Planes, block: int) -> NDArray[np.float32]:
    """Means over squares of twice ``block`` pixels, one every ``block``: (n, rows, columns, channels)."""
    found = []
    for picture in planes:
        smooth = cv2.blur(picture, (2 * block, 2 * block), borderType=cv2.BORDER_REFLECT)
        smooth = smooth.reshape(*picture.shape[:2], -1)
        found.append(smooth[block // 2 :: block, block // 2 :: block])
    return np.stack(found).astype(np.float32)
