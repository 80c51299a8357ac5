"""What single frames say of a changed part as a layer over the picture: its outline and its inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.comparers.veil import find_veil

_LATER = 3
"""Frames, at ten a second, up to which a moment is held against those before and after. Subtitles are soon others, but
within so many what moves has moved."""
_REACH = 4
"""Pixels, each way, that a layer is looked for elsewhere."""
_MOVED, _SLACK = 2.0, 25.0
"""A layer moves where, in its place, it differs more than so many times as much as elsewhere, and by so much more
(squared levels: the noise of 360p crf 30)."""
_SAME = 14.0
"""Levels by which a pixel of a layer may differ between two moments: what an encoder leaves at 360p crf 30."""
_MIN_PIXELS = 30
_EDGE = 6.0
"""Levels a pixel from which a slope is an edge."""
_HIGH = 0.25
"""The same of a steep one, as a share of the layer's own contrast."""
_GENTLE, _STEEP = 0.04, 0.15
"""Slopes per pixel, as shares of the layer's own contrast, between which a surface is neither flat nor a line."""
PART = 48
"""Side of the squares (pixels) that a layer is judged in by itself."""
_BROAD = np.ones((PART // 2, PART // 2), np.uint8)
"""What fits into a board, and into no letter or line."""
_PLAIN = 24.0
"""Levels around a board's colour and its letters' that an encoder leaves them in at 360p crf 30."""
_NEAR = np.ones((3, 3), np.uint8)
_WIDE = np.ones((5, 5), np.uint8)
Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LayerFrame:
    """What one frame says of a layer; energies in squared levels, ``outline`` in pixels, 0 where no layer stays.

    ``parts``: float32 (7, rows, columns), pixels within ``PART`` about each place: of the outline; those at which only
    the clip has an edge, or one as high as the layer where none ends; those at which one of the original ends; of the
    inside; those that are neither flat nor a line; those of the layer's two colours; and those that are changed though
    the layer is not there. None without a layer.
    """

    energy: float
    explained: float
    outline: int = 0
    outlined: float = 0.0
    sharp: float = 0.0
    steep: float = 0.0
    erased: float = 0.0
    slopes: float = 0.0
    covered: float = 0.0
    broad: float = 0.0
    through: float = 0.0
    rest: int = 0
    uneven: int = 0
    parts: NDArray[np.float32] | None = None


def layer_frames(ours: Levels, theirs: Levels, change: Levels, limit: float, pixels: int) -> list[LayerFrame]:
    """Look at each frame of a changed part.

    Args:
        ours, theirs: its pictures in the clip and the original, (n, h, w, 3), levels of 255, aligned and alike in tone.
        change: (n, h, w), levels that they differ by, 0 beyond the part.
        limit: from which a pixel counts as changed.
        pixels: of the whole frame.
    """
    veil = find_veil(ours, theirs, change > limit)
    veiled = np.zeros(change.shape, np.bool_) if veil is None else veil.veiled
    slopes = [np.stack([_slope(picture) for picture in side]) for side in (ours, theirs)]
    frames = []
    for at in range(len(ours)):
        stays, beside = _stays(ours, change, limit, at)
        # An edge of the original that passes is no edge of the place. The layer's own may move: a bar that fills.
        lasting = slopes[1][beside].min(axis=0)
        frame = _frame(ours[at], change[at], stays, veiled[at], (slopes[0][at], lasting), limit, pixels)
        if veil is not None:
            rest, uneven = _uneven(change[at], (change[at] > limit) & ~veiled[at], slopes[0][at])
            frame = replace(frame, through=veil.alike, rest=rest, uneven=uneven)
        frames.append(frame)
    return frames


def _stays(ours: Levels, change: Levels, limit: float, at: int) -> tuple[NDArray[np.uint8], list[int]]:
    """The changed pixels that stay as they are, and the frames that have most of them; none of what moves."""
    stays = np.zeros(change.shape[1:], np.bool_)
    changed, beside = change[at] > limit, [at]
    others = [other for other in range(max(0, at - _LATER), min(len(ours), at + _LATER + 1)) if other != at]
    for other in others:
        held = changed & (change[other] > limit) & (np.abs(ours[at] - ours[other]).max(axis=-1) < _SAME)
        stays |= held
        if 2 * held.sum() >= changed.sum():
            beside.append(other)
    kept = np.asarray(cv2.morphologyEx(stays.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    if any(_moves(ours[at], ours[other], kept) for other in (others[0], others[-1])):
        kept[:] = 0
    return kept, beside


def _moves(here: Levels, there: Levels, layer: NDArray[np.uint8]) -> bool:
    """Whether a layer is found in another frame, and a little beside its place."""
    rows, columns = np.nonzero(cv2.dilate(layer, _WIDE)[_REACH:-_REACH, _REACH:-_REACH])
    if not len(rows):
        return False
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    inner = slice(top + _REACH, bottom + _REACH), slice(left + _REACH, right + _REACH)
    outer = slice(top, bottom + 2 * _REACH), slice(left, right + 2 * _REACH)
    where = np.repeat(cv2.dilate(layer, _WIDE)[inner][..., None], 3, axis=-1).astype(np.float32)
    apart = cv2.matchTemplate(there[outer], here[inner], cv2.TM_SQDIFF, mask=where) / where.sum()
    return bool(apart[_REACH, _REACH] > _MOVED * apart.min() + _SLACK)


def _uneven(change: NDArray[np.float32], rest: NDArray[np.bool_], slopes: NDArray[np.float32]) -> tuple[int, int]:
    """Pixels inside what a veil does not explain, and those of them that are neither flat nor a line."""
    inner = cv2.erode(rest.astype(np.uint8), _WIDE) > 0
    contrast = float(np.median(change[rest])) if rest.any() else 0.0
    return int(inner.sum()), int(_sloping(contrast, slopes)[inner].sum())


def _sloping(contrast: float, slopes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which pixels are neither flat nor a line, by the contrast of a layer."""
    return np.asarray((slopes >= _GENTLE * contrast) & (slopes < _STEEP * contrast))


def _frame(
    picture: Levels,
    change: NDArray[np.float32],
    kept: NDArray[np.uint8],
    veiled: NDArray[np.bool_],
    slopes: tuple[NDArray[np.float32], NDArray[np.float32]],
    limit: float,
    pixels: int,
) -> LayerFrame:
    """One frame: its picture, the difference, what stays of it, where the original shows through, and both slopes."""
    energy = change**2
    told = cv2.dilate(kept, _WIDE) > 0
    told |= cv2.dilate(veiled.astype(np.uint8), _NEAR) > 0
    explained = float(energy[told].sum())
    if kept.sum() < _MIN_PIXELS:
        return LayerFrame(float(energy.sum()), explained, covered=float(veiled.sum() / pixels))
    layer = _filled(kept)
    inner = cv2.erode(layer, _NEAR, borderValue=1) > 0
    outline = (layer > 0) & ~inner
    ours, theirs = (cv2.dilate(slope, _NEAR) for slope in slopes)
    contrast = float(np.median(change[layer > 0]))
    sloping = _sloping(contrast, slopes[0])
    outlined = outline & (ours > 1.5 * theirs) & (ours > _EDGE)
    steep = outline & (ours > max(_EDGE, _HIGH * contrast))
    erased = outline & (theirs > 1.5 * ours) & (theirs > _EDGE)
    whole = outlined | (steep & ~erased)
    plain, left = _plain(picture, inner), (change > limit) & ~told
    counted = outline, whole, erased, inner, inner & sloping, plain, left
    count = max(1, int(outline.sum()))
    return LayerFrame(
        float(energy.sum()),
        explained,
        outline=int(outline.sum()),
        outlined=float(outlined.sum() / count),
        sharp=float((outline & (cv2.dilate(change, _WIDE) > 2 * limit)).sum() / count),
        steep=float(steep.sum() / count),
        erased=float(erased.sum() / count),
        slopes=float(sloping[inner].mean()) if inner.any() else 1.0,
        covered=float(layer.sum() / pixels),
        broad=float(cv2.morphologyEx(layer, cv2.MORPH_OPEN, _BROAD).sum() / layer.sum()),
        parts=np.stack([_around(where) for where in counted]),
    )


def _plain(picture: Levels, inner: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pixels inside are about of their median colour, or of that of all others."""
    plain = np.zeros_like(inner)
    for _ in range(2):
        rest = inner & ~plain
        if rest.any():
            plain |= inner & (np.abs(picture - np.median(picture[rest], axis=0)).max(axis=-1) < _PLAIN)
    return plain


def _around(where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How many pixels lie within a part about every third of one."""
    counts = cv2.boxFilter(where.astype(np.float32), -1, (PART, PART), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(counts[PART // 6 :: PART // 3, PART // 6 :: PART // 3])


def _filled(layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With its holes, where what lies beneath happens to be of the same colour."""
    closed = cv2.morphologyEx(layer, cv2.MORPH_CLOSE, _NEAR)
    without = cv2.copyMakeBorder(1 - closed, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(without, connectivity=4)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0], np.uint8)


def _slope(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels a pixel by which the channel that changes most does: float32 (h, w)."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.7)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *way, ksize=3) / 8 for way in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt(across**2 + down**2).max(axis=-1), np.float32)
