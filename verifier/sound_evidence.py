"""Pictures that let a person see what a finding says of the sound."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.report import Evidence
from verifier.comparers.hearing import SAME
from verifier.listening import Hearing
from verifier.pictures import Colour

_MARK = (40, 40, 230)


def spectrograms(hearing: Hearing, start: float, end: float, index: int) -> Evidence:
    """Spectrograms of original and clip, and their correlation, with the stretch marked."""
    rows = [_spectrum(hearing.original_bands), _spectrum(hearing.clip_bands)]
    width = rows[0].shape[1]
    plot = np.full((70, width, 3), 255, np.uint8)
    scale = width / max(1, len(hearing.times))
    same = np.nan_to_num(hearing.same, nan=1.0)
    points = np.stack([np.arange(len(same)) * scale, 66 - 62 * np.clip(same, 0, 1)], axis=1).astype(np.int32)
    cv2.line(plot, (0, int(66 - 62 * SAME)), (width, int(66 - 62 * SAME)), (170, 170, 170), 1)
    cv2.polylines(plot, [points.reshape(-1, 1, 2)], False, (120, 60, 20), 1, cv2.LINE_AA)
    gap = np.full((4, width, 3), 255, np.uint8)
    sheet = np.vstack([rows[0], gap, rows[1], gap, plot])
    for edge in (start, end):
        x = int(np.clip(np.searchsorted(hearing.times, edge) * scale, 0, width - 1))
        cv2.line(sheet, (x, 0), (x, sheet.shape[0]), _MARK, 1)
    caption = (
        f"Spectrograms of the original (above) and the clip, and below how far they agree; "
        f"the lines mark {start:.1f} to {end:.1f} s."
    )
    return Evidence("spectrogram", caption, "image/png", _png(sheet), index)


def _spectrum(bands: NDArray[np.float64]) -> Colour:
    level = np.clip((bands.T[::-1] + 75) / 70, 0, 1)
    picture = cv2.applyColorMap((level * 255).astype(np.uint8), cv2.COLORMAP_MAGMA)
    return np.asarray(cv2.resize(picture, (720, 120), interpolation=cv2.INTER_NEAREST))


def _png(picture: Colour) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])
