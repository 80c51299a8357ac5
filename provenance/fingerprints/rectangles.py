"""Rectangles in a clip's frame that stay put while what they hold changes: a picture set into another picture.

A picture-in-picture, a blurred padding, a player's window and a letterbox have one thing in common: straight edges
that are there in every frame, where neither picture has any of its own for long.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.values import GreyImage

Part = tuple[float, float, float, float]
"""x, y, width and height as fractions of the frame."""

_WIDTH = 320
_MOST_FRAMES = 40
_LINES = 10
_MIN_SIDE = 0.15
_MAX_AREA = 0.97
_MIN_STEP = 4.0
"""Grey levels (0-255) that an edge must step on average over time."""
_SHARPER = 1.8
"""How much steeper an edge is than what lies a few pixels beside it."""
_MIN_SUPPORT = 0.55
"""Share of every side that must be such an edge."""
_SAME = 0.9


def rectangles(pictures: list[GreyImage], most: int = 4) -> list[Part]:
    """The rectangles with the best edges on all sides that are not the frame's own, best first.

    Args:
        pictures: grey frames of one clip, uint8 (h, w), of one size.
    """
    if not pictures:
        return []
    step = -(-len(pictures) // _MOST_FRAMES)
    height, width = pictures[0].shape
    size = (_WIDTH, max(32, round(_WIDTH * height / width)))
    across = np.zeros((size[1], size[0] + 1), np.float32)
    down = np.zeros((size[1] + 1, size[0]), np.float32)
    chosen = pictures[::step]
    for picture in chosen:
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        across[:, 1:-1] += np.abs(np.diff(small, axis=1))
        down[1:-1] += np.abs(np.diff(small, axis=0))
    upright = _edges(across / np.float32(len(chosen)))
    level = _edges((down / np.float32(len(chosen))).T).T
    return _best(upright, level, most)


def _edges(steepness: NDArray[np.floating]) -> NDArray[np.float32]:
    """Where vertical edges persist: float32 0 or 1, (h, w + 1) like ``steepness``; the frame's own sides are edges."""
    beside = np.stack([np.roll(steepness, shift, axis=1) for shift in (-6, -5, -4, 4, 5, 6)]).mean(axis=0)
    # A picture that was scaled after it was set in has its edge over two columns.
    peak = np.asarray(cv2.dilate(steepness, np.ones((1, 3), np.uint8)))
    found = ((steepness >= _MIN_STEP) & (steepness >= _SHARPER * beside) & (steepness >= peak)).astype(np.float32)
    found = np.asarray(cv2.dilate(found, np.ones((1, 3), np.uint8)), dtype=np.float32)
    found[:, [0, -1]] = 1
    return found


def _best(upright: NDArray[np.float32], level: NDArray[np.float32], most: int) -> list[Part]:
    height, width = upright.shape[0], level.shape[1]
    columns = _strongest(upright.sum(axis=0))
    rows = _strongest(level.sum(axis=1))
    along_columns = np.vstack([np.zeros((1, width + 1)), np.cumsum(upright, axis=0)])
    along_rows = np.hstack([np.zeros((height + 1, 1)), np.cumsum(level, axis=1)])
    scored: list[tuple[float, Part]] = []
    for x0, x1 in combinations(columns, 2):
        for y0, y1 in combinations(rows, 2):
            w, h = x1 - x0, y1 - y0
            if w < _MIN_SIDE * width or h < _MIN_SIDE * height or w * h > _MAX_AREA * width * height:
                continue
            sides = [(along_columns[y1, x] - along_columns[y0, x]) / h for x in (x0, x1) if 0 < x < width]
            sides += [(along_rows[y, x1] - along_rows[y, x0]) / w for y in (y0, y1) if 0 < y < height]
            if min(sides) >= _MIN_SUPPORT:
                scored.append((float(np.mean(sides)), (x0 / width, y0 / height, w / width, h / height)))
    chosen: list[Part] = []
    for _, part in sorted(scored, reverse=True):
        if len(chosen) < most and all(overlap(part, other) < _SAME for other in chosen):
            chosen.append(part)
    return chosen


def _strongest(support: NDArray[np.float64]) -> list[int]:
    """Positions of the longest lines, the frame's own two sides among them, rising; no two side by side."""
    left = support.astype(np.float64).copy()
    left[:3] = left[-3:] = 0
    found = [0, len(support) - 1]
    while len(found) < _LINES + 2 and left.max() > 0:
        at = int(np.argmax(left))
        found.append(at)
        left[max(0, at - 2) : at + 3] = 0
    return sorted(found)


def overlap(a: Part, b: Part) -> float:
    """Intersection over union of two rectangles, 0-1."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)
