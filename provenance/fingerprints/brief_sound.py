"""Sub-fingerprints of moments, for sound too brief for Chromaprint, whose first value takes 2.7 seconds: of a few
seconds it has too few to be found by.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): 32 bits, each whether the
difference between two neighbouring bands rose or fell. Bands are from 300 to 2,600 Hz, which every codec and telephone
keeps, and the rise is over 160 ms, which noise disturbs less than the 12 of the paper (measured at 64 kb/s: 2 % of the
bits differ, 4 % under noise or at 240p; of unrelated stretches of one second at least 25 %).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.values import Algorithm, SoundPrint
from provenance.media.values import PCM_RATE

STEP_S = 0.2
"""Seconds between two that are kept of an original."""
FINE = 20
"""Of a clip there are so many in each such step: whatever the offset, one falls within 5 ms of an original's."""
SUPPORT_S = 0.416
"""Seconds of sound that one is made of."""
MOST_S = 8.0
"""Seconds of sound up to which a clip is brief."""
ALGORITHM = Algorithm("org.provenance-toolkit.haitsma-kalker", "1", {"step_ms": 200})

_BANDS = 33
_BITS = _BANDS - 1
_FRAME = 4096
_HOP = round(STEP_S * PCM_RATE) // FINE
_RISE = 16 * _HOP
_SILENCE_DB = -55.0
"""Level (dB of full scale) of the bands together under which a moment says nothing."""
_LEAST_CHANGE = 0.1
"""Share of the energy that must rise or fall: of a steady tone, whose bits are those of rounding, it is under 0.01."""
_BANDS_HEARD, _HEARD_DB = 9, 40.0
"""Bands that must come to within so many dB of the loudest: 9 and more of speech, at most 7 of a tone that glides. In
the others are but the ends of the window that it is seen through, and any two such tones would be alike."""
_AT_ONCE = 2048
"""Moments of which spectra are held at once: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class BriefSound:
    """A clip's, ``FINE`` in each step from its start on: ``values`` uint32 (n,), ``loud`` bool (n,).

    ``clearness``: float32 (n, 32), how far each bit is from being the other one; the first column is bit 0.
    """

    values: NDArray[np.uint32]
    loud: NDArray[np.bool_]
    clearness: NDArray[np.float32]

    def likely(self, doubtful: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """What an original may have in place of the loud ones: with each choice of their least clear bits.

        Returns:
            values uint32 (m,) and the number of the moment of each, int64 (m,).
        """
        at = np.flatnonzero(self.loud)
        least = np.argpartition(self.clearness[at], doubtful, axis=1)[:, :doubtful]
        flips = np.zeros((len(at), 1), np.uint32)
        for column in range(doubtful):
            bit = (np.uint32(1) << least[:, column].astype(np.uint32))[:, None]
            flips = np.hstack([flips, flips ^ bit])
        return (self.values[at, None] ^ flips).reshape(-1), np.repeat(at, flips.shape[1])


def of_original(samples: NDArray[np.int16]) -> SoundPrint | None:
    """What is kept of an original, one every ``STEP_S``; None of sound briefer than one. Samples at ``PCM_RATE``."""
    rises, loud = _rises(samples, FINE * _HOP)
    return SoundPrint(ALGORITHM, _values(rises), loud, STEP_S) if len(rises) else None


def of_clip(samples: NDArray[np.int16]) -> BriefSound | None:
    """What a clip is looked for by; None where its sound is not brief, or briefer than one. Samples at ``PCM_RATE``."""
    if len(samples) > MOST_S * PCM_RATE:
        return None
    rises, loud = _rises(samples, _HOP)
    return BriefSound(_values(rises), loud, np.abs(rises)) if len(rises) else None


def _values(rises: NDArray[np.float32]) -> NDArray[np.uint32]:
    powers = np.uint32(1) << np.arange(_BITS, dtype=np.uint32)
    values: NDArray[np.uint32] = ((rises > 0) * powers).sum(axis=1, dtype=np.uint32)
    return values


def _rises(samples: NDArray[np.int16], step: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """By how much each band rises against the next one up, every ``step`` samples: float32 (n, 32); bool (n,) loud."""
    if len(samples) < _FRAME + _RISE:
        return np.zeros((0, _BITS), np.float32), np.zeros(0, np.bool_)
    views = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)
    before, after = views[: len(views) - _RISE : step], views[_RISE::step]
    rises, loud = [], []
    for first in range(0, len(before), _AT_ONCE):
        was, now = _energies(before[first : first + _AT_ONCE]), _energies(after[first : first + _AT_ONCE])
        rise = np.diff(was) - np.diff(now)
        changes = np.abs(rise).sum(axis=1) > _LEAST_CHANGE * (was + now).sum(axis=1)
        rises.append(rise)
        loud.append(changes & _says_much(was) & _says_much(now))
    return np.concatenate(rises).astype(np.float32), np.concatenate(loud)


def _says_much(energies: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a moment is loud, and in enough bands."""
    heard = energies > energies.max(axis=1, keepdims=True) * 10 ** (-_HEARD_DB / 10)
    much: NDArray[np.bool_] = (heard.sum(axis=1) >= _BANDS_HEARD) & (energies.sum(axis=1) > 10 ** (_SILENCE_DB / 10))
    return much


def _energies(frames: NDArray[np.int16]) -> NDArray[np.float64]:
    """Energy in bands of equal pitch width: (n, 4096) samples -> float64 (n, 33), 1 for full scale."""
    window = np.hanning(_FRAME).astype(np.float32) / 32768
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 / (_FRAME * _FRAME / 16)
    below = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
    edges = np.geomspace(300, 2600, _BANDS + 1) / (PCM_RATE / _FRAME)
    low = np.floor(edges).astype(int)
    up_to = below[:, low] + (edges - low) * (below[:, low + 1] - below[:, low])
    energies: NDArray[np.float64] = np.diff(up_to)
    return energies
