"""Small residual pictures over time: what moves in a scene, and nothing of what stands still.

The same studio and speaker look alike at every moment; what moved does not. So each frame has its surroundings in
time subtracted before frames are compared (matching-notes, lesson 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.values import Frame, GreyImage
from verifier.geometry import Geometry, scaling

GRID_WIDTH = 64
SURROUNDINGS_S = 0.4
"""Seconds before and after a frame whose mean is what stands still."""
_BLOCK_FRAMES = 500
_MIN_STEP_S = 0.025
"""Frames closer than this (40 a second) are passed over: nothing is gained from them."""
MOTION_FLOOR = 1.5
"""Root mean square residual (grey levels, 0-255) under which a frame's motion is hardly above compression noise."""
FAINT_FLOOR = 0.5
"""The same for scenes in which little moves, or only something small: an encoder spends its bits on that."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """``times``: float64 (n,) seconds, rising; ``pictures``: uint8 (n, h, w) luma in the original's frame.

    ``mask``: bool (h, w), the part of the original's frame that is seen.
    """

    times: NDArray[np.float64]
    pictures: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    def at(self, moments: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index of the frame on show at each moment (the last one that began by then)."""
        return np.clip(np.searchsorted(self.times, moments + 1e-6, side="right") - 1, 0, len(self.times) - 1)


def grid_size(original_size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of track pictures for an original of that size."""
    width, height = original_size
    return GRID_WIDTH, int(np.clip(round(GRID_WIDTH * height / width), 16, 128))


def original_track(frames: Iterable[Frame]) -> Track:
    """A track of frames that were read at ``grid_size`` already."""
    times, pictures = _gather(frames, lambda picture: picture)
    return Track(times, pictures, np.ones(pictures.shape[1:], dtype=bool))


def clip_track(frames: Iterable[Frame], geometry: Geometry) -> Track:
    """A track of a clip's frames (of any one size, whole frame), laid into the original's frame."""
    grid = grid_size(geometry.original_size)
    matrix: NDArray[np.float64] | None = None
    pitch = 0.0
    seen: NDArray[np.bool_] | None = None

    def lay(picture: GreyImage) -> GreyImage:
        nonlocal matrix, seen, pitch
        if matrix is None:
            matrix = _to_grid(geometry, picture.shape[::-1], grid)
            # Pixels of the clip in one of the grid, in the middle of the frame.
            one = np.sqrt(abs(np.linalg.det(geometry.linear))) * geometry.original_size[0] / grid[0]
            pitch = 0.5 * one * picture.shape[1] / geometry.clip_size[0]
            blank = np.full(picture.shape, 255, np.uint8)
            seen = np.asarray(cv2.warpPerspective(blank, matrix, grid, flags=cv2.INTER_NEAREST)) > 0
        # Blur to the grid's pitch first: a warp that reduces takes no averages.
        soft = cv2.GaussianBlur(picture, (0, 0), pitch) if pitch > 0.6 else picture
        return np.asarray(
            cv2.warpPerspective(soft, matrix, grid, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )

    times, pictures = _gather(frames, lay)
    mask = seen if seen is not None else np.ones(grid[::-1], dtype=bool)
    return Track(times, pictures, mask)


def residuals(
    track: Track,
    mask: NDArray[np.bool_],
    surroundings_s: float = SURROUNDINGS_S,
    floor: float = MOTION_FLOOR,
    frames: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What moves, inside a mask, in all frames or in those asked for (rising).

    Args:
        surroundings_s: seconds before and after a frame whose mean is what stands still.
        floor: root mean square grey levels of motion that are hardly above noise.

    Returns:
        unit residuals float32 (n, pixels), shortened where there is less motion than ``floor``, so that
        their products are correlations that tend to zero where nothing can be said; and the motion, root mean
        square grey levels, float32 (n,).
    """
    first = np.searchsorted(track.times, track.times - surroundings_s, side="left")
    last = np.searchsorted(track.times, track.times + surroundings_s, side="right")
    count = int(mask.sum())
    asked = np.arange(len(track.times)) if frames is None else frames
    unit = np.empty((len(asked), count), np.float32)
    motion = np.empty(len(asked), np.float32)
    for start in range(0, len(asked), _BLOCK_FRAMES):
        rows, block = asked[start : start + _BLOCK_FRAMES], slice(start, start + _BLOCK_FRAMES)
        low, high = int(first[rows[0]]), int(last[rows[-1]])
        pixels = track.pictures[low:high][:, mask].astype(np.float32)
        sums = np.vstack([np.zeros((1, count)), np.cumsum(pixels, axis=0, dtype=np.float64)])
        still = (sums[last[rows] - low] - sums[first[rows] - low]) / (last[rows] - first[rows])[:, None]
        moving = (pixels[rows - low] - still).astype(np.float32)
        moving -= moving.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(moving, axis=1)
        unit[block] = moving / np.maximum(norm, floor * np.sqrt(count))[:, None]
        motion[block] = norm / np.sqrt(count)
    return unit, motion


def _gather(
    frames: Iterable[Frame], lay: Callable[[GreyImage], GreyImage]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    times: list[float] = []
    pictures: list[GreyImage] = []
    for frame in frames:
        if not times or float(frame.time) - times[-1] >= _MIN_STEP_S:
            times.append(float(frame.time))
            pictures.append(lay(frame.image))
    return np.array(times), np.stack(pictures) if pictures else np.zeros((0, 1, 1), np.uint8)


def _to_grid(geometry: Geometry, picture_size: tuple[int, int], grid: tuple[int, int]) -> NDArray[np.float64]:
    """The map from a clip picture of ``picture_size`` to the grid in the original's frame, (3, 3)."""
    enlarge = scaling(picture_size, geometry.clip_size)
    reduce = scaling(geometry.original_size, grid)
    whole: NDArray[np.float64] = reduce @ np.linalg.inv(geometry.matrix) @ enlarge
    return whole
