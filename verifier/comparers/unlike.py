"""Is all of a picture unlike its original? Then what stands out of it most is no part by itself, and no match is said.

What an encoder leaves is fitted to the bulk of blocks, so that what is changed all over is measured against itself. But
the coarsest encoder that is tried leaves far less than a picture has that was made anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from provenance.report import Finding, Kind, Region
from provenance.times import Interval
from verifier.comparers.order import original_interval
from verifier.comparers.picture import Excess
from verifier.geometry import Geometry
from verifier.timing import Piece

UNLIKE = 0.9
"""Excess (natural log of energy) of the bulk, in the middle of its windows, from which all of a picture is unlike.

Of 148 untouched clips of the tuning half (filmed screens, blur of 2.5 pixels, noise, 144 lines) none has more than
0.35, one with the grain of an old film 0.8, and copies spoilt by noise of 100 levels or a blur of 12 pixels have 1.1
and more. Films that were redrawn have 1.9 to 3.6, and one warped by a thirtieth of its height has 1.0.
"""
_MAIN = 0.5
"""Share of the frame from which a part is left as it is: the rest may be the original's."""


def is_unlike(excess: Excess) -> bool:
    """Whether most of the picture is unlike the original for most of the time."""
    return bool(np.median(excess.bulk) > UNLIKE)


def as_one(findings: Sequence[Finding], excess: Excess, geometry: Geometry, piece: Piece) -> list[Finding]:
    """The same findings about a picture that is unlike, those about parts of it as one about all that shows it."""
    parts = [finding for finding in findings if finding.kind is Kind.REGION]
    areas = [part.region.w * part.region.h for part in parts if part.region]
    if not areas or max(areas) >= _MAIN:
        return list(findings)
    windows = np.flatnonzero(excess.bulk > UNLIKE)
    first, last = windows[0], windows[-1]
    start = piece.start if first == 0 else float(excess.times[first, 0])
    end = min(piece.end, excess.seen) if last == len(excess.times) - 1 else float(excess.times[last, 1])
    start = min([start, *(float(part.clip.start) for part in parts if part.clip)])
    end = max([end, *(float(part.clip.end) for part in parts if part.clip)])
    text = (
        f"All of the picture differs from the original for {end - start:.1f} s, half of it by "
        f"{np.exp(np.median(excess.bulk)):.0f} times what compression explains and more."
    )
    one = Finding(
        Kind.REGION,
        max(part.score for part in parts),
        text,
        clip=Interval.of(start, end),
        original=original_interval(piece, start, end),
        region=_shown(geometry),
        asset_id=parts[0].asset_id,
    )
    return [one, *(finding for finding in findings if finding not in parts)]


def _shown(geometry: Geometry) -> Region:
    """The box of what shows the original, as shares of the clip's frame."""
    mask = geometry.mask()
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = float(columns[0] / width), float(rows[0] / height)
    return Region(x, y, float((columns[-1] + 1) / width) - x, float((rows[-1] + 1) / height) - y)
