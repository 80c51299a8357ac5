"""Does the picture stand still where the original moves? Frames held to hide something, or to stretch it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind
from provenance.times import Interval
from verifier.comparers.order import original_interval
from verifier.comparers.picture import WINDOW_S, Excess
from verifier.stretches import stretches
from verifier.timing import Piece

STILL = 1.5
"""Root mean square change over half a second (grey levels) of the liveliest blocks of a picture that stands still."""
MOVING = 4.0
"""The same for the original, above which it clearly moves."""
MIN_WINDOWS = 2
"""Half seconds, overlapping by half, for which it must last: together three quarters of a second."""


def compare_freeze(piece: Piece, excess: Excess, asset_id: str) -> list[Finding]:
    """Findings about frames that are held."""
    findings = []
    for first, stop in stretches(frozen(excess)):
        if stop - first < MIN_WINDOWS:
            continue
        start = float(excess.times[first].mean()) - WINDOW_S / 2
        end = float(excess.times[stop - 1].mean()) + WINDOW_S / 2
        text = f"The picture stands still for {end - start:.1f} s while the original moves."
        stretch = Interval.of(max(piece.start, start), min(piece.end, end))
        where = original_interval(piece, start, end)
        findings.append(Finding(Kind.FRAMES_REPEATED, 0.9, text, stretch, where, asset_id=asset_id))
    return findings


def frozen(excess: Excess) -> NDArray[np.bool_]:
    """Which windows stand still in the clip and not in the original: bool (windows,)."""
    count = len(excess.times)
    ours = np.quantile(excess.still.reshape(count, -1), 0.98, axis=1)
    theirs = np.quantile(excess.under.reshape(count, -1), 0.98, axis=1)
    return np.asarray((ours < STILL) & (theirs > MOVING))
