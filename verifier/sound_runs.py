"""Stretches of a clip whose sound is an original's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from provenance.catalog import Nomination
from provenance.fingerprints import sound
from provenance.fingerprints.values import SoundPrint

SAME_SOUND = 0.30
"""Mean Chromaprint bit error under which two stretches are the same sound: <= .08 re-encoded, >= .306 unrelated."""
SURELY_SAME = 0.15
"""The same where every offset is tried, over all that is loud, at least four seconds."""
MIN_SOUND_S = 2.0
_LEAST_THROUGHOUT, _MOST_THROUGHOUT = 32, 2000
"""Values of a clip, eight a second, for which every offset is tried: longer ones have hits."""
_SOUND_WINDOW = 8
_MAX_OFFSETS = 8
_AS_GOOD = 0.05
"""Bit error by which a place may be worse than another and sound the same: steps of both need not fall together."""
_APART_S = 1.0
"""Seconds within which there is but one place."""
_MOST_HEARD = 64
"""Values of a run that are compared with every place of the original."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundRun:
    """A stretch of the clip whose sound is the original's: seconds in the clip, offset to the original, mean error.

    ``only``: it was made sure that the original sounds so nowhere else. ``signed``: the fingerprint that tells it is.
    """

    start: float
    end: float
    offset: float
    error: float
    only: bool = False
    signed: bool = True


def same_sound(clip: SoundPrint, original: SoundPrint, nomination: Nomination) -> tuple[SoundRun, ...]:
    """The stretches whose sound is the original's, at the offsets that most hits agree on, in clip order."""
    if not len(nomination.sound_hits):
        return ()
    loud = np.flatnonzero(clip.loud)
    at = loud[np.minimum(nomination.sound_hits[:, 0], len(loud) - 1)]
    offsets = np.round(nomination.sound_hits[:, 1] / 1000 / clip.step_s).astype(np.int64) - at
    values, counts = np.unique(offsets, return_counts=True)
    free = np.ones(len(clip.values), bool)
    runs: list[SoundRun] = []
    tried = values[np.argsort(counts)[::-1][:_MAX_OFFSETS]].tolist()
    while found := [run for offset in tried if (run := _run_at(clip, original, offset, free)) is not None]:
        best = max(found, key=lambda run: run.end - run.start)
        free[round(best.start / clip.step_s) : round(best.end / clip.step_s)] = False
        runs.append(best)
    return _with_least_jumps(clip, original, sorted(runs, key=lambda run: run.start))


def _with_least_jumps(clip: SoundPrint, original: SoundPrint, runs: Sequence[SoundRun]) -> tuple[SoundRun, ...]:
    """The runs, those that are heard at several places of the original at the one nearest to where the last one ended.

    It is nearer ahead than behind: that something was cut out is likelier than that it is heard again.
    """
    chosen: list[SoundRun] = []
    for run in runs:
        before = chosen[-1].offset if chosen else run.offset
        places = _places(clip, original, run)
        nearest = min(places, key=lambda offset: offset - before if offset >= before else 2 * (before - offset))
        chosen.append(replace(run, offset=nearest, only=len(places) == 1))
    return tuple(chosen)


def _places(clip: SoundPrint, original: SoundPrint, run: SoundRun) -> list[float]:
    """The offsets at which the original sounds about as much like all of a run; its own first."""
    first, last = round(run.start / clip.step_s), round(run.end / clip.step_s)
    # Where the original ends it may be heard a step too far.
    last -= min(_SOUND_WINDOW, (last - first) // 4)
    heard = first + np.flatnonzero(clip.loud[first:last])
    heard = heard[:: max(1, len(heard) // _MOST_HEARD)]
    lowest, count = -first, len(original.values) - (last - first) + 1
    if count < 1:
        return [run.offset]
    errors = np.zeros(count)
    for at in heard.tolist():
        errors += sound.bit_error(clip.values[at], original.values[at + lowest : at + lowest + count])
    errors /= max(1, len(heard))
    apart = round(_APART_S / clip.step_s)
    own = round(run.offset / clip.step_s) - lowest
    found, enough = [own], max(SURELY_SAME, run.error + _AS_GOOD)
    errors[max(0, own - apart) : own + apart + 1] = np.inf
    while errors.min() <= enough:
        best = int(np.argmin(errors))
        found.append(best)
        errors[max(0, best - apart) : best + apart + 1] = np.inf
    return [run.offset, *((place + lowest) * clip.step_s for place in found[1:])]


def same_throughout(clip: SoundPrint, original: SoundPrint) -> tuple[SoundRun, ...]:
    """The one stretch of an original whose sound is that of a short clip, where every offset is tried.

    For originals that the picture nominated: where a clip is short, no value of its sound need be an exact hit.
    """
    count, loud = len(clip.values), np.flatnonzero(clip.loud)
    if len(loud) < _LEAST_THROUGHOUT or count > min(_MOST_THROUGHOUT, len(original.values)):
        return ()
    errors = [
        float(sound.bit_error(clip.values[loud], original.values[loud + offset]).mean())
        for offset in range(len(original.values) - count + 1)
    ]
    best = int(np.argmin(errors))
    if errors[best] > SURELY_SAME:
        return ()
    run = _run_at(clip, original, best, np.ones(count, bool))
    return () if run is None else (run,)


def _run_at(clip: SoundPrint, original: SoundPrint, offset: int, free: NDArray[np.bool_]) -> SoundRun | None:
    first, last = max(0, -offset), min(len(clip.values), len(original.values) - offset)
    if last - first < _SOUND_WINDOW:
        return None
    error = sound.bit_error(clip.values[first:last], original.values[first + offset : last + offset])
    smooth = np.convolve(error, np.ones(_SOUND_WINDOW) / _SOUND_WINDOW, mode="same")
    same = (smooth < SAME_SOUND) & clip.loud[first:last] & free[first:last]
    start, end = longest_run(same, gap=_SOUND_WINDOW)
    if (end - start) * clip.step_s < MIN_SOUND_S:
        return None
    return SoundRun(
        (first + start) * clip.step_s, (first + end) * clip.step_s, offset * clip.step_s, float(error[start:end].mean())
    )


def longest_run(flags: NDArray[np.bool_], gap: int) -> tuple[int, int]:
    """The longest stretch of true values, bridging holes of up to ``gap``: [start, end), (0, 0) where there is none."""
    at = np.flatnonzero(flags)
    if not at.size:
        return 0, 0
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = at[np.r_[0, breaks + 1]], at[np.r_[breaks, at.size - 1]] + 1
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])
