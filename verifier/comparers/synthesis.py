"""What would this original look like after such an encoder? The residual it gets there is what is to be expected."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
"""Luma, shape (n, h, w)."""

_REPEATABLE = "threads=1:asm=SSE4.2"
"""With AVX-512, x264 167 gives other bits each time; and with other numbers of threads. A verdict must not change."""
_IDENTITY = np.array([0.0, 1.0, 0.0, 0.0])
_DRIVEN = 3 / 255
_PILED = 0.005
"""Share of the pixels that lie at the darkest or lightest level of a clip that was driven there."""
QUALITIES = (16, 22, 28, 34, 40, 46)
"""x264 constant rate factors tried; two steps off is near enough (matching-notes, lesson 9)."""


def tone_curve(original: Pictures, clip: Pictures, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The clip's luma as a cubic of the original's between its darkest and lightest level: float64 (256,).

    Robust to altered parts, and fitted where the clip is not driven to black or white, so that lost highlights are
    no bend of the curve.
    """
    x = original[:, mask].reshape(-1)
    y = clip[:, mask].reshape(-1)
    stride = max(1, len(x) // 60_000)
    source, target = x[::stride].astype(np.float64) / 255, y[::stride].astype(np.float64) / 255
    low, high = np.quantile(target, (0.001, 0.999))
    ends = _ends(target, low, high)
    inside = (target > low + _DRIVEN) & (target < high - _DRIVEN)
    if inside.mean() < 0.3:
        inside = np.full(len(source), True)
    source, target = source[inside], target[inside]
    basis = np.vander(source, 4, increasing=True)
    # A little pull towards the identity: flat scenes do not determine a cubic.
    ridge = len(source) * 1e-4 * np.eye(4)
    kept = np.full(len(source), True)
    coefficients = _IDENTITY
    for _ in range(3):
        rows = basis[kept]
        coefficients = np.linalg.solve(rows.T @ rows + ridge, rows.T @ target[kept] + ridge @ _IDENTITY)
        error = np.abs(basis @ coefficients - target)
        kept = error <= max(np.quantile(error, 0.8), 2 / 255)
    curve = np.vander(np.linspace(0, 1, 256), 4, increasing=True) @ coefficients
    limited: NDArray[np.float64] = np.clip(curve, *ends) * 255
    return limited


def in_tones(pictures: Pictures, curve: NDArray[np.float64]) -> Pictures:
    """Pictures after a curve of tone, float64 (256,)."""
    return np.asarray(np.clip(np.round(curve), 0, 255).astype(np.uint8)[pictures])


def _ends(levels: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """The darkest and lightest level that a curve may reach: those about which pixels pile up, as the clip was driven
    there, or else those of single pixels. A few bright lines on a dark ground are as bright as they are.
    """
    dark, light = (levels <= low + _DRIVEN).mean() > _PILED, (levels >= high - _DRIVEN).mean() > _PILED
    return low if dark else float(levels.min()), high if light else float(levels.max())


def recode(pictures: Pictures, size: tuple[int, int], quality: int, rate: float) -> Pictures:
    """Push pictures through x264 at a (width, height) and constant rate factor, and back to their own size."""
    height, width = pictures.shape[1:]
    inner = max(16, size[0] // 2 * 2), max(16, size[1] // 2 * 2)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=Fraction(round(rate)))
        stream.width, stream.height, stream.pix_fmt = *inner, "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast", "x264-params": _REPEATABLE}
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(_planes(_resized(picture, inner)), format="yuv420p")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r", format="matroska") as back:
        # The luma plane as it is: a conversion to grey would stretch its range.
        decoded = [np.asarray(frame.to_ndarray()[: inner[1]], np.uint8) for frame in back.decode(video=0)]
    return np.stack([_resized(picture, (width, height)) for picture in decoded])


def _planes(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma with neutral chroma, as PyAV takes yuv420p: (1.5 h, w)."""
    height, width = luma.shape
    return np.vstack([luma, np.full((height // 2, width), 128, np.uint8)])


def _resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if picture.shape[::-1] == size:
        return picture
    shrinks = size[0] < picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.uint8)
