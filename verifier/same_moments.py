"""Pictures of the same moment, and what they tell of where the original's picture lies in the clip's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from provenance.media.values import GreyImage
from provenance.settings import Settings
from verifier.asked import CLOSE_BITS
from verifier.geometry import Geometry, refine
from verifier.identify import Candidate
from verifier.part_shown import cut_by_borders, part_shown
from verifier.pictures import pairs_at
from verifier.timing import Piece

_PAIRS = 6


def rough_pairs(
    candidate: Candidate,
    reference: Path,
    working: Path,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    settings: Settings,
) -> list[tuple[GreyImage, GreyImage]]:
    """The closest pairs of frames, spread over the clip, as pictures (original, clip)."""
    ours, theirs = ([pair[side] for pair in candidate.pairs[:_PAIRS]] for side in (0, 1))
    count = len(candidate.clip_times)
    for rows in np.array_split(np.arange(count), min(_PAIRS, count)) if count else ():
        row, column = np.unravel_index(int(np.argmin(candidate.distance[rows])), candidate.distance[rows].shape)
        if candidate.distance[rows[row], column] <= CLOSE_BITS:
            ours.append(float(candidate.clip_times[rows[row]]))
            theirs.append(float(candidate.original_times[column]))
    return pairs_at(reference, working, ours, theirs, sizes, settings)


def refined(
    geometry: Geometry,
    candidate: Candidate,
    pieces: tuple[Piece, ...],
    reference: Path,
    working: Path,
    settings: Settings,
) -> Geometry:
    """Refine the geometry on frames of the same moment."""
    pairs = pairs_along(pieces, reference, working, (geometry.original_size, geometry.clip_size), settings)
    part = None if geometry.inliers else part_shown(pairs, candidate.mirrored)
    return cut_by_borders(refine(geometry, pairs, candidate.reading, () if part is None else (part,)), pairs)


def pairs_along(
    pieces: tuple[Piece, ...],
    reference: Path,
    working: Path,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    settings: Settings,
) -> list[tuple[GreyImage, GreyImage]]:
    """Pictures (original, clip) of the same moments, spread over the longest piece."""
    piece = max(pieces, key=lambda p: p.length)
    ours = [piece.start + share * piece.length for share in (0.2, 0.5, 0.8)]
    return pairs_at(reference, working, ours, [piece.original_time(moment) for moment in ours], sizes, settings)
