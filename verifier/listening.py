"""Spectra of clip and original quarter second by quarter second along a piece, and how much they are alike.

Each side becomes a log spectrogram in 24 bands of equal pitch width between 120 and 3,800 Hz, which every codec keeps;
each band's own mean is taken out, so that level and equalisation drop out.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.media.sound import read_pcm, samples_of
from provenance.media.values import PCM_RATE
from provenance.settings import Settings
from verifier.timing import Piece

HOP_S = 0.032
_FRAME = 1024
_BLOCK = 4096
"""Frames whose spectra are held at once: two minutes, some 60 MB."""
_BANDS = 24
_WINDOW_S = 0.4
"""Seconds over which spectra are correlated; findings are placed to about a quarter of it."""
SILENCE_DB = -55.0
"""Level (dB of full scale) under which nothing is heard."""
_PEAKS, _PAUSES = 90, 10
"""Percentiles over time of the level: what is loud on a track, and what goes on through its pauses."""
_MOST_LIFTED_DB, _LEAST_HEARD_DB = 30.0, -75.0
"""By how much a copy may be turned down and still be compared, and the peaks under which it counts as silent."""
_NOISE_SPREAD_DB = 4.0
"""By how much steady noise rises at times over what it is in the pauses."""
_TRACK_ENDS_S = 0.5
"""Seconds by which a track may end before the picture: encoders and cutters seldom end both at once."""
SOME = 0.05
"""Share of the time in which something must be heard for there to be any sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """The comparison over one piece.

    ``times``: float64 (n,) clip seconds; ``same``: float64 (n,) correlation, NaN where both are silent;
    ``clip_bands`` and ``original_bands``: float64 (n, 25) dB, see ``spectrogram``, both in the clip's time; ``shift``:
    seconds of the original by which its sound had to be moved besides the piece, at most 0.12, good to 0.016.
    """

    times: NDArray[np.float64]
    same: NDArray[np.float64]
    clip_bands: NDArray[np.float64]
    original_bands: NDArray[np.float64]
    shift: float

    @property
    def drowned(self) -> bool:
        """Whether noise lies over all that could be compared."""
        return not np.isfinite(self.same).any() and bool((self.clip_bands[:, -1] > SILENCE_DB).mean() > SOME)


def listen(pcm: Path, reference: Path, piece: Piece, settings: Settings) -> Hearing | None:
    """Compare the sound along a piece; None where either side has less than a window of it.

    ``pcm``: the clip's samples as ``Extraction.pcm``.
    """
    low, high = sorted((piece.original_time(piece.start), piece.original_time(piece.end)))
    samples = samples_of(pcm)
    mine = spectrogram(_lasting(samples[round(piece.start * PCM_RATE) : round(piece.end * PCM_RATE)], piece.length))
    origin = Fraction(max(0, round((low - 0.5) * 1000)), 1000)
    yours = spectrogram(
        read_pcm(
            reference,
            start=origin,
            end=Fraction(max(1, round((high + 0.5) * 1000)), 1000),
            limits=settings.limits,
            require_sandbox=settings.require_sandbox,
        )
    )
    times = np.arange(len(mine)).astype(np.float64) * HOP_S
    if len(times) * HOP_S < _WINDOW_S or len(yours) < 2:
        return None
    # A copy that is only turned down, or that hisses throughout, is still the same sound.
    mine += _lift(mine[:, -1], yours[:, -1])
    yours, silence = _under_noise(yours, mine)
    # The shift between picture and sound that every container adds is searched for once, within a tenth of a second.
    best: Hearing | None = None
    for shift in np.arange(-0.12, 0.121, HOP_S / 2).tolist():
        moments = piece.speed * (times + piece.start) + piece.offset - float(origin) + shift
        warped = _at(yours, moments / HOP_S)
        hearing = Hearing(times + piece.start, _correlation(mine, warped, silence), mine, warped, shift)
        if best is None or np.nansum(hearing.same) > np.nansum(best.same):
            best = hearing
    return best


def _lasting(samples: NDArray[np.int16], seconds: float) -> NDArray[np.int16]:
    """Samples as long as the picture, where the track ends well before it: nothing is heard from there on."""
    missing = seconds - len(samples) / PCM_RATE
    return np.pad(samples, (0, round(missing * PCM_RATE))) if missing > _TRACK_ENDS_S else samples


