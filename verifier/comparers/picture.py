"""Is every part of the picture the original's? Block residuals, judged by what the same encoder would have left.

1. Match the original's tone to the clip's, and push it through a similar encoder.
2. Per block and half second, compare the clip's residual with the one the encoder left.
3. Colours are compared by themselves, block by block, with what a grade would make of the original's.
4. What stands out from the clip's own bulk for long enough is a finding: a region, or a lasting overlay.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.settings import Settings
from verifier.ahead import ahead
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.colour import Colours, aligned_colours, compare_colours
from verifier.comparers.light import at_limits, find_lean, find_shade, leaning
from verifier.comparers.pairs import RATE, Pairs, Stretch, aligned_pairs, chunks
from verifier.comparers.steps import StepMeter, Steps
from verifier.comparers.synthesis import QUALITIES, in_tones, recode, tone_curve
from verifier.timing import Piece
from verifier.watch import UNWATCHED, Watch

BLOCK = 16
"""Pixels (of the working copy) between blocks; each is measured over twice as much."""
WINDOW_S = 0.5
REFERENCE_QUALITY = 26
"""The x264 constant rate factor that reference copies are made with."""
USUAL_SPREAD = 1 / 3
"""Robust deviation of the level over blocks (natural log) that a fair synthesis keeps under: 0.15 to 0.37 on the tuning
half of the corpus at 360p crf 30 and 240p crf 34; a fast camera at half the frame rate reaches 0.67."""
STILL_SPREAD = 1.6 * USUAL_SPREAD
"""The same for a photograph: untouched ones of the corpus stay under 1.4, and under 2.9 with saturation times 1.6 or
contrast times 1.25; a grey box over 4 % of them reaches 3.5 and more, but 1.7 on a scanned page."""
MOST_UNEXPLAINED = 2.0
"""Excess (natural log of energy) of the bulk of blocks that is taken from the level at most, as the synthesis may have
fallen short by it."""
_FEW = 4
"""Of so many pictures one shows how a curve of tone changes them all."""
_MIN_BULK = 24
_CLIPPED = 6.0
"""Levels by which luma may change where a colour is at the limits of what a screen shows, and was clipped there."""
_FLOOR = 3.0
"""Grey levels squared added to every energy: below it there is only rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """How much more a block differs than an encoder explains, over one piece.

    ``times``: float64 (m, 2), start and end of each window in clip seconds; ``level``: float32 (m, rows, columns),
    natural log of observed over expected energy of luma or colour, over the window's bulk; ``still``: float32 (m, rows,
    columns), how much the clip's own content changed there (root mean square grey levels); ``bulk``: float64 (m,), that
    log of the bulk, of which ``MOST_UNEXPLAINED`` at most is taken from the level; ``steps``: from picture to picture;
    ``toned``: root mean square change that the fitted maps of tone and colour make to the original's pixels (levels);
    ``quality``: the encoder setting that fits the clip; ``seen``: clip seconds up to which there was time to look.
    """

    times: NDArray[np.float64]
    level: NDArray[np.float32]
    still: NDArray[np.float32]
    bulk: NDArray[np.float64]
    steps: Steps
    toned: float
    quality: int
    seen: float


