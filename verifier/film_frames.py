"""One frame of a registered film that was set in motion: the frame is taken for a photograph, and judged as one is.

A clip that shows a film, but none of its moments in a row, may have been made out of a single one. Nothing but that is
said here: footage of the same place that is not the film's own is told apart as it is from a photograph (ADR 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from provenance.assets import Original
from provenance.fingerprints.features import STILL_POINTS, features
from provenance.media.values import Frame, GreyImage
from provenance.report import Kind
from provenance.settings import Settings
from verifier.clip import Clip
from verifier.comparers.still import Showing, compare_still
from verifier.copies import Copies
from verifier.identify import Candidate
from verifier.pictures import pictures_at, size_of
from verifier.shared_features import ASKED_FRAMES, evenly, frame_features
from verifier.still_fit import fit
from verifier.stills import track_still
from verifier.watch import Watch

_MOST_FILMS = 2
_NEAR_S = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
"""Where the frame is looked for beside the moment that hashes or features name: those are seconds apart."""


def animated_frames(
    clip: Clip, candidates: Sequence[Candidate], copies: Copies, settings: Settings, watch: Watch
) -> tuple[Showing, ...]:
    """The frames of films that the clip was made out of.

    Args:
        candidates: films that the clip could not be laid on, best first.

    Raises:
        RegistryError: the registry's reference copy is not the signed one.
        MediaError: what is compared with cannot be decoded.
        TimeSpentError: the time budget ran out before all were looked at.
    """
    shown = evenly(clip.looks.spaced(0.0), ASKED_FRAMES)
    found = []
    for candidate in [c for c in candidates if c.picture_share > 0][:_MOST_FILMS]:
        watch.step(0.0)
        reference = copies.at_hand(candidate.original, watch)
        if reference is None or not shown:
            continue
        moment, picture = _likeliest(candidate, reference, shown[len(shown) // 2], settings)
        if picture is None:
            continue
        target = copies.work / f"{candidate.original.asset_id}-frame.png"
        cv2.imwrite(str(target), picture)
        track = track_still(clip, _photograph(candidate.original, picture), target, settings)
        if track is None:
            continue
        full = copies.reference(candidate.original) is None
        showing = compare_still(clip, replace(track, reference=reference, moment=moment, full=full))
        if any(finding.kind is Kind.STILL_ANIMATED for finding in showing.findings):
            found.append(showing)
    return tuple(found)


def _likeliest(
    candidate: Candidate, reference: Path, shown: Frame, settings: Settings
) -> tuple[float, GreyImage | None]:
    """The film's frame that shares most points with one of the clip's, and its second."""
    seen = frame_features(shown.image)
    if seen is None:
        return 0.0, None
    if candidate.distance.size:
        near = float(candidate.original_times[int(np.argmin(candidate.distance.mean(axis=0)))])
    else:
        near = float(np.median([theirs for _, theirs in candidate.pairs]))
    moments = [near + beside for beside in _NEAR_S if near + beside >= 0]
    pictures = pictures_at(reference, moments, size_of(reference, settings), settings)
    best: tuple[int, float, GreyImage | None] = (0, near, None)
    for moment, picture in zip(moments, pictures, strict=True):
        points = None if picture is None else features(picture, STILL_POINTS)
        laid = None if points is None else fit(points, seen)
        if laid is not None and len(laid.photo) > best[0]:
            best = (len(laid.photo), moment, picture)
    return best[1], best[2]


def _photograph(film: Original, picture: GreyImage) -> Original:
    """The film's frame as if it had been registered as a photograph."""
    prints = replace(film.fingerprints, features=features(picture, STILL_POINTS))
    return replace(film, duration=None, fingerprints=prints)
