"""The sound's fingerprint: Chromaprint sub-fingerprints, and where they say anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.values import Algorithm, SoundPrint

STEP_S = 4096 / 3 / 11025
"""Seconds between sub-fingerprints: a third of a 4096-sample frame at Chromaprint's 11,025 samples a second."""

ALGORITHM = Algorithm("org.acoustid.chromaprint", "1.6", {"algorithm": 1})

_WINDOW = 8
_DISTINCT = 4


def sound_print(values: NDArray[np.uint32]) -> SoundPrint | None:
    """Wrap raw sub-fingerprints; None where there are none (under about three seconds of sound)."""
    return SoundPrint(ALGORITHM, values, informative(values), STEP_S) if values.size else None


def informative(values: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which sub-fingerprints tell one sound from another: bool (n,).

    Silence and steady tones give one value over and over, the same in every file. A value counts where the
    window of eight around it holds at least four different ones.
    """
    if not values.size:
        return np.zeros(0, dtype=bool)
    padded = np.pad(values, (_WINDOW // 2, _WINDOW - _WINDOW // 2 - 1), mode="edge")
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), axis=1)
    distinct = 1 + (np.diff(windows, axis=1) != 0).sum(axis=1)
    lively: NDArray[np.bool_] = distinct >= _DISTINCT
    return lively


def bit_error(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Share of differing bits per pair of sub-fingerprints, 0-1: about 0.5 for unrelated sound, under 0.1 for one."""
    return np.bitwise_count(np.bitwise_xor(a, b)).astype(np.float64) / 32
