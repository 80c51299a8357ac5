"""PDQ, a 256-bit perceptual hash of a picture, computed for several views of a frame at once.

After Facebook's PDQ (ThreatExchange, ``pdq/``): 64 x 64 averaged luma, 16 x 16 low-frequency DCT coefficients without
the constant terms, one bit each for being above their median. Area averaging stands for PDQ's tent filter, so that a
view costs one small resize and one product; hashes differ from the reference implementation's by a few bits, which
is why the algorithm has a name of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.values import Algorithm
from provenance.media.values import GreyImage

_GRID = 64
_FREQUENCIES = 16

HASH_BITS = 256
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class View:
    """A part of the frame, hashed as if it were a whole picture: fractions of width and height, or a shape.

    With ``aspect`` set (width / height), the view is the largest centred rectangle of that shape.
    """

    name: str
    x: float = 0.0
    y: float = 0.0
    w: float = 1.0
    h: float = 1.0
    aspect: float | None = None

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The view in a frame of that size: left, top, right, bottom."""
        if self.aspect is not None:
            w, h = min(width, height * self.aspect), min(height, width / self.aspect)
            x, y = (width - w) / 2, (height - h) / 2
        else:
            x, y, w, h = self.x * width, self.y * height, self.w * width, self.h * height
        left, top = round(x), round(y)
        return left, top, max(left + 1, round(x + w)), max(top + 1, round(y + h))


VIEWS = (
    View("full"),
    View("centre-90", 0.05, 0.05, 0.9, 0.9),
    View("centre-80", 0.1, 0.1, 0.8, 0.8),
    View("centre-70", 0.15, 0.15, 0.7, 0.7),
    View("top-80", 0.0, 0.0, 1.0, 0.8),
    View("bottom-80", 0.0, 0.2, 1.0, 0.8),
    View("portrait", aspect=9 / 16),
    View("square", aspect=1.0),
)
"""What is stored of every sampled frame of an original, so that crops are found by an ordinary look-up."""

VARIANTS = ("as shown", "mirrored", "borders stripped", "borders stripped, mirrored")
"""The readings of a clip's frame that a query holds hashes of; odd ones are mirrored."""

ALGORITHM = Algorithm(
    "org.provenance-toolkit.pdq-views", "1", {"views": ",".join(v.name for v in VIEWS), "second": "imagehash.phash"}
)


def _projection() -> NDArray[np.float32]:
    """Rows 1 to 16 of the 64-point DCT-II; shape (16, 64)."""
    k = np.arange(1, _FREQUENCIES + 1)[:, None]
    n = np.arange(_GRID)[None, :]
    rows: NDArray[np.float32] = (np.sqrt(2 / _GRID) * np.cos(np.pi / (2 * _GRID) * k * (2 * n + 1))).astype(np.float32)
    return rows


_PROJECTION = _projection()


def pdq(pictures: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Hash pictures already averaged to the grid.

    Args:
        pictures: float32 (n, 64, 64), luma 0-255; see ``to_grid``.

    Returns:
        hashes uint8 (n, 32), bits in the order of PDQ's hexadecimal form; quality uint8 (n,), 0 flat to 100 rich.
    """
    coefficients = _PROJECTION @ pictures @ _PROJECTION.T
    flat = coefficients.reshape(len(pictures), HASH_BITS)
    bits = flat > np.median(flat, axis=1, keepdims=True)
    return np.packbits(bits[:, ::-1], axis=1), _quality(pictures)


def _quality(cells: NDArray[np.float32]) -> NDArray[np.uint8]:
    """PDQ's quality: the sum of quantised gradients over the 64 x 64 cells, capped at 100."""
    across = np.trunc(np.abs(np.diff(cells, axis=2)) * 100 / 255)
    down = np.trunc(np.abs(np.diff(cells, axis=1)) * 100 / 255)
    total = across.sum(axis=(1, 2)) + down.sum(axis=(1, 2))
    quality: NDArray[np.uint8] = np.minimum(100, total / 90).astype(np.uint8)
    return quality


def to_grid(picture: GreyImage) -> NDArray[np.float32]:
    """Average a picture to float32 (64, 64)."""
    method = cv2.INTER_AREA if min(picture.shape) >= _GRID else cv2.INTER_LINEAR
    # Small pictures are enlarged first: area averaging does not interpolate upwards.
    return cv2.resize(picture, (_GRID, _GRID), interpolation=method).astype(np.float32)


def hash_views(picture: GreyImage) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Hash every one of ``VIEWS``: hashes uint8 (views, 32), quality uint8 (views,)."""
    height, width = picture.shape
    grids = []
    for view in VIEWS:
        left, top, right, bottom = view.pixels(width, height)
        grids.append(to_grid(picture[top:bottom, left:right]))
    return pdq(np.stack(grids))


def hash_variants(picture: GreyImage) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Hash the ``VARIANTS`` of a clip's frame: hashes uint8 (variants, 32), quality uint8 (variants,).

    Where there is no border to strip, the last two repeat the first two with quality 0.
    """
    whole = to_grid(picture)
    inner = strip_borders(picture)
    stripped = to_grid(inner)
    hashes, quality = pdq(np.stack([whole, whole[:, ::-1], stripped, stripped[:, ::-1]]))
    if inner.shape == picture.shape:
        quality[2:] = 0
    return hashes, quality


def strip_borders(picture: GreyImage) -> GreyImage:
    """What lies within the borders, see ``within_borders``."""
    left, top, right, bottom = within_borders(picture)
    return picture[top:bottom, left:right]


def within_borders(picture: GreyImage, tolerance: float = 6.0) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in pixels, of what is left without rows and columns at the edges that hardly vary.

    ``tolerance``: standard deviation of luma, 0-255. All of the picture where more than three quarters of either side
    would go: that is a dark frame, no border.
    """
    height, width = picture.shape
    top, bottom = _inner(picture.std(axis=1), tolerance)
    left, right = _inner(picture[top:bottom].std(axis=0), tolerance)
    if bottom - top < height / 4 or right - left < width / 4:
        return 0, 0, width, height
    return left, top, right, bottom


def _inner(deviation: NDArray[np.float64], tolerance: float) -> tuple[int, int]:
    lively = np.flatnonzero(deviation > tolerance)
    return (int(lively[0]), int(lively[-1]) + 1) if lively.size else (0, len(deviation))


_POPCOUNT = np.array([bin(i).count("1") for i in range(256)], dtype=np.uint16)


def hamming(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Differing bits between hashes along the last axis, broadcasting: uint8 (..., 32) each; 0-256."""
    distance: NDArray[np.uint16] = _POPCOUNT[np.bitwise_xor(a, b)].sum(axis=-1, dtype=np.uint16)
    return distance
