"""What a changed region is like as a layer over the picture: what stays, how it begins, how flat it is.

1. A layer's pixels stay as they are from one moment to the next ones, whatever the original's do beneath.
2. Where it begins, the clip has an edge that the original has not, or one as steep as the layer's contrast; and no edge
   of the original ends there. What was removed or written anew on a surface of the scene takes edges away, or fades in.
3. Inside it is flat, or lines: nearly no slope in between. What was filmed is full of slopes, and stays a region,
   though it may stand as still as a sticker.
4. Or the original shows through it: a shade, a sign at half strength.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.comparers.veil import ALIKE, find_veil

MOST_COVERED = 0.25
"""Share of the frame that layers together may hide: a picture of which more is hidden was not compared."""
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
_NEAR = np.ones((3, 3), np.uint8)
_WIDE = np.ones((5, 5), np.uint8)
Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """What a change would be as a layer, all 0-1.

    ``explained``: share of the change's energy where the layer lies. ``outlined``: share of its outline at which the
    clip has an edge and the original none; ``sharp``: at which the difference is large within two pixels; ``steep``: at
    which the clip has an edge as high as the layer; ``erased``: at which the original has an edge and the clip none.
    ``slopes``: share of its inside that is neither flat nor a line. ``covered``: share of the frame that it hides.
    ``through``: share of the changed pixels at which the original shows through; ``uneven``: share of the inside of
    all others that is neither flat nor a line, 0 where it shows through nowhere. No limit lets more of it be so: what
    is let into a shade is not excused by its own outline.
    """

    explained: float
    outlined: float
    sharp: float
    steep: float
    erased: float
    slopes: float
    covered: float
    through: float = 0.0
    uneven: float = 0.35

    @property
    def drawn(self) -> bool:
        """Whether it was drawn over the picture."""
        return any(map(self._meets, (CLEAR, AMID_EDGES, SEEN_THROUGH)))

    def _meets(self, limits: Layer) -> bool:
        least = ("explained", "outlined", "sharp", "steep", "through")
        enough = all(getattr(self, name) >= getattr(limits, name) for name in least)
        most = ("erased", "slopes", "covered", "uneven")
        return enough and all(getattr(self, name) <= getattr(limits, name) for name in most)


CLEAR = Layer(explained=0.75, outlined=0.8, sharp=0.9, steep=0.0, erased=0.06, slopes=0.28, covered=MOST_COVERED)
"""Stickers and letters of the tuning half at 360p crf 30 have 0.94 and more explained, 0.80 and more of their outline,
0.96 and more of it sharp, and up to 0.25 of slopes. Of things added and writing changed, one with so few slopes and so
much explained has 0.77 of an outline; what was removed has 0.37. Photographs laid over have 0.3 to 0.7 of slopes."""
AMID_EDGES = Layer(explained=0.75, outlined=0.5, sharp=0.0, steep=0.75, erased=0.07, slopes=0.33, covered=MOST_COVERED)
"""Over busy ground the original has edges of its own: a mark's letters have down to 0.58 of an outline there, but 0.94
of it is steep; a sticker's 0.72 and 0.77; and faint letters up to 0.32 of slopes. At most 0.04 of an original's edges
end with a mark, 0.06 with a sticker. Writing changed has 0.66 steep at most, and erases 0.09 and more. A flat thing
recoloured has 0.94 of steep edges, which are the original's: 0.03 of an outline."""
SEEN_THROUGH = Layer(
    explained=0.85,
    outlined=0.0,
    sharp=0.0,
    steep=0.0,
    erased=1.0,
    slopes=1.0,
    covered=MOST_COVERED,
    through=ALIKE,
)
"""No outline is asked for: a shade fades in. Its letters and arrows are flat: up to 0.31 of them is not on the tuning
half, and 0.43 of a photograph let into it. Small changes beneath a layer are not seen, here as under any other."""


@dataclass(frozen=True, slots=True)
class LayerFrame:
    """What one frame says of a layer; energies in squared levels, ``outline`` in pixels, 0 where no layer stays."""

    energy: float
    explained: float
    outline: int = 0
    outlined: float = 0.0
    sharp: float = 0.0
    steep: float = 0.0
    erased: float = 0.0
    slopes: float = 0.0
    covered: float = 0.0
    through: float = 0.0
    rest: int = 0
    uneven: int = 0


def layer_of(frames: Sequence[LayerFrame]) -> Layer | None:
    """What frames say together; None where nothing is changed, or no layer stays."""
    energy = sum(frame.energy for frame in frames)
    through = sum(frame.energy * frame.through for frame in frames)
    with_layer = [frame for frame in frames if frame.outline]
    if not energy or not (with_layer or through):
        return None

    def mean(values: Sequence[float]) -> float:
        return float(np.average(values, weights=[frame.outline for frame in with_layer])) if with_layer else 0.0

    return Layer(
        explained=sum(frame.explained for frame in frames) / energy,
        outlined=mean([frame.outlined for frame in with_layer]),
        sharp=mean([frame.sharp for frame in with_layer]),
        steep=mean([frame.steep for frame in with_layer]),
        erased=mean([frame.erased for frame in with_layer]),
        slopes=mean([frame.slopes for frame in with_layer]),
        covered=max(frame.covered for frame in frames),
        through=through / energy,
        uneven=sum(frame.uneven for frame in frames) / max(1, sum(frame.rest for frame in frames)),
    )


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
        frame = _frame(change[at], stays, veiled[at], (slopes[0][at], lasting), limit, pixels)
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
    change: NDArray[np.float32],
    kept: NDArray[np.uint8],
    veiled: NDArray[np.bool_],
    slopes: tuple[NDArray[np.float32], NDArray[np.float32]],
    limit: float,
    pixels: int,
) -> LayerFrame:
    """One frame, from the difference, what of it stays, where the original shows through, and the slopes of both."""
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

    def share(where: NDArray[np.bool_]) -> float:
        return float(where[outline].mean()) if outline.any() else 0.0

    return LayerFrame(
        float(energy.sum()),
        explained,
        outline=int(outline.sum()),
        outlined=share((ours > 1.5 * theirs) & (ours > _EDGE)),
        sharp=share(cv2.dilate(change, _WIDE) > 2 * limit),
        steep=share(ours > max(_EDGE, _HIGH * contrast)),
        erased=share((theirs > 1.5 * ours) & (theirs > _EDGE)),
        slopes=float(sloping[inner].mean()) if inner.any() else 1.0,
        covered=float(layer.sum() / pixels),
    )


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
