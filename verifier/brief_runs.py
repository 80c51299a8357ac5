"""Where a brief clip's sound is in an original: every offset is tried, to a hundredth of a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints import sound
from provenance.fingerprints.brief_sound import ALGORITHM, FINE, STEP_S, SUPPORT_S, BriefSound
from provenance.fingerprints.values import SoundPrint
from verifier.sound_runs import SoundRun, longest_run

SAME_BRIEFLY = 0.15
"""Mean bit error under which a second is the same sound: <= .05 re-encoded, at 240p or under noise, >= .25 not."""
_WINDOW = 5
"""Values over which that is asked: 1.2 seconds."""
_AT_ONCE = 18_000
"""Values of the original that are held against the clip's at once: an hour of it, 20 MB."""


def same_briefly(clip: BriefSound, original: SoundPrint) -> tuple[SoundRun, ...]:
    """The one stretch of an original whose sound is that of a brief clip; none where a second of it is not alike.

    The original's are not signed, but what a registry says of it: none, too, where they were made in another way.
    """
    if original.algorithm != ALGORITHM:
        return ()
    best = 0.0
    found: tuple[SoundRun, ...] = ()
    overlap = -(-len(clip.values) // FINE)
    for start in range(0, len(original.values), _AT_ONCE):
        part = slice(start, start + _AT_ONCE + overlap)
        for phase in range(FINE):
            error = _errors(
                clip.values[phase::FINE], clip.loud[phase::FINE], original.values[part], original.loud[part]
            )
            behind, likeness = _likeliest(error)
            if likeness > best:
                best, found = likeness, (_run(error, behind, start, phase),)
    return found


def _errors(
    values: NDArray[np.uint32], loud: NDArray[np.bool_], theirs: NDArray[np.uint32], their_loud: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean bit error of each of the clip's windows against each of the original's; 1 where fewer than four are loud."""
    wide = _WINDOW - 1
    if min(len(values), len(theirs)) < _WINDOW:
        return np.ones((0, 0))
    heard = loud[:, None] & their_loud
    error = np.where(heard, sound.bit_error(values[:, None], theirs[None]), 0.0)
    shape = len(values) - wide, len(theirs) - wide
    total, count = np.zeros(shape), np.zeros(shape, np.uint8)
    for k in range(_WINDOW):
        window = slice(k, k + shape[0]), slice(k, k + shape[1])
        total += error[window]
        count += heard[window]
    return np.where(count >= wide, total / np.maximum(1, count), 1.0)


def _likeliest(error: NDArray[np.float64]) -> tuple[int, float]:
    """The offset in values that most windows agree on, and how much they do: 0 where none is the same."""
    rows, columns = error.shape
    # Windows at one offset are a diagonal: row by row, each moved back by one more.
    likeness = np.zeros(rows + columns)
    for row in range(rows):
        likeness[rows - row : rows - row + columns] += np.maximum(0.0, SAME_BRIEFLY - error[row])
    return (int(np.argmax(likeness)) - rows, float(likeness.max())) if rows else (0, 0.0)


def _run(error: NDArray[np.float64], behind: int, start: int, phase: int) -> SoundRun:
    """The stretch at an offset, of what is there from ``start`` on, ``phase`` after the clip's own start."""
    rows, columns = error.shape
    there = np.arange(max(0, -behind), min(rows, columns - behind))
    along = error[there, there + behind]
    same = along <= SAME_BRIEFLY
    first, last = longest_run(same, gap=_WINDOW)
    mean = float(along[first:last][same[first:last]].mean())
    begins, ends = there[first] + phase / FINE, there[last - 1] + _WINDOW - 1 + phase / FINE
    offset = (start + behind - phase / FINE) * STEP_S
    return SoundRun(float(begins * STEP_S), float(ends * STEP_S + SUPPORT_S), offset, mean, signed=False)
