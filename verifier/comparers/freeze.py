"""Does the picture stand still where the original moves? Frames held to hide something, or to stretch it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind
from provenance.settings import Settings
from provenance.times import Interval
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.order import original_interval
from verifier.comparers.pairs import RATE, Stretch, aligned_pairs, load
from verifier.comparers.picture import Excess
from verifier.comparers.steps import LIVELIEST, Steps, block_steps, seen_blocks
from verifier.comparers.synthesis import in_tones, tone_curve
from verifier.geometry import Geometry
from verifier.stretches import stretches
from verifier.timing import Piece

MOVING = 3.0
"""Grey levels from picture to picture from which an original clearly moves, after an encoder like the clip's."""
STILL = 0.4
"""Share of that by which a picture moves that stands still. Frames of the tuning half that were held for half a second
and longer move by 0.00 to 0.35 of it (at 240p crf 34 by up to 0.8, where the encoder is slow to settle); of 9,125
stretches of untouched clips through nine launderings none moves by less than 0.61."""
AT_LEAST = 4
"""Steps over which it is told, ten a second: half a second has so many whatever its phase."""
LONG_S = 0.35
"""Seconds that a picture is shown by itself, from which it is asked what the original does meanwhile."""
_USUAL_TIMES = 2.5
"""And so many times as long as is usual in the clip."""
_OFTEN, _AS_OFTEN = 3, 0.5
"""How often pictures are held for less than a second in a choppy clip, and for how many steps to one that moves."""
MOVED = 20.0
"""Grey levels by which an original moves away meanwhile. Encoders that leave out pictures alike do so up to some 12."""
_LOOKED_S = 6.0
_FIRST = 3
"""Pictures of which one shows the original at first, where a picture is held: the moment is good to half a frame."""
_APART, _NOISE = 0.15, 8.0
"""Share of what a block of the original moves by meanwhile, and levels, that it may be apart then. At 0.25 and more,
blocks half under a caption pass, in the tuning half, and move by half of what the original does. Those that are left
move by 1.04 of it, and by 0.0 to 0.2 where frames are held."""
_INSTANT_S = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """A piece of a clip, and the reference copy that is laid on it."""

    working: Path
    reference: Path
    geometry: Geometry
    piece: Piece
    settings: Settings


def compare_freeze(
    clip: Clip, alignment: Alignment, piece: Piece, excess: Excess, settings: Settings, asset_id: str
) -> list[Finding]:
    """Findings about frames that are held.

    Raises:
        MediaError: the reference copy cannot be decoded.
    """
    working, reference, geometry = clip.extraction.working, alignment.reference, alignment.geometry
    if working is None or reference is None or geometry is None:
        return []
    laid, steps = _Laid(working, reference, geometry, piece, settings), excess.steps
    found: list[tuple[float, float, float]] = []
    for first, stop in held(steps):
        start, last = float(steps.times[first]), float(steps.times[stop])
        # The picture after the last one that is held is another.
        if not _covered(laid, (start, min(last + 0.01, start + _LOOKED_S))):
            moving = float(steps.clip[first:stop].mean() / steps.expected[first:stop].mean())
            found.append((start, last + 1 / RATE, max(0.0, 1 - moving)))
    for gap in gaps(steps.times):
        start, end = _last_sent(laid, gap), gap[1]
        if end - start > LONG_S and _moved(laid, (start, min(end, start + _LOOKED_S))) >= MOVED:
            found.append((start, end, 1.0))
    return [_finding(piece, *one, asset_id) for one in sorted(found)]


def _finding(piece: Piece, start: float, end: float, score: float, asset_id: str) -> Finding:
    text = f"The picture stands still for {end - start:.1f} s while the original moves."
    stretch = Interval.of(max(piece.start, start), min(piece.end, end))
    where = original_interval(piece, start, end)
    return Finding(Kind.FRAMES_REPEATED, score, text, stretch, where, asset_id=asset_id)


