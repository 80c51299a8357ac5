"""The picture that a file shows at a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.media.frames import read_frames
from provenance.settings import Settings
from provenance.times import exact

Colour = NDArray[np.uint8]
"""BGR, shape (h, w, 3)."""


def picture_at(path: Path | None, moment: float, size: tuple[int, int], settings: Settings) -> Colour | None:
    """The last frame up to a second of the file, at (width, height); None where there is none.

    Raises:
        MediaError: the file cannot be decoded.
    """
    if path is None:
        return None
    found: Colour | None = None
    at = exact(max(0.0, moment))
    for frame in read_frames(
        path,
        width=size[0],
        height=size[1],
        colour=True,
        start=max(exact(0.0), at - 1),
        end=at + exact(0.001),
        limits=settings.limits,
        require_sandbox=settings.require_sandbox,
    ):
        found = frame.image
    return found
