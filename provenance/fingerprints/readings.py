"""The ways in which a circulating frame may show an original's: all of it, or a part, turned or mirrored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.values import GreyImage


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to look at a frame: cut out ``part`` (x, y, w, h as fractions), turn it back, mirror it back.

    ``turn``: degrees, clockwise as seen, by which the picture is supposed to have been turned.
    """

    name: str
    part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    turn: float = 0.0
    mirrored: bool = False

    def size(self, frame_size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the reading's picture for frames of that size."""
        w = max(2, round(self.part[2] * frame_size[0]))
        h = max(2, round(self.part[3] * frame_size[1]))
        return (h, w) if self.turn % 180 == 90 else (w, h)

    def matrix(self, frame_size: tuple[int, int]) -> NDArray[np.float64]:
        """The map from pixels of the frame to pixels of the reading's picture, (3, 3)."""
        left, top = round(self.part[0] * frame_size[0]), round(self.part[1] * frame_size[1])
        width, height = self.size(frame_size)
        cut = (height, width) if self.turn % 180 == 90 else (width, height)
        to_centre = _shift(-left - (cut[0] - 1) / 2, -top - (cut[1] - 1) / 2)
        angle = np.radians(-self.turn)
        back = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        flip = np.diag([-1.0, 1, 1]) if self.mirrored else np.eye(3)
        whole: NDArray[np.float64] = _shift((width - 1) / 2, (height - 1) / 2) @ flip @ back @ to_centre
        return whole

    def picture(self, frame: GreyImage) -> GreyImage:
        """The frame read this way; what a turn leaves empty continues the edge."""
        size = frame.shape[1], frame.shape[0]
        method = cv2.INTER_NEAREST if self.turn % 90 == 0 else cv2.INTER_LINEAR
        return np.asarray(
            cv2.warpAffine(frame, self.matrix(size)[:2], self.size(size), flags=method, borderMode=cv2.BORDER_REPLICATE)
        )


AS_SHOWN = Reading("as shown")
MIRRORED = Reading("mirrored", mirrored=True)
TURNS = (-10.0, -5.0, 5.0, 10.0, 90.0, 180.0, 270.0)
"""Degrees tried: a hash bears a turn of two or three by itself."""
BANDS = (Reading("top-80", (0.0, 0.0, 1.0, 0.8)), Reading("bottom-80", (0.0, 0.2, 1.0, 0.8)))
"""What a caption band leaves of a frame, beside the same views of an original."""
ASPECTS = (16 / 9, 4 / 3, 1.0, 9 / 16)
"""Shapes of pictures that are set into frames of another shape, in the middle."""
_SAME_ASPECT = 1.1


def inset(parts: list[tuple[float, float, float, float]]) -> tuple[Reading, ...]:
    """The readings of rectangles that look like pictures in the frame, as fractions of it; each mirrored too."""
    return _both_ways([Reading(f"picture {n}", part) for n, part in enumerate(parts, 1)])


def further(frame_size: tuple[int, int]) -> tuple[Reading, ...]:
    """The readings of frames (width, height) cut to common shapes, without bands, and turned; each mirrored too."""
    turned = [Reading(f"turned {turn:+.0f}", turn=turn) for turn in TURNS]
    return _both_ways([*_inner(frame_size), *BANDS, *turned])


def _both_ways(readings: list[Reading]) -> tuple[Reading, ...]:
    return tuple(replace(r, mirrored=flip) for r in readings for flip in (False, True))


def _inner(frame_size: tuple[int, int]) -> list[Reading]:
    shape = frame_size[0] / frame_size[1]
    found = []
    for aspect in ASPECTS:
        if max(aspect / shape, shape / aspect) < _SAME_ASPECT:
            continue
        w, h = min(1.0, aspect / shape), min(1.0, shape / aspect)
        found.append(Reading(f"inner {aspect:.2f}", ((1 - w) / 2, (1 - h) / 2, w, h)))
    return found


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