def held(steps: Steps) -> list[tuple[int, int]]:
    """Steps [first, stop) during which the clip stands still and the original does not."""
    count = len(steps.clip)
    still = np.zeros(count, np.bool_)
    for first in range(count - AT_LEAST + 1):
        its = slice(first, first + AT_LEAST)
        expected = float(np.median(steps.expected[its]))
        if expected >= MOVING and steps.clip[its].mean() < STILL * expected:
            still[its] |= steps.clip[its] < STILL * expected
    found = stretches(still)
    # Between two stretches the original may stand still for a moment.
    for (first, stop), (start, end) in pairwise(found):
        most = max(steps.clip[first:stop].max(), steps.clip[start:end].max())
        still[stop:start] = (steps.clip[stop:start] <= most).all() and (steps.expected[stop:start] < MOVING).all()
    return [(first, stop) for first, stop in stretches(still) if stop - first >= AT_LEAST - 1]


def choppy(steps: Steps) -> bool:
    """Whether a clip shows few pictures a second, written as many: it stands still again and again, and catches up.

    Where what moves was covered or taken out the clip stands still as well, and nothing catches up.
    """
    moving = steps.expected >= MOVING
    still = moving & (steps.clip < STILL * steps.expected)
    brief = [
        stop - first
        for first, stop in stretches(still)
        if stop - first < RATE and (steps.clip[stop : stop + 1] >= steps.expected[first:stop].max()).any()
    ]
    return len(brief) >= _OFTEN and sum(brief) >= _AS_OFTEN * int((moving & ~still).sum())


def gaps(times: NDArray[np.float64]) -> list[Stretch]:
    """Clip seconds from a picture to the next where that is long, and not what it always is at a low frame rate."""
    long = max(LONG_S, _USUAL_TIMES * float(np.median(np.diff(times)))) if len(times) > 1 else LONG_S
    return [(start, end) for start, end in pairwise(times.tolist()) if end - start > long]


def _covered(laid: _Laid, stretch: Stretch) -> bool:
    """Whether what moves in the original lies under something, or is replaced, and the rest does as it does.

    A picture that is held is the original's at first, and is left behind.
    """
    pairs = aligned_pairs(laid.working, laid.reference, laid.piece, stretch, laid.geometry, laid.settings)
    if len(pairs.times) < 2:
        return True
    mask = laid.geometry.mask()
    toned = in_tones(pairs.original, tone_curve(pairs.original, pairs.clip, mask))
    bare = _bare(toned, pairs.clip, mask)
    if not bare.any():
        return True
    ours, theirs = (
        np.mean([np.quantile(block_steps(*two)[bare], LIVELIEST) for two in pairwise(side)])
        for side in (pairs.clip, toned)
    )
    return bool(theirs < MOVING or ours >= STILL * theirs)


def _last_sent(laid: _Laid, gap: Stretch) -> float:
    """When the last picture before a gap's end was sent: the gap begins with the first one of a tenth of a second."""
    times, _ = load(laid.working, gap[0], gap[1] - _INSTANT_S, laid.geometry.clip_size, laid.settings)
    return float(max([gap[0], *times]))


def _moved(laid: _Laid, gap: Stretch) -> float:
    """By how many grey levels the original leaves a gap's first picture, where nothing lies over it."""
    start, end = gap
    shown = aligned_pairs(
        laid.working, laid.reference, laid.piece, (start - _INSTANT_S, start + _INSTANT_S), laid.geometry, laid.settings
    )
    # Moments are good to half a frame, and what comes next may be another scene.
    low, high = sorted(map(laid.piece.original_time, (start + 1 / RATE, end - 1 / RATE)))
    _, pictures = load(laid.reference, low, high, laid.geometry.original_size, laid.settings)
    if not len(shown.times) or not len(pictures):
        return 0.0
    some = pictures[:: 1 + len(pictures) // round(_LOOKED_S * RATE)]
    mask = laid.geometry.mask()
    original = np.stack([shown.original[0], *map(laid.geometry.warp, some)])
    toned = in_tones(original, tone_curve(shown.original[:1], shown.clip[:1], mask))
    bare = _bare(toned, np.broadcast_to(shown.clip[0], toned.shape), mask)
    if not bare.any():
        return 0.0
    return float(max(np.quantile(block_steps(toned[0], later)[bare], LIVELIEST) for later in toned[1:]))


def _bare(toned: NDArray[np.uint8], clip: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which blocks of the clip's first pictures show the original: what lies over it is another picture all along."""
    moved = np.max([block_steps(toned[0], later) for later in toned[1:]], axis=0)
    apart = np.min([block_steps(*two) for two in zip(toned[:_FIRST], clip, strict=False)], axis=0)
    return np.asarray((apart <= np.maximum(_NOISE, _APART * moved)) & seen_blocks(mask))
