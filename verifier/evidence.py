"""Pictures that let a person see what a finding says."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from provenance.report import Evidence, Finding, Judged, Kind, Region
from provenance.settings import Settings
from verifier.clip import Clip
from verifier.compare import Comparison
from verifier.comparers.pairs import Stretch
from verifier.comparers.picture import BLOCK, Excess
from verifier.comparers.regions import STRONG, WEAK
from verifier.geometry import Geometry
from verifier.pictures import Colour, picture_at
from verifier.sound_evidence import spectrograms
from verifier.timing import Piece
from verifier.watch import UNWATCHED, Watch

_MARK = (40, 40, 230)
_STRIP = 6
_STRIP_HEIGHT = 140
_MAX_ILLUSTRATED = 12
_WHOLE = Region(0.0, 0.0, 1.0, 1.0)
_CLOSE_S = 1e-3
_UNSENT_S = 60.0
"""Seconds back in which a picture is looked for where none is sent for more than one."""


def draw_evidence(
    clip: Clip,
    comparisons: Sequence[Comparison],
    judged: Sequence[Judged],
    settings: Settings,
    watch: Watch = UNWATCHED,
) -> tuple[Evidence, ...]:
    """Pictures for the findings that have a place in the picture or the sound, and one aligned pair for the whole."""
    pictures: list[Evidence] = []
    illustrated = judged[:_MAX_ILLUSTRATED]
    for number, comparison in enumerate(comparisons):
        for index, item in enumerate(illustrated):
            watch.tell((number + index / len(illustrated)) / len(comparisons))
            if item.finding in comparison.findings:
                pictures += _of_finding(clip, comparison, item.finding, index, settings)
        if not pictures and comparison.excesses:
            piece, _ = comparison.excesses[0]
            pictures += _pair(clip, comparison, piece, (piece.start + piece.end) / 2, None, None, settings)
    return tuple(pictures)


def _of_finding(clip: Clip, comparison: Comparison, finding: Finding, index: int, settings: Settings) -> list[Evidence]:
    if finding.clip is None:
        return []
    start, end = float(finding.clip.start), float(finding.clip.end)
    if finding.kind in (Kind.AUDIO_EDITED, Kind.AUDIO_REPLACED):
        return [spectrograms(h, start, end, index) for p, h in comparison.hearings if p.start <= start < p.end]
    if finding.kind is Kind.FRAMES_REPEATED:
        return _repeated(clip, comparison, (start, end), index, settings)
    measured = next(((p, e) for p, e in comparison.excesses if p.start - _CLOSE_S <= start < p.end), None)
    if measured is None:
        return []
    piece, excess = measured
    if finding.region is None or finding.kind not in (Kind.REGION, Kind.FACE, Kind.OVERLAY):
        return _pair(clip, comparison, piece, (start + end) / 2, None, index, settings)
    worst = _worst(excess, finding.region, start, end, comparison)
    moment = float(excess.times[worst].mean())
    pictures = _pair(clip, comparison, piece, moment, finding.region, index, settings)
    pictures.append(_heatmap(clip, comparison, excess, worst, moment, index, settings))
    cells = _cells(clip, comparison, piece, finding.region, (start, end), settings)
    pictures.append(_strip(cells, "same part", (start, end), index))
    return [picture for picture in pictures if picture.data]


def _repeated(clip: Clip, comparison: Comparison, stretch: Stretch, index: int, settings: Settings) -> list[Evidence]:
    """The original as it goes on from before, and the clip; over time where that shows that frames are held."""
    moving = [piece for piece, _ in comparison.excesses if piece.speed]
    before = [piece for piece in moving if piece.start <= stretch[0] + _CLOSE_S] or moving[:1]
    if not before:
        return []
    pictures = _pair(clip, comparison, before[-1], sum(stretch) / 2, None, index, settings)
    cells = _cells(clip, comparison, before[-1], _WHOLE, stretch, settings)
    if len(cells) > 1:
        goes_on, ours = (cv2.absdiff(*two).mean() for two in zip(cells[0], cells[-1], strict=True))
        if ours < goes_on / 2:
            pictures.append(_strip(cells, "picture", stretch, index))
    return pictures


def _worst(excess: Excess, region: Region, start: float, end: float, comparison: Comparison) -> int:
    """The window in which the region stands out most."""
    geometry = comparison.alignment.geometry
    rows, columns = excess.level.shape[1:]
    if geometry is None:
        return 0
    width, height = geometry.clip_size
    left, right = int(region.x * width / BLOCK), max(1, round((region.x + region.w) * width / BLOCK))
    top, bottom = int(region.y * height / BLOCK), max(1, round((region.y + region.h) * height / BLOCK))
    inside = excess.level[:, top : min(bottom, rows), left : min(right, columns)]
    peak = inside.reshape(len(inside), -1).max(axis=1)
    peak[(excess.times[:, 1] < start) | (excess.times[:, 0] > end)] = -np.inf
    return int(np.argmax(peak))


def _pair(
    clip: Clip,
    comparison: Comparison,
    piece: Piece,
    moment: float,
    region: Region | None,
    index: int | None,
    settings: Settings,
) -> list[Evidence]:
    """Original and clip at one moment, side by side, the region marked; and the region of both enlarged."""
    both = _both(clip, comparison, piece, moment, settings)
    if both is None:
        return []
    original, shown = both
    caption = (
        f"Original at {max(0.0, piece.original_time(moment)):.2f} s (left), laid on the clip at {moment:.2f} s (right)."
    )
    if region is None:
        return [Evidence("pair", caption, "image/jpeg", _jpeg(_beside(original, shown)), index)]
    left, top, right, bottom = _box(region, shown.shape)
    close = _beside(_enlarge(original[top:bottom, left:right]), _enlarge(shown[top:bottom, left:right]))
    marked = [original.copy(), shown.copy()]
    for picture in marked:
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), _MARK, 2)
    return [
        Evidence("pair", caption, "image/jpeg", _jpeg(_beside(marked[0], marked[1])), index),
        Evidence("crop", "The marked part enlarged: original (left), clip (right).", "image/jpeg", _jpeg(close), index),
    ]


def _heatmap(
    clip: Clip,
    comparison: Comparison,
    excess: Excess,
    window: int,
    moment: float,
    index: int,
    settings: Settings,
) -> Evidence:
    """Where, and how much more than compression explains, the clip differs; over the clip's own frame."""
    geometry = comparison.alignment.geometry
    frame = picture_at(clip.extraction.working, moment, geometry.clip_size, settings) if geometry else None
    caption = (
        f"How far the picture differs beyond what compression explains, {excess.times[window, 0]:.2f}-"
        f"{excess.times[window, 1]:.2f} s: from yellow ({np.exp(WEAK):.0f} times) to dark red."
    )
    if frame is None or geometry is None:
        return Evidence("heatmap", caption, "image/jpeg", b"", index)
    width, height = geometry.clip_size
    level = cv2.resize(excess.level[window], (excess.level.shape[2] * BLOCK, excess.level.shape[1] * BLOCK))
    level = cv2.copyMakeBorder(
        level, 0, max(0, height - level.shape[0]), 0, max(0, width - level.shape[1]), cv2.BORDER_REPLICATE
    )[:height, :width]
    share = np.clip((level - WEAK * 0.6) / (2 * STRONG - WEAK * 0.6), 0, 1)
    heat = cv2.applyColorMap((255 - share * 255).astype(np.uint8), cv2.COLORMAP_AUTUMN).astype(np.float32)
    weight = np.clip(share * 2, 0, 0.75)[:, :, None]
    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR).astype(np.float32)
    blended = (grey * (1 - weight) + heat * weight).astype(np.uint8)
    return Evidence("heatmap", caption, "image/jpeg", _jpeg(blended), index)


