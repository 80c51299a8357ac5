"""Do parts of a photograph move by themselves while it is shown, and is what moves still the photograph?

Pans, zooms, turns and perspective move all parts by one map, which is taken out before. What is left moves within the
photograph. That alone makes no animation: the photograph may be one frame of footage, and then people in the rest of
the footage move too. An animation has nothing to show but the photograph: wherever its parts went, they are the
photograph's, as sharp and as alike as the parts that stay. In footage, what moves also turns, opens, lights up and
uncovers what lay behind. Only the first is called an animation; the second is left open (ADR 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.still_motion import Laid

SAME = 0.85
"""Correlation from which a block is surely the photograph's, and its shift can be believed."""
MIN_SHIFT = 0.0045
"""Share of the photograph's longer side: no shorter shift counts as motion of its own. Compression leaves .0015."""
NOISE_TIMES = 5.0
"""How many times the shifts of the calmer blocks of the same clip a shift must be."""
MOST_NOISE = 0.003
"""Share of the longer side: twice what compression leaves. Where even the calm blocks are shifted by more, all of it is
rippled, and the calm ones are no measure of noise."""
MIN_SHARE = 0.015
"""Share of the blocks seen that must move together."""
MAX_NEW = 0.1
"""Share of the moving part, in the frames where it moves most, that may show something which is not the photograph."""
_MIN_BLOCKS = 4
_MIN_MOMENTS = 3
_GAIN = 0.02
_CLEAR = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Liveliness:
    """``blocks``: bool (rows, columns), those that move by themselves. ``moments``: indices of the frames in which they
    are away from where they mostly are. ``shift``: the furthest, as a share of the photograph's longer side. ``new``:
    0-1, how much of the moving part is not the photograph's in a frame with much motion. ``noise``: shift of blocks
    that do not move.
    """

    blocks: NDArray[np.bool_]
    moments: NDArray[np.int64]
    shift: float
    new: float
    noise: float

    @property
    def only_the_photograph(self) -> bool:
        """Whether what moves is the photograph itself and nothing else."""
        return self.new <= MAX_NEW


def liveliness(frames: Sequence[Laid], longer_side: int) -> Liveliness | None:
    """What moves by itself, or None where nothing does.

    Args:
        longer_side: of the canvas that all frames were laid on, in pixels.
    """
    clear = np.array([f.support >= _CLEAR and float(np.median(f.shifted[f.seen])) >= SAME for f in frames], np.bool_)
    if clear.sum() < _MIN_MOMENTS:
        return None
    numbers = np.flatnonzero(clear)
    kept = [frame for frame, use in zip(frames, clear.tolist(), strict=True) if use]
    seen = np.stack([frame.seen for frame in kept])
    after = np.stack([frame.shifted for frame in kept])
    gain = after - np.stack([frame.plain for frame in kept])
    shift = np.stack([frame.shift for frame in kept]) / longer_side
    sure = seen & (after >= SAME)
    length = np.linalg.norm(shift, axis=-1)
    if not sure.any():
        return None
    noise = min(MOST_NOISE, float(np.percentile(length[sure], 25)))
    threshold = max(MIN_SHIFT, NOISE_TIMES * noise)
    # Where each block mostly is: a photograph that was bent once and held so does not move.
    home = _median_where(sure, shift)
    away = sure & (np.linalg.norm(shift - home[None], axis=-1) > threshold)
    followed = sure & (length > threshold) & (gain > _GAIN)
    often = (away.sum(axis=0) >= 2) & (followed.sum(axis=0) >= 2)
    blocks = _together(often, int(max(_MIN_BLOCKS, MIN_SHARE * seen.any(axis=0).sum())))
    if not blocks.any():
        return None
    moving = (away & blocks).sum(axis=(1, 2)) >= _MIN_BLOCKS / 2
    if moving.sum() < 2:
        return None
    around = cv2.dilate(blocks.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inside = seen & around
    strange = (inside & (after < SAME - 0.1)).sum(axis=(1, 2)) / np.maximum(1, inside.sum(axis=(1, 2)))
    new = float(np.percentile(strange[moving], 80))
    furthest = float(np.percentile(length[sure & blocks & moving[:, None, None]], 95))
    return Liveliness(blocks, numbers[moving], furthest, new, noise)


def _median_where(sure: NDArray[np.bool_], shift: NDArray[np.floating]) -> NDArray[np.float64]:
    """Over the frames in which each block is sure; 0 for blocks that never are."""
    ordered = np.sort(np.where(sure[..., None], shift, np.inf), axis=0)
    count = sure.sum(axis=0)
    middle = np.take_along_axis(ordered, np.repeat((count // 2)[None, ..., None], 2, axis=-1).clip(0, len(sure) - 1), 0)
    found: NDArray[np.float64] = np.where(count[..., None] > 0, middle[0], 0.0)
    return found


def _together(often: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """The blocks in groups of at least so many that touch."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(often.astype(np.uint8), connectivity=8)
    large = [n for n in range(1, len(stats)) if stats[n, cv2.CC_STAT_AREA] >= least]
    found: NDArray[np.bool_] = np.isin(labels, large)
    return found
