"""Was a changed region drawn over the picture? Stickers, subtitles, bars: they hide what is there, and feign nothing.

Only what all of a change is explained by is called an overlay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind, Region
from provenance.settings import Settings
from provenance.times import Interval
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.layer import MOST_COVERED, Layer, layer_of
from verifier.comparers.layer_frames import LayerFrame, layer_frames
from verifier.comparers.pairs import Pairs, Stretch, aligned_pairs
from verifier.comparers.picture import BLOCK
from verifier.comparers.synthesis import in_tones, tone_curve
from verifier.comparers.veil import ALIKE
from verifier.timing import Piece

_LEAST, _MOST = 20.0, 40.0
"""Levels between which the difference lies from which a pixel counts as changed, by the noise of the clip."""
_NOISE_TIMES = 1.3
_SPAN_S = 6.0
_SPANS = 3


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
    told: list[Finding] = []
    drawn: list[tuple[Interval, float]] = []
    for finding in findings:
        if finding.kind is Kind.REGION and finding.region is not None and finding.clip is not None:
            spans = _spans(float(finding.clip.start), float(finding.clip.end))
            pairs = [aligned_pairs(working, reference, piece, span, geometry, settings, colour=True) for span in spans]
            layer = look(pairs, finding.region, mask)
            if layer is not None and layer.drawn:
                beside = [covered for when, covered in drawn if _at_once(when, finding.clip)]
                if sum(beside) + layer.covered <= MOST_COVERED:
                    drawn.append((finding.clip, layer.covered))
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
    return layer_of([frame for some in seen for frame in some])


def _looked(pairs: Pairs, region: Region, mask: NDArray[np.bool_]) -> list[LayerFrame]:
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
    return layer_frames(ours, theirs, change, limit, mask.size)


def _toned(pairs: Pairs, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The original's pictures in the clip's tones, channel by channel."""
    channels = [
        in_tones(theirs, tone_curve(theirs, ours, mask))
        for theirs, ours in zip(np.moveaxis(pairs.original, -1, 0), np.moveaxis(pairs.clip, -1, 0), strict=True)
    ]
    return np.stack(channels, axis=-1)


def _spans(start: float, end: float) -> list[Stretch]:
    """All of a stretch, or parts of a long one, spread over it evenly."""
    count = max(1, min(_SPANS, int((end - start) / _SPAN_S)))
    length = min(_SPAN_S, (end - start) / count) if count == _SPANS else (end - start) / count
    firsts = np.linspace(start, end - length, count).tolist()
    return [(first, first + length) for first in firsts]


def _at_once(one: Interval, other: Interval) -> bool:
    """Whether two layers are there together: those that take each other's place meet for what their times are off."""
    return 2 * one.overlap(other) > min(one.length, other.length)


def _named(finding: Finding, layer: Layer) -> Finding:
    how = (
        "the original shows through most of it."
        if layer.through >= ALIKE
        else "flat, sharply outlined, and fixed to the frame rather than to the scene."
    )
    text = f"Something drawn covers {layer.covered:.1%} of the frame: {how}"
    return replace(finding, kind=Kind.OVERLAY, explanation=text)