def _cells(
    clip: Clip, comparison: Comparison, piece: Piece, region: Region, stretch: Stretch, settings: Settings
) -> list[tuple[Colour, Colour]]:
    """The region in original and clip at some moments of a stretch, all of one size."""
    cells = []
    for moment in np.linspace(*stretch, _STRIP + 2)[1:-1]:
        both = _both(clip, comparison, piece, float(moment), settings)
        if both is not None:
            left, top, right, bottom = _box(region, both[0].shape, margin=0.25)
            original, shown = (_to_height(picture[top:bottom, left:right], _STRIP_HEIGHT) for picture in both)
            cells.append((original, shown))
    return cells


def _strip(cells: list[tuple[Colour, Colour]], what: str, stretch: Stretch, index: int) -> Evidence:
    """What ``_cells`` has, over time: originals above, clip below."""
    caption = f"The {what} from {stretch[0]:.1f} to {stretch[1]:.1f} s of the clip: original above, clip below."
    columns = [
        _beside_gap(np.vstack([original, np.full((4, original.shape[1], 3), 255, np.uint8), shown]))
        for original, shown in cells
    ]
    return Evidence("strip", caption, "image/jpeg", _jpeg(np.hstack(columns)) if columns else b"", index)


def _both(
    clip: Clip, comparison: Comparison, piece: Piece, moment: float, settings: Settings
) -> tuple[Colour, Colour] | None:
    """Original (laid into the clip's frame) and clip at a moment of the clip, in colour."""
    alignment = comparison.alignment
    geometry, reference = alignment.geometry, alignment.reference
    if geometry is None or reference is None:
        return None
    shown = picture_at(clip.extraction.working, moment, geometry.clip_size, settings)
    if shown is None:
        shown = picture_at(clip.extraction.working, moment, geometry.clip_size, settings, since=moment - _UNSENT_S)
    original = picture_at(reference, piece.original_time(moment), geometry.original_size, settings)
    if shown is None or original is None:
        return None
    return _warp(geometry, original), shown


def _warp(geometry: Geometry, original: Colour) -> Colour:
    return np.asarray(cv2.warpPerspective(original, geometry.matrix, geometry.clip_size, flags=cv2.INTER_LINEAR))


def _beside_gap(column: Colour) -> Colour:
    return np.asarray(cv2.copyMakeBorder(column, 0, 0, 0, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)


def _beside(left: Colour, right: Colour) -> Colour:
    return np.hstack([left, np.full((left.shape[0], 6, 3), 255, np.uint8), right])


def _enlarge(picture: Colour) -> Colour:
    factor = max(1.0, 320 / max(1, picture.shape[1]))
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))


def _to_height(picture: Colour, height: int) -> Colour:
    width = max(8, round(picture.shape[1] * height / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _box(region: Region, shape: tuple[int, ...], margin: float = 0.0) -> tuple[int, int, int, int]:
    """The region in pixels: left, top, right, bottom."""
    height, width = shape[:2]
    left, top = int((region.x - margin * region.w) * width), int((region.y - margin * region.h) * height)
    right = round((region.x + (1 + margin) * region.w) * width)
    bottom = round((region.y + (1 + margin) * region.h) * height)
    left, top = max(0, left), max(0, top)
    return left, top, max(left + 2, min(width, right)), max(top + 2, min(height, bottom))


def _jpeg(picture: Colour) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])