def _lift(clip: NDArray[np.float64], original: NDArray[np.float64]) -> float:
    """By how many dB a copy that was turned down must be turned up; takes levels over time."""
    here, there = np.percentile(clip, _PEAKS), np.percentile(original, _PEAKS)
    return float(np.clip(there - here, 0, _MOST_LIFTED_DB)) if here > _LEAST_HEARD_DB else 0.0


def _under_noise(original: NDArray[np.float64], clip: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The original as it would sound under the noise that goes on through the clip's pauses and not through its own.

    With it the level (dB) under which nothing but silence or that noise is heard.
    """
    here, there = (10 ** (np.percentile(bands, _PAUSES, axis=0) / 10) for bands in (clip, original))
    noise = np.maximum(1e-9, here - there)
    noisy: NDArray[np.float64] = 10 * np.log10(10 ** (original / 10) + noise)
    return noisy, max(SILENCE_DB, float(10 * np.log10(noise[-1])) + _NOISE_SPREAD_DB)


def spectrogram(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """Log energy in bands: float64 (frames, 24 + 1), dB of full scale; the last column is the level."""
    hop = round(HOP_S * PCM_RATE)
    if len(pcm) < _FRAME:
        return np.zeros((0, _BANDS + 1))
    views = np.lib.stride_tricks.sliding_window_view(pcm, _FRAME)[::hop]
    # The spectra of an hour at once would take gigabytes.
    return np.concatenate([_bands(views[first : first + _BLOCK]) for first in range(0, len(views), _BLOCK)])


def _bands(views: NDArray[np.int16]) -> NDArray[np.float64]:
    """The same for frames of samples, (n, 1024)."""
    frames = views.astype(np.float32) / 32768
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)) ** 2 / (_FRAME * _FRAME / 16)
    edges = np.geomspace(120, 3800, _BANDS + 1) / (PCM_RATE / _FRAME)
    bands = np.stack([power[:, int(a) : max(int(a) + 1, int(b))].sum(axis=1) for a, b in pairwise(edges)], 1)
    level = power.sum(axis=1, keepdims=True)
    decibels: NDArray[np.float64] = 10 * np.log10(np.hstack([bands, level]) + 1e-9)
    return decibels


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64], silence: float) -> NDArray[np.float64]:
    """Correlation over a sliding window of band energies without their means; NaN where both are under ``silence``."""
    quiet = (a[:, -1] < silence) & (b[:, -1] < silence)
    x, y = _centred(a, quiet), _centred(b, quiet)
    # Stillness in place of something heard contradicts it, whatever its bands are.
    lacking, added = a[:, -1] < _LEAST_HEARD_DB, b[:, -1] < _LEAST_HEARD_DB
    x[lacking], y[added] = -y[lacking], -x[added]
    width = max(1, round(_WINDOW_S / HOP_S))
    kernel = np.ones(width)

    def pooled(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.convolve(v.sum(axis=1), kernel, mode="same")

    same = pooled(x * y) / np.sqrt(np.maximum(pooled(x * x) * pooled(y * y), 1e-6))
    silent = np.convolve(quiet, kernel, mode="same") / np.convolve(np.ones(len(a)), kernel, mode="same")
    return np.where(silent > 0.5, np.nan, same)


def _centred(bands: NDArray[np.float64], quiet: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Bands without their means over what is heard, (n, 24); 0 where both sides are ``quiet``.

    With silence among it, any two loud stretches would be alike in not being silent.
    """
    # A floor keeps what a codec leaves of silence from counting as much as speech.
    floored = np.maximum(bands[:, :-1], SILENCE_DB - 10)
    heard = bands[:, -1] >= SILENCE_DB
    centred: NDArray[np.float64] = floored - (floored[heard].mean(axis=0) if heard.any() else SILENCE_DB - 10)
    centred[quiet] = 0
    return centred


def _at(bands: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The spectrogram read at fractional rows; silence beyond its ends."""
    inside = (positions > -1) & (positions < len(bands))
    low = np.clip(np.floor(positions).astype(int), 0, len(bands) - 1)
    high = np.clip(low + 1, 0, len(bands) - 1)
    share = (positions - np.floor(positions))[:, None]
    mixed: NDArray[np.float64] = bands[low] * (1 - share) + bands[high] * share
    mixed[~inside] = -90.0
    return mixed
