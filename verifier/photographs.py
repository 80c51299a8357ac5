"""From photographs found in a clip to what the pipeline works with: showings in a film, alignments for a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from provenance.assets import Original
from provenance.catalog import Catalog
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED
from provenance.report import Match, Region, Segment
from provenance.settings import Settings
from provenance.times import Interval
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.still import Showing, compare_still, geometry_of
from verifier.copies import Copies, compared_with
from verifier.entries import match_with
from verifier.geometry import Geometry, refine, scaling
from verifier.identify import Candidate
from verifier.pictures import pictures_at, size_of
from verifier.stills import StillTrack, find_stills
from verifier.timing import Piece
from verifier.watch import Watch

_SAME_PLACE = 0.5
"""Overlap over union of two photographs' places from which the second is taken for another copy of the first."""


def is_photograph(original: Original) -> bool:
    """Whether an original is a still picture."""
    return original.duration is None and original.fingerprints.features is not None


def show(
    clip: Clip, known: Sequence[Original], catalog: Catalog, copies: Copies, settings: Settings, watch: Watch
) -> tuple[Showing, ...]:
    """The photographs that a film shows; of several copies of one, that which is seen best.

    Raises:
        RegistryError: the registry cannot be asked, or its reference copy is not the signed one.
        MediaError: what is compared with cannot be decoded.
        TimeSpentError: the time budget ran out before all were looked at.
    """
    kept: list[Showing] = []
    for track in find_stills(clip, known, catalog, copies, settings, watch):
        showing = compare_still(clip, track)
        if not any(_same_place(showing, other) for other in kept):
            kept.append(showing)
    return tuple(kept)


def lay_picture(
    clip: Clip, known: Sequence[Original], catalog: Catalog, copies: Copies, settings: Settings, watch: Watch
) -> list[Alignment]:
    """A picture laid on the photograph whose features it shares, where its hash found nothing; empty if there is none.

    Raises:
        RegistryError, MediaError, TimeSpentError: see ``show``.
    """
    tracks = find_stills(clip, known, catalog, copies, settings, watch)
    return [_alignment(clip, track, settings) for track in tracks[:1]]


def candidate_of(track: StillTrack) -> Candidate:
    """The photograph as identification hands on its candidates: nothing of it was found by hash."""
    mirrored = geometry_of(track, track.sightings[0]).mirrored
    share = len(track.sightings) / max(1, len(track.looked))
    times = np.array([sighting.time for sighting in track.sightings])
    none = np.zeros((len(times), 1), np.uint16)
    return Candidate(track.original, MIRRORED if mirrored else AS_SHOWN, times, np.zeros(1), none, share, ())


def match_of(showing: Showing, clip: Clip) -> Match:
    """The entry of the report for a photograph that is shown."""
    original, mirrored = showing.track.original, geometry_of(showing.track, showing.track.sightings[0]).mirrored
    moment = Interval.of(showing.track.moment or 0.0, showing.track.moment or 0.0)
    segments = tuple(Segment(run, moment, 1.0, mirrored, showing.crop) for run in showing.runs)
    shown = float(sum((run.length for run in showing.runs), start=Interval.of(0.0, 0.0).length))
    coverage = min(1.0, shown / clip.duration) if clip.duration else 1.0
    track = showing.track
    return match_with(original, coverage, segments, showing.score, compared_with(track.reference, full=track.full))


def _alignment(clip: Clip, track: StillTrack, settings: Settings) -> Alignment:
    sighting = track.sightings[0]
    candidate = candidate_of(track)
    working, reference = clip.extraction.working, track.reference
    score = sighting.laid.support if sighting.laid is not None else 0.5
    piece = Piece(0.0, clip.duration, 0.0, 0.0, score, moving=False)
    if working is None or reference is None:
        return Alignment(candidate, (piece,), None, reference)
    found = geometry_of(track, sighting)
    sizes = size_of(reference, settings), size_of(working, settings)
    matrix = scaling(found.clip_size, sizes[1]) @ found.matrix @ np.linalg.inv(scaling(found.original_size, sizes[0]))
    geometry = Geometry(matrix / matrix[2, 2], *sizes, found.inliers)
    pair = pictures_at(reference, [0.0], sizes[0], settings) + pictures_at(working, [0.0], sizes[1], settings)
    if pair[0] is not None and pair[1] is not None:
        geometry = refine(geometry, [(pair[0], pair[1])])
    return Alignment(candidate, (piece,), geometry, reference)


def _same_place(a: Showing, b: Showing) -> bool:
    """Whether both are shown in the same place at about the same time."""
    shared = sum(float(x.overlap(y)) for x in a.runs for y in b.runs)
    least = min(sum(float(run.length) for run in side.runs) for side in (a, b))
    if shared < _SAME_PLACE * least:
        return False
    places = [geometry_of(s.track, s.track.sightings[len(s.track.sightings) // 2]).shown for s in (a, b)]
    return _overlap(*places) > _SAME_PLACE


def _overlap(a: Region, b: Region) -> float:
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    both = max(0.0, width) * max(0.0, height)
    return both / max(1e-9, a.w * a.h + b.w * b.h - both)
