"""Was a changed region drawn over the picture? Stickers, subtitles, bars: they hide what is there, and feign nothing.

1. A layer's pixels stay as they are from one moment to a later one, whatever the original's do beneath.
2. Where it begins, the clip has an edge that the original has not. What was removed or written anew on a surface of the
   scene begins where the original has edges, too, or fades in.
3. Inside it is flat, or lines: nearly no slope in between. What was filmed is full of slopes, and stays a region,
   though it may stand as still as a sticker.
4. Or the original shows through it: a shade, a sign at half strength.

Only what all of a change is explained by is called an overlay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind, Region
from provenance.settings import Settings
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.pairs import Pairs, Stretch, aligned_pairs
from verifier.comparers.picture import BLOCK
from verifier.comparers.synthesis import tone_curve
from verifier.comparers.veil import ALIKE, find_veil
from verifier.timing import Piece

MOST_COVERED = 0.25
"""Share of the frame that layers together may hide: a picture of which more is hidden was not compared."""
_LATER = 3
"""Frames between two moments that are held against each other, at ten a second; what moves has moved by then."""
_SAME = 14.0
"""Levels by which a pixel of a layer may differ between two moments: what an encoder leaves at 360p crf 30."""
_LEAST, _MOST = 20.0, 40.0
"""Levels between which the difference lies from which a pixel counts as changed, by the noise of the clip."""
_NOISE_TIMES = 1.3
_SPAN_S = 6.0
_SPANS = 3
_MIN_PIXELS = 30
_EDGE = 6.0
"""Levels a pixel from which a slope is an edge."""
_GENTLE, _STEEP = 0.04, 0.15
"""Slopes per pixel, as shares of the layer's own contrast, between which a surface is neither flat nor a line."""
_NEAR = np.ones((3, 3), np.uint8)
_WIDE = np.ones((5, 5), np.uint8)


@dataclass(frozen=True, slots=True)
class Layer:
    """What a change would be as a layer, all 0-1.

    ``explained``: share of the change's energy where the layer lies. ``outlined``: share of its outline at which the
    clip has an edge and the original none; ``sharp``: at which the difference is large within two pixels. ``slopes``:
    share of its inside that is neither flat nor a line. ``moving``: share of the pixels around it that change in
    ``_LATER`` frames. ``covered``: share of the frame that it hides. ``through``: share of the changed pixels at which
    the original shows through; ``uneven``: share of the inside of all others that is neither flat nor a line, 0
    where it shows through nowhere. No limit lets more of it be so: what is let into a shade is not excused by its own
    outline.
    """

    explained: float
    outlined: float
    sharp: float
    slopes: float
    moving: float
    covered: float
    through: float = 0.0
    uneven: float = 0.35

    @property
    def drawn(self) -> bool:
        """Whether it was drawn over the picture."""
        return any(map(self._meets, (CLEAR, AMID_MOTION, SEEN_THROUGH)))

    def _meets(self, limits: Layer) -> bool:
        least = ("explained", "outlined", "sharp", "moving", "through")
        enough = all(getattr(self, name) >= getattr(limits, name) for name in least)
        most = ("slopes", "covered", "uneven")
        return enough and all(getattr(self, name) <= getattr(limits, name) for name in most)


CLEAR = Layer(explained=0.75, outlined=0.8, sharp=0.9, slopes=0.28, moving=0.0, covered=MOST_COVERED)
"""Stickers and letters of the tuning half at 360p crf 30 have 0.80 and more explained, 0.84 and more of their outline,
0.91 and more of it sharp, and up to 0.25 of slopes. Of things added and writing changed, one with so few slopes and so
much explained has 0.70 of an outline; what was removed has 0.30. Photographs laid over have 0.3 to 0.7 of slopes."""
AMID_MOTION = Layer(explained=0.9, outlined=0.65, sharp=0.9, slopes=0.22, moving=0.25, covered=MOST_COVERED)
"""What moves around a layer has edges that hide some of its own: stickers have down to 0.72 there. Writing changed has
up to 0.70 with 0.83 explained, or 0.41 with more."""
SEEN_THROUGH = Layer(
    explained=0.85, outlined=0.0, sharp=0.0, slopes=1.0, moving=0.0, covered=MOST_COVERED, through=ALIKE
)
"""No outline is asked for: a shade fades in. Its letters and arrows are flat: up to 0.31 of them is not on the tuning
half, and 0.43 of a photograph let into it. Small changes beneath a layer are not seen, here as under any other."""


