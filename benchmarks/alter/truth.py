"""What is true of an altered clip: what was done, when and where, and by which words a report may name it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Stretch = tuple[float, float]
"""Seconds [start, end)."""
Box = tuple[float, float, float, float]
"""x, y, w, h as shares, 0-1, of a frame's width and height, from its top left corner."""


@dataclass(frozen=True, slots=True)
class Truth:
    """All that the scorer may hold a report to.

    ``altered``: None where honest people differ (music laid under the voice): such clips are shown, but scored neither
    as alterations nor as untouched. ``kinds``: groups of words of the report; each group must be named by one of its
    words. ``readings``: sets of clip stretches that describe the change equally well (of two parts that change places,
    either may be called the displaced one). ``missing``: for what has no duration in the clip, the original's stretch
    that is left out. ``box``: what was changed of the clip's frame, None where it is no part of it. ``assets``: file
    names of all originals in the clip. ``unknown_counts``: it is right, too, to name the original and to say of the
    picture that it cannot be told.
    """

    altered: bool | None
    kinds: tuple[tuple[str, ...], ...] = ()
    readings: tuple[tuple[Stretch, ...], ...] = ()
    missing: tuple[Stretch, ...] = ()
    box: Box | None = None
    assets: tuple[str, ...] = ()
    unknown_counts: bool = False

    def seen_through(self, matrix: tuple[float, ...]) -> Truth:
        """The same, its box laid through a homography between frames measured from 0 to 1."""
        return self if self.box is None else replace(self, box=moved(self.box, matrix))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Truth:
        return cls(
            said["altered"],
            tuple(tuple(group) for group in said["kinds"]),
            tuple(tuple((a, b) for a, b in reading) for reading in said["readings"]),
            tuple((a, b) for a, b in said["missing"]),
            tuple(said["box"]) if said["box"] else None,
            tuple(said["assets"]),
            said["unknown_counts"],
        )


def moved(box: Box, matrix: tuple[float, ...]) -> Box:
    """The upright box around a box after a homography, not cut off at the frame's edges."""
    x, y, w, h = box
    corners = np.array([[x, y, 1], [x + w, y, 1], [x, y + h, 1], [x + w, y + h, 1]]).T
    seen = np.array(matrix).reshape(3, 3) @ corners
    flat: NDArray[np.float64] = seen[:2] / seen[2]
    (left, top), (right, bottom) = flat.min(axis=1), flat.max(axis=1)
    return float(left), float(top), float(right - left), float(bottom - top)


def inside_frame(box: Box, frame: Box = (0.0, 0.0, 1.0, 1.0)) -> Box | None:
    """What of a box lies in the frame, or in a part of it; None for nothing."""
    left, top = max(box[0], frame[0]), max(box[1], frame[1])
    right, bottom = min(box[0] + box[2], frame[0] + frame[2]), min(box[1] + box[3], frame[1] + frame[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None
