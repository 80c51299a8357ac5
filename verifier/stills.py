"""Registered photographs in a clip: found by local features or by hash, and laid on frame by frame.

1. Ask the registry with features of a few frames; what the hashes nominated is looked at too.
2. Lay each photograph on those frames. Few points, all in one corner, or points with another picture under them, are
   a burnt-in mark or chance: what lies between the points has to agree as well.
3. Lay the ones that hold on more frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from provenance.assets import Original
from provenance.catalog import Catalog
from provenance.fingerprints.values import Features
from provenance.media.frames import read_frames
from provenance.media.values import Frame, GreyImage
from provenance.settings import Settings
from verifier.clip import Clip
from verifier.copies import Copies
from verifier.shared_features import ASKED_FRAMES, MOST_NOMINATED, evenly, feature_query, frame_features, looked_at
from verifier.still_fit import SURE_POINTS, Fit, fit
from verifier.still_motion import Laid, lay
from verifier.watch import UNWATCHED, Watch

MIN_SUPPORT = 0.35
"""Share of the photograph's blocks in view that must be found: what covers the others may be a caption or a person."""
_LAID_FRAMES = 32
_STEP_S = 0.25
_CANVAS = (160, 480)
_REFERENCE_SIDE = 960
_SURE_SPREAD = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A photograph in one frame. ``laid``: None where there is no copy to lay on."""

    frame: Frame
    fit: Fit
    laid: Laid | None

    @property
    def time(self) -> float:
        """Seconds of the clip."""
        return float(self.frame.time)


@dataclass(frozen=True, slots=True, eq=False)
class StillTrack:
    """Where a clip shows a photograph, or one frame of a film: that at ``moment`` seconds.

    ``reference``: what is compared with, the signed file itself where ``full``. ``canvas``: the photograph about as
    large as the clip shows it, None where there is nothing to compare with. ``sightings``: in order of time, of the
    ``looked`` moments (seconds), ``step`` apart.
    """

    original: Original
    reference: Path | None
    canvas: GreyImage | None
    sightings: tuple[Sighting, ...]
    looked: tuple[float, ...]
    step: float
    moment: float | None = None
    full: bool = False


def find_stills(
    clip: Clip,
    known: Sequence[Original],
    catalog: Catalog,
    copies: Copies,
    settings: Settings,
    watch: Watch = UNWATCHED,
) -> list[StillTrack]:
    """The photographs that the clip shows, the one seen most first.

    Args:
        known: photographs that were nominated otherwise.

    Raises:
        RegistryError: the registry cannot be asked, or its reference copy is not the signed one.
        MediaError: what is compared with cannot be decoded.
        TimeSpentError: the time budget ran out before all were looked at.
    """
    watch.step(0.0)
    found = looked_at(clip.looks)
    originals = {original.asset_id: original for original in known}
    if found:
        for nomination in catalog.nominate(feature_query([features for _, features in found]), MOST_NOMINATED):
            original = catalog.original(nomination.asset_id)
            if original is not None:
                originals.setdefault(original.asset_id, original)
    cache: dict[float, Features | None] = {float(frame.time): features for frame, features in found}
    tracks = []
    for number, original in enumerate(originals.values()):
        watch.step(number / len(originals))
        if original.duration is None and original.fingerprints.features is not None:
            full = copies.full(original, watch.part(number / len(originals), number / len(originals)))
            track = track_still(clip, original, full or copies.reference(original), settings, cache)
            if track is not None:
                tracks.append(replace(track, full=full is not None))
    return sorted(tracks, key=lambda track: -len(track.sightings))


def track_still(
    clip: Clip,
    original: Original,
    reference: Path | None,
    settings: Settings,
    cache: dict[float, Features | None] | None = None,
) -> StillTrack | None:
    """Lay one photograph on the clip's frames; None where none shows it.

    Args:
        original: with the photograph's features.
        reference: its copy or itself, or None where neither is at hand.
        cache: features of the clip's frames by their time, gathered as they are needed.

    Raises:
        MediaError: what is compared with cannot be decoded.
    """
    photo = original.fingerprints.features
    if photo is None:
        return None
    cache = {} if cache is None else cache
    asked = evenly(clip.looks.spaced(0.0), ASKED_FRAMES)
    every = evenly(clip.looks.spaced(_STEP_S), _LAID_FRAMES)
    picture = _picture(original, reference, settings)
    first = [(frame, found) for frame in asked if (found := _fit(photo, frame, cache)) is not None]
    if not first:
        return None
    canvas = _canvas(picture, photo, [found for _, found in first]) if picture is not None else None
    if all(_sighting(frame, found, photo, canvas) is None for frame, found in first):
        return None
    frames = sorted({float(f.time): f for f in (*asked, *every)}.values(), key=lambda f: f.time)
    sightings = []
    for frame in frames:
        found = _fit(photo, frame, cache)
        sighting = None if found is None else _sighting(frame, found, photo, canvas)
        if sighting is not None:
            sightings.append(sighting)
    times = tuple(float(frame.time) for frame in frames)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return StillTrack(original, reference, canvas, tuple(sightings), times, step)


def _sighting(frame: Frame, found: Fit, photo: Features, canvas: GreyImage | None) -> Sighting | None:
    """The photograph in a frame, if enough speaks for it."""
    if canvas is None:
        sure = len(found.photo) >= SURE_POINTS and found.spread >= _SURE_SPREAD
        return Sighting(frame, found, None) if sure else None
    up = np.diag([photo.width / canvas.shape[1], photo.height / canvas.shape[0], 1.0])
    laid = lay(canvas, frame.image, found.matrix @ up)
    if laid.support < MIN_SUPPORT:
        return None
    return Sighting(frame, found, laid)


def _fit(photo: Features, frame: Frame, cache: dict[float, Features | None]) -> Fit | None:
    time = float(frame.time)
    if time not in cache:
        cache[time] = frame_features(frame.image)
    features = cache[time]
    return fit(photo, features) if features is not None else None


def _picture(original: Original, reference: Path | None, settings: Settings) -> GreyImage | None:
    if reference is None or not original.width or not original.height:
        return None
    scale = min(1.0, _REFERENCE_SIDE / max(original.width, original.height))
    frames = read_frames(
        reference,
        width=max(2, round(original.width * scale)),
        height=max(2, round(original.height * scale)),
        limits=settings.limits,
        require_sandbox=settings.require_sandbox,
    )
    return next((frame.image for frame in frames), None)


def _canvas(picture: GreyImage, photo: Features, fits: Sequence[Fit]) -> GreyImage:
    """The photograph about as large as the clip shows it."""
    scale = float(np.median([np.sqrt(abs(np.linalg.det(found.matrix[:2, :2]))) for found in fits]))
    side = int(np.clip(max(photo.width, photo.height) * scale, *_CANVAS))
    factor = min(1.0, side / max(picture.shape))
    size = round(picture.shape[1] * factor), round(picture.shape[0] * factor)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
