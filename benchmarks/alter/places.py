"""Where and when in a clip an alteration is put: where there is something to see, moving with what is there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.alter.footage import Footage, Picture
from benchmarks.alter.truth import Box

Rng = np.random.Generator
Pixels = tuple[int, int, int, int]
"""x, y, w, h in pixels."""
EDGE = 0.06
"""Share of the frame at its edges that is left alone."""
_SAMPLES = 12
_DRIFT = 0.5
"""How far a spot may follow what is under it, in its own widths and heights."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Frames from ``first`` on and the part of each that is altered."""

    first: int
    parts: tuple[Pixels, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.parts)

    def box(self, width: int, height: int) -> Box:
        """The upright box around all parts, as shares of the frame."""
        left, top = min(p[0] for p in self.parts), min(p[1] for p in self.parts)
        right, bottom = max(p[0] + p[2] for p in self.parts), max(p[1] + p[3] for p in self.parts)
        return left / width, top / height, (right - left) / width, (bottom - top) / height


def spot(footage: Footage, share: float, shape: float, count: int, rng: Rng) -> Spot:
    """A seeded part of ``share`` of the frame's area, ``shape`` times as wide as high, for ``count`` frames.

    Of several seeded places the one with most detail and motion is taken, so that it is about the subject.
    """
    width, height = footage.width, footage.height
    area = share * width * height
    w = min(0.8 * width, (area * shape) ** 0.5)
    h = round(min(0.8 * height, area / w))
    w = round(min((1 - 2 * EDGE) * width, area / h))
    first = int(rng.integers(0, len(footage.frames) - count + 1))
    life = _life(footage)
    rows, columns = life.shape
    best, place = -1.0, (0, 0)
    for _ in range(_SAMPLES):
        x = int(rng.uniform(EDGE * width, max(EDGE * width + 1, (1 - EDGE) * width - w)))
        y = int(rng.uniform(EDGE * height, max(EDGE * height + 1, (1 - EDGE) * height - h)))
        inside = life[
            y * rows // height : max(y * rows // height + 1, (y + h) * rows // height),
            x * columns // width : max(x * columns // width + 1, (x + w) * columns // width),
        ]
        if inside.mean() > best:
            best, place = float(inside.mean()), (x, y)
    return Spot(first, _followed(footage, first, count, (*place, w, h)))


def liveliest(footage: Footage, count: int, rng: Rng, margin: int = 1) -> int:
    """First frame of a stretch in which more moves than in other seeded ones, ``margin`` frames from both ends."""
    moved = _motion(footage)
    room = len(footage.frames) - count - 2 * margin
    starts = margin + rng.integers(0, max(1, room + 1), _SAMPLES)
    return int(max(starts, key=lambda start: moved[start : start + count].sum()))


def _life(footage: Footage) -> NDArray[np.float32]:
    """Detail plus motion, at a twelfth of the size."""
    picked = [_small(footage.frames[n]) for n in np.linspace(0, len(footage.frames) - 1, _SAMPLES).astype(int)]
    stack = np.stack(picked)
    detail = np.mean([np.abs(cv2.Laplacian(one, cv2.CV_32F)) for one in picked], axis=0)
    return np.asarray(detail + 2 * stack.std(axis=0), np.float32)


def _motion(footage: Footage) -> NDArray[np.float64]:
    """Mean change of brightness to each frame from the one before."""
    small = [_small(frame) for frame in footage.frames]
    return np.array([0.0, *(float(np.abs(b - a).mean()) for a, b in pairwise(small))])


def _small(picture: Picture) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, None, fx=1 / 12, fy=1 / 12, interpolation=cv2.INTER_AREA).astype(np.float32)


def _followed(footage: Footage, first: int, count: int, start: Pixels) -> tuple[Pixels, ...]:
    """The part in each frame, moved along with the points in it."""
    x, y, w, h = start
    grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in footage.frames[first : first + count]]
    mask = np.zeros_like(grey[0])
    mask[y : y + h, x : x + w] = 255
    points = cv2.goodFeaturesToTrack(grey[0], 60, 0.01, 4, mask=mask)
    parts, moved = [start], np.zeros(2)
    for before, after in pairwise(grey):
        if points is not None and len(points):
            seen, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, winSize=(15, 15))
            kept = found.ravel() == 1
            if kept.any():
                moved = moved + np.median((seen - points)[kept].reshape(-1, 2), axis=0)
                points = seen[kept].reshape(-1, 1, 2)
        dx, dy = np.clip(moved, (-_DRIFT * w, -_DRIFT * h), (_DRIFT * w, _DRIFT * h))
        # Two pixels are kept around it: what is blended needs something to blend with.
        place = round(np.clip(x + dx, 2, footage.width - w - 2)), round(np.clip(y + dy, 2, footage.height - h - 2))
        parts.append((*place, w, h))
    return tuple(parts)