def tell_overlays(
    findings: Sequence[Finding], clip: Clip, alignment: Alignment, piece: Piece, settings: Settings
) -> list[Finding]:
    """The same findings, those about a region called ``overlay`` where it was drawn over the picture.

    Raises:
        MediaError: the reference copy cannot be decoded.
    """
    geometry, reference, working = alignment.geometry, alignment.reference, clip.extraction.working
    if geometry is None or reference is None or working is None:
        return list(findings)
    mask = cv2.erode(geometry.mask().astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    told, covered = [], 0.0
    for finding in findings:
        if finding.kind is Kind.REGION and finding.region is not None and finding.clip is not None:
            spans = _spans(float(finding.clip.start), float(finding.clip.end))
            pairs = [aligned_pairs(working, reference, piece, span, geometry, settings, colour=True) for span in spans]
            layer = look(pairs, finding.region, mask)
            if layer is not None and layer.drawn and covered + layer.covered <= MOST_COVERED:
                covered += layer.covered
                finding = _named(finding, layer)
        told.append(finding)
    return told


def look(stretches: Sequence[Pairs], region: Region, mask: NDArray[np.bool_]) -> Layer | None:
    """What is changed in a region, as a layer; None where nothing is.

    Args:
        stretches: pairs in colour.
        mask: bool (h, w), which pixels show the original.
    """
    seen = [_looked(pairs, region, mask) for pairs in stretches if len(pairs.times) > 1]
    frames = [frame for some in seen for frame in some]
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
        slopes=mean([frame.slopes for frame in with_layer]),
        moving=mean([frame.moving for frame in with_layer]),
        covered=max(frame.covered for frame in frames),
        through=through / energy,
        uneven=sum(frame.uneven for frame in frames) / max(1, sum(frame.rest for frame in frames)),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """The same of one frame; energies in squared levels, ``outline`` in pixels, 0 where no layer stays."""

    energy: float
    explained: float
    outline: int = 0
    outlined: float = 0.0
    sharp: float = 0.0
    slopes: float = 0.0
    moving: float = 0.0
    covered: float = 0.0
    through: float = 0.0
    rest: int = 0
    uneven: int = 0


def _looked(pairs: Pairs, region: Region, mask: NDArray[np.bool_]) -> list[_Frame]:
    height, width = mask.shape
    left, right = (round(x * width) + rim for x, rim in ((region.x, -2 * BLOCK), (region.x + region.w, 2 * BLOCK)))
    top, bottom = (round(y * height) + rim for y, rim in ((region.y, -2 * BLOCK), (region.y + region.h, 2 * BLOCK)))
    part = slice(max(0, top), bottom), slice(max(0, left), right)
    toned = _toned(pairs, mask)
    apart = np.abs(pairs.clip.astype(np.int16) - toned).max(axis=-1)
    outside = mask.copy()
    outside[part] = False
    noise = float(np.quantile(apart[:, outside], 0.99)) if outside.any() else 0.0
    inside = np.zeros_like(mask)
    inside[max(0, top + BLOCK) : bottom - BLOCK, max(0, left + BLOCK) : right - BLOCK] = True
    ours, theirs = (side[:, *part].astype(np.float32) for side in (pairs.clip, toned))
    change = apart[:, *part].astype(np.float32) * (inside & mask)[part]
    limit = float(np.clip(_NOISE_TIMES * noise, _LEAST, _MOST))
    veil = find_veil(ours, theirs, change > limit)
    veiled = np.zeros(change.shape, np.bool_) if veil is None else veil.veiled
    slopes = [np.stack([_slope(picture) for picture in side]) for side in (ours, theirs)]
    count, later = len(ours), min(_LATER, (len(ours) + 1) // 2)
    frames = []
    for at in range(count):
        others = [other for other in (at - later, at + later) if 0 <= other < count]
        stays = np.zeros(change.shape[1:], np.bool_)
        beside = [at]
        for other in others:
            same = np.abs(ours[at] - ours[other]).max(axis=-1) < _SAME
            held = (change[at] > limit) & (change[other] > limit) & same
            stays |= held
            if 2 * held.sum() >= (change[at] > limit).sum():
                beside.append(other)
        # An edge of the original that passes is no edge of the place. The layer's own may move: a bar that fills.
        lasting = slopes[1][beside].min(axis=0)
        moved = [np.abs(theirs[at] - theirs[other]).max(axis=-1) > _SAME for other in others]
        frame = _frame(change[at], stays, veiled[at], (slopes[0][at], lasting), moved, limit, mask.size)
        if veil is not None:
            rest, uneven = _uneven(change[at], (change[at] > limit) & ~veiled[at], slopes[0][at])
            frame = replace(frame, through=veil.alike, rest=rest, uneven=uneven)
        frames.append(frame)
    return frames


def _uneven(change: NDArray[np.float32], rest: NDArray[np.bool_], slopes: NDArray[np.float32]) -> tuple[int, int]:
    """Pixels inside what a veil does not explain, and those of them that are neither flat nor a line."""
    inner = cv2.erode(rest.astype(np.uint8), _WIDE) > 0
    return int(inner.sum()), int(_sloping(change, rest, slopes)[inner].sum())


def _sloping(change: NDArray[np.float32], layer: NDArray[np.bool_], slopes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which pixels are neither flat nor a line, by the contrast of a layer."""
    contrast = float(np.median(change[layer])) if layer.any() else 0.0
    return np.asarray((slopes >= _GENTLE * contrast) & (slopes < _STEEP * contrast))


def _frame(
    change: NDArray[np.float32],
    stays: NDArray[np.bool_],
    veiled: NDArray[np.bool_],
    slopes: tuple[NDArray[np.float32], NDArray[np.float32]],
    moved: Sequence[NDArray[np.bool_]],
    limit: float,
    pixels: int,
) -> _Frame:
    """One frame, from the difference, what of it stays, where the original shows through, the slopes of clip and
    original, and where the latter moves.
    """
    energy = change**2
    kept = np.asarray(cv2.morphologyEx(stays.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    told = cv2.dilate(kept, _WIDE) > 0
    told |= cv2.dilate(veiled.astype(np.uint8), _NEAR) > 0
    explained = float(energy[told].sum())
    if kept.sum() < _MIN_PIXELS:
        return _Frame(float(energy.sum()), explained, covered=float(veiled.sum() / pixels))
    layer = _filled(kept)
    inner = cv2.erode(layer, _NEAR, borderValue=1) > 0
    outline = (layer > 0) & ~inner
    ours, theirs = (cv2.dilate(slope, _NEAR) for slope in slopes)
    around = (cv2.dilate(layer, np.ones((25, 25), np.uint8)) > 0) & (cv2.dilate(layer, np.ones((7, 7), np.uint8)) == 0)
    sloping = _sloping(change, layer > 0, slopes[0])
    return _Frame(
        float(energy.sum()),
        explained,
        outline=int(outline.sum()),
        outlined=float(((ours > 1.5 * theirs) & (ours > _EDGE))[outline].mean()) if outline.any() else 0.0,
        sharp=float((cv2.dilate(change, _WIDE) > 2 * limit)[outline].mean()) if outline.any() else 0.0,
        slopes=float(sloping[inner].mean()) if inner.any() else 1.0,
        moving=float(np.mean([one[around].mean() for one in moved])) if around.any() and moved else 0.0,
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


def _toned(pairs: Pairs, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The original's pictures in the clip's tones, channel by channel."""
    channels = [
        np.clip(np.round(tone_curve(theirs, ours, mask)), 0, 255).astype(np.uint8)[theirs]
        for theirs, ours in zip(np.moveaxis(pairs.original, -1, 0), np.moveaxis(pairs.clip, -1, 0), strict=True)
    ]
    return np.stack(channels, axis=-1)


def _spans(start: float, end: float) -> list[Stretch]:
    """All of a stretch, or parts of a long one, spread over it evenly."""
    count = max(1, min(_SPANS, int((end - start) / _SPAN_S)))
    length = min(_SPAN_S, (end - start) / count) if count == _SPANS else (end - start) / count
    firsts = np.linspace(start, end - length, count).tolist()
    return [(first, first + length) for first in firsts]


def _named(finding: Finding, layer: Layer) -> Finding:
    how = (
        "the original shows through most of it."
        if layer.through >= ALIKE
        else "flat, sharply outlined, and fixed to the frame rather than to the scene."
    )
    text = f"Something drawn covers {layer.covered:.1%} of the frame: {how}"
    return replace(finding, kind=Kind.OVERLAY, explanation=text)
