"""How far a picture moves to the next one: the clip's, and what an encoder would have made of the original's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 16
"""Pixels a side of the blocks of which the liveliest tell how far a picture moves."""
LIVELIEST = 0.98
"""Quantile of the blocks that these are."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """``times``: float64 (n,), clip seconds of the pictures. ``clip`` and ``expected``: float32 (n - 1,), from each to
    the next the root mean square difference (grey levels) of the liveliest blocks, of the clip and of the synthesised
    copy.
    """

    times: NDArray[np.float64]
    clip: NDArray[np.float32]
    expected: NDArray[np.float32]


class StepMeter:
    """Measures steps from one stretch of pictures to the next, of which it keeps the last picture only.

    Args:
        mask: bool (h, w), which pixels show the original.
    """

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self._seen = seen_blocks(mask)
        self._times: list[NDArray[np.float64]] = []
        self._steps: list[tuple[float, float]] = []
        self._last: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def add(self, times: NDArray[np.float64], clip: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
        """The next pictures: seconds (n,), luma of the clip and of the synthesised copy, both (n, h, w)."""
        self._times.append(times)
        for pictures in zip(clip, expected, strict=True):
            if self._last is not None:
                ours, theirs = (self._step(*two) for two in zip(self._last, pictures, strict=True))
                self._steps.append((ours, theirs))
            self._last = pictures
        if self._last is not None:
            # Not a view, which would keep all the others.
            self._last = self._last[0].copy(), self._last[1].copy()

    def read(self) -> Steps:
        """All steps so far."""
        ours, theirs = np.array(self._steps, np.float32).reshape(-1, 2).T
        return Steps(np.concatenate(self._times), ours, theirs)

    def _step(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
        return float(np.quantile(block_steps(before, after)[self._seen], LIVELIEST))


def block_steps(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Root mean square difference (grey levels) of two pictures over each block: float32 (rows, columns)."""
    return np.sqrt(_blocks(cv2.absdiff(before, after).astype(np.float32) ** 2))


def seen_blocks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which blocks show mostly the original, by its pixels (h, w); all where none does: bool (rows, columns)."""
    seen = _blocks(mask.astype(np.float32)) > 0.5
    return np.asarray(seen | (not seen.any()))


def _blocks(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over each block: float32 (rows, columns)."""
    height, width = picture.shape
    size = max(1, width // _SIDE), max(1, height // _SIDE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
