"""A failure to look at: a frame of the clip beside the frame of the original that it shows."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.identify.truth import Truth

_HEIGHT = 220
_MOMENT = 0.6
"""Where in the first registered piece of the clip to look, 0-1."""


def side_by_side(clip: Path, truth: Truth, original: Path, target: Path) -> None:
    """Write a small JPEG: clip on the left, original at the same moment on the right."""
    piece = next(piece for piece in truth.pieces if piece.asset == original.name)
    moment = piece.start + _MOMENT * (piece.end - piece.start)
    pair = [frame_at(clip, moment), frame_at(original, piece.original_time(moment))]
    scaled = [cv2.resize(one, (round(one.shape[1] * _HEIGHT / one.shape[0]), _HEIGHT)) for one in pair]
    gap = np.full((_HEIGHT, 8, 3), 255, np.uint8)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), np.hstack([scaled[0], gap, scaled[1]]), [cv2.IMWRITE_JPEG_QUALITY, 80])


def frame_at(path: Path, moment: float) -> NDArray[np.uint8]:
    """The frame on show at that second, BGR."""
    with av.open(str(path)) as container:
        shown = None
        for frame in container.decode(video=0):
            if shown is not None and frame.time is not None and frame.time > moment + 1e-3:
                break
            shown = frame
    if shown is None:
        raise RuntimeError(f"{path.name} holds no frame")
    return np.asarray(shown.to_ndarray(format="bgr24"))