def measure(
    clip: Clip, alignment: Alignment, piece: Piece, settings: Settings, watch: Watch = UNWATCHED
) -> Excess | None:
    """The excess over a piece, or over its beginning where time runs out; None where there is nothing to compare with.

    Raises:
        TimeSpentError: there was no time for any of it.
    """
    geometry, reference, working = alignment.geometry, alignment.reference, clip.extraction.working
    if geometry is None or reference is None or working is None:
        return None
    mask = cv2.erode(geometry.mask().astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    native = (clip.facts.width or geometry.clip_size[0], clip.facts.height or geometry.clip_size[1])
    size = min(native, geometry.clip_size)
    quality: int | None = None
    times: list[Stretch] = []
    levels, stills, bulks, steps = [], [], [], StepMeter(mask)
    tints: dict[int, NDArray[np.float32]] = {}
    shift, seen = 0.0, piece.start
    stretches = chunks(piece)

    def read(stretch: Stretch) -> tuple[Pairs, Colours]:
        return (
            aligned_pairs(working, reference, piece, stretch, geometry, settings),
            aligned_colours(working, reference, piece, stretch, geometry, settings),
        )

    with closing(ahead(read, stretches)) as pictures:
        for number, (start, end) in enumerate(stretches):
            if watch.over and times:
                break
            share = number / len(stretches)
            watch.part(share, share, f"comparing the picture, {start:.0f} to {end:.0f} s").step(0.0)
            seen = end
            pairs, colours = next(pictures)
            if not len(pairs.times):
                continue
            tone = tone_curve(pairs.original, pairs.clip, mask)
            shift = max(shift, _change_of_tone(tone, pairs.original[::_FEW, mask]))
            toned, allowed = _matched(pairs, colours, tone, mask)
            if quality is None:
                quality = _fit_quality(pairs, toned, mask, size)
            recoded = recode(toned, size, quality, RATE)
            steps.add(pairs.times, pairs.clip, recoded)
            expected = block_energy(recoded, toned, mask)
            del recoded
            # The reference copy has losses of its own.
            expected += block_energy(recode(toned, size, REFERENCE_QUALITY, RATE), toned, mask) + allowed
            observed = block_energy(pairs.clip, toned, mask)
            for rows in _windows(pairs.times):
                level, bulk = _level(observed, expected, rows, still=not piece.length)
                levels.append(level)
                bulks.append(bulk)
                stills.append(_change(pairs.clip[rows]))
                times.append((pairs.times[rows[0]], pairs.times[rows[-1]] + 1 / RATE))
            tint = compare_colours(colours, geometry, np.array(times), BLOCK)
            tints.update(tint.levels)
            shift = max(shift, tint.turned)
    if not times or quality is None:
        return None
    for number, plane in enumerate(levels):
        np.maximum(plane, tints.get(number, 0.0), out=plane)
    return Excess(
        np.array(times), np.stack(levels), np.stack(stills), np.array(bulks), steps.read(), shift, quality, seen
    )


def _matched(
    pairs: Pairs, colours: Colours, tone: NDArray[np.float64], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The originals in the clip's tones, colours and light, and the energy by which these may be off, by block."""
    toned, allowed = in_tones(pairs.original, tone), np.zeros_like(_pool(mask.astype(np.float32)))
    if len(colours.times):
        shrunk = cv2.resize(mask.astype(np.uint8), colours.ours.shape[2:0:-1], interpolation=cv2.INTER_NEAREST)
        lean = find_lean(colours.ours, colours.theirs, tone, shrunk > 0)
        if lean is not None:
            nearest = np.abs(colours.times[None, :] - pairs.times[:, None]).argmin(axis=1)
            toned = leaning(toned, nearest, colours.theirs[..., 1:], lean)
            # The curve had taken what colours add on the whole for lighter tones.
            toned = in_tones(toned, tone_curve(toned, pairs.clip, mask))
    shade = find_shade(toned, pairs.clip, mask)
    if shade is not None:
        toned = shade.over(toned)
        # The curve had taken the middle's light for that of all.
        toned = in_tones(toned, tone_curve(toned, pairs.clip, mask))
        allowed += _pool(shade.unsure(toned) ** 2)
    if len(colours.times):
        limits = cv2.resize(at_limits(colours.ours).mean(axis=0), mask.shape[::-1])
        allowed += (_CLIPPED * _pool(limits)) ** 2
    return toned, allowed


def _level(
    observed: NDArray[np.float32], expected: NDArray[np.float32], rows: NDArray[np.int64], *, still: bool
) -> tuple[NDArray[np.float32], float]:
    """How much each block stands out over some pictures, and the bulk."""
    seen, usual = observed[rows].mean(axis=0), expected[rows].mean(axis=0)
    return standing_out(np.log((seen + _FLOOR) / (usual + _FLOOR)), usual > _FLOOR / 2, still=still)


def standing_out(
    level: NDArray[np.float32], textured: NDArray[np.bool_], *, still: bool = False
) -> tuple[NDArray[np.float32], float]:
    """The level over the bulk's median, scaled down where the bulk scatters more than is usual; and that median.

    The bulk is what has texture, where there is enough of it: flat blocks always come out as expected.
    """
    seen = np.isfinite(level)
    bulk = seen & textured if (seen & textured).sum() >= _MIN_BULK else seen
    if not bulk.any():
        return np.zeros_like(level), 0.0
    middle = float(np.median(level[bulk]))
    centre = max(0.0, middle)
    if centre > MOST_UNEXPLAINED:
        # Most of the picture is another: neither that nor its scatter is a property of the encoder.
        return np.where(seen, level - MOST_UNEXPLAINED, 0).astype(np.float32), middle
    # Photographs are often saved better than any setting tried, so that all of one has less than is expected: that is
    # no scatter, which is measured about the bulk's own middle.
    spread = 1.4826 * float(np.median(np.abs(level[bulk] - (middle if still else centre))))
    usual = max(STILL_SPREAD, spread) if still else max(USUAL_SPREAD, spread)
    return np.where(seen, (level - centre) * USUAL_SPREAD / usual, 0).astype(np.float32), middle


def block_energy(
    pictures: NDArray[np.uint8], original: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Mean squared difference over overlapping blocks: float32 (n, rows, columns), NaN where less than half is seen."""
    weight = mask.astype(np.float32)
    seen = _pool(weight)
    out = []
    for picture, other in zip(pictures, original, strict=True):
        difference = picture.astype(np.float32) - other
        # A slight low pass: blocking and ringing are an encoder's, what is altered is larger.
        difference = cv2.GaussianBlur(difference, (0, 0), 1.0)
        energy = _pool(difference * difference * weight)
        out.append(np.where(seen > 0.5, energy / np.maximum(seen, 0.5), np.nan))
    return np.stack(out).astype(np.float32)


def _pool(picture: NDArray[np.float32], side: int = 2 * BLOCK) -> NDArray[np.float32]:
    """Mean over squares of that side (pixels) around every block: float32 (rows, columns)."""
    smooth = cv2.blur(picture, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(smooth[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK])


def _fit_quality(pairs: Pairs, toned: NDArray[np.uint8], mask: NDArray[np.bool_], size: tuple[int, int]) -> int:
    """The encoder setting whose residual is most like the clip's, on the textured blocks of the first two seconds."""
    few = slice(0, round(2 * RATE))
    own = block_energy(recode(toned[few], size, REFERENCE_QUALITY, RATE), toned[few], mask)
    # Flat blocks come out the same at any setting.
    textured = own.mean(axis=0) >= np.nanquantile(own.mean(axis=0), 0.6)
    observed = _typical(block_energy(pairs.clip[few], toned[few], mask), textured)

    @cache
    def beyond(number: int) -> float:
        """By how much that setting leaves more than the clip has."""
        left = own + block_energy(recode(toned[few], size, QUALITIES[number], RATE), toned[few], mask)
        return _typical(left, textured) - observed

    # The coarser, the more is left: halving finds between which two the clip lies.
    low, high = 0, len(QUALITIES) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if beyond(middle) < 0 else (low, middle)
    return QUALITIES[min(low, high, key=lambda number: abs(beyond(number)))]


def _typical(energy: NDArray[np.float32], blocks: NDArray[np.bool_]) -> float:
    """Median log energy of some blocks."""
    return float(np.nanmedian(np.log(energy[:, blocks] + 0.5)))


def _windows(times: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Indices of the frames of each half second, overlapping by half."""
    starts = np.arange(times[0], max(times[-1] - WINDOW_S / 2, times[0] + 1e-3), WINDOW_S / 2)
    rows = [np.flatnonzero((times >= s - 1e-6) & (times < s + WINDOW_S - 1e-6)) for s in starts]
    return [r for r in rows if len(r)]


def _change(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Root mean square change over time per block."""
    if len(pictures) < 2:
        return np.zeros(_pool(pictures[0].astype(np.float32)).shape, np.float32)
    return np.sqrt(_pool(pictures.astype(np.float32).var(axis=0), BLOCK))


def _change_of_tone(tone: NDArray[np.float64], pixels: NDArray[np.uint8]) -> float:
    """Root mean square change (grey levels) that a curve (256,) makes to some pixels."""
    share = np.bincount(pixels.reshape(-1), minlength=256) / max(1, pixels.size)
    return float(np.sqrt(share @ (tone - np.arange(256)) ** 2))
