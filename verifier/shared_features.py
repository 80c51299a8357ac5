"""Originals nominated by local features: crops, pictures in pictures and turned ones, which hashes cannot find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from provenance.assets import Original
from provenance.catalog import Catalog, Query
from provenance.fingerprints.feature_keys import mirrored, probe_keys, stored_keys
from provenance.fingerprints.frames import Looks
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED, Reading
from provenance.fingerprints.values import Features, FrameFeatures
from provenance.media.values import Frame, GreyImage
from verifier.still_fit import Fit, fit, moved, picture_features

ASKED_FRAMES = 6
MOST_NOMINATED = 12
"""Assets whose features are looked at: half of them with the most votes, half with the most surprising ones."""
_ASKED_POINTS = 400
_LAID = 4
"""Stored pictures of one film that a frame is laid on: those that share most keys; a long film has hundreds."""
_ENLARGED = 2.0
_SMALL_PX = 480
_MIN_SPREAD = 0.08
"""Share of what is seen of a film's frame that the points' hull must fill: a logo that two films share fills less."""
_WHOLE = 0.6


def looked_at(looks: Looks) -> list[tuple[Frame, Features]]:
    """Some of a clip's frames with their features, evenly spread."""
    frames = evenly(looks.spaced(0.0), ASKED_FRAMES)
    return [(frame, found) for frame in frames if (found := frame_features(frame.image)) is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """A film of which some of a clip's frames show frames: ``pairs`` of clip and original seconds, best first.

    ``share``: 0-1 of the frames looked at. ``reading``: the part of the frame that shows it, and whether mirrored.
    """

    original: Original
    pairs: tuple[tuple[float, float], ...]
    share: float
    reading: Reading


def glimpses(looks: Looks, catalog: Catalog) -> list[Glimpse]:
    """The films that a clip's frames share features with, in one geometry each.

    Raises:
        RegistryError: the registry cannot be asked.
    """
    seen = looked_at(looks)
    if not seen:
        return []
    found = []
    for nomination in catalog.nominate(feature_query([features for _, features in seen]), MOST_NOMINATED):
        original = catalog.original(nomination.asset_id)
        if original is not None and original.fingerprints.frame_features is not None:
            glimpse = _glimpse(original, original.fingerprints.frame_features, seen)
            if glimpse is not None:
                found.append(glimpse)
    return found


def _glimpse(original: Original, stored: FrameFeatures, seen: list[tuple[Frame, Features]]) -> Glimpse | None:
    best: list[tuple[Fit, float, float]] = []
    likeliest = _likeliest(stored, [features for _, features in seen])
    for (frame, features), pictures in zip(seen, likeliest, strict=True):
        fits = [
            (laid, float(frame.time), float(stored.times_ms[number]) / 1000)
            for number in pictures
            if (laid := fit(stored.pictures[number], features)) is not None and laid.spread >= _MIN_SPREAD
        ]
        if fits:
            best.append(max(fits, key=lambda one: len(one[0].photo)))
    if not best:
        return None
    best.sort(key=lambda one: -len(one[0].photo))
    shown = stored.pictures[0]
    reading = _reading(best[0][0], (shown.width, shown.height), seen[0][0].image.shape[::-1])
    return Glimpse(original, tuple((ours, theirs) for _, ours, theirs in best), len(best) / len(seen), reading)


def _likeliest(stored: FrameFeatures, seen: Sequence[Features]) -> list[list[int]]:
    """For each picture seen, the stored ones that share most keys with it, either way round, most first."""
    keys = stored_keys(np.concatenate([picture.descriptors for picture in stored.pictures]))
    owner = np.repeat(np.arange(len(stored.pictures)), [len(picture.descriptors) for picture in stored.pictures])
    found = []
    for picture in seen:
        both = np.concatenate([picture.descriptors, mirrored(picture.descriptors)])
        shared = np.bincount(owner[np.isin(keys, probe_keys(both))], minlength=len(stored.pictures))
        order = np.argsort(-shared, kind="stable")[:_LAID]
        found.append([number for number in order.tolist() if shared[number]])
    return found


def _reading(laid: Fit, size: tuple[int, int], frame_size: tuple[int, int]) -> Reading:
    """The part of the frame in which a film is to be looked for more closely."""
    w, h = size
    corners = moved(laid.matrix, np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)) / frame_size
    low, high = np.clip(corners.min(axis=0), 0, 1), np.clip(corners.max(axis=0), 0, 1)
    flipped = bool(np.linalg.det(laid.matrix[:2, :2]) < 0)
    if np.prod(high - low) > _WHOLE:
        return MIRRORED if flipped else AS_SHOWN
    part = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
    return Reading("by features", part, mirrored=flipped)


def frame_features(picture: GreyImage) -> Features | None:
    """Features of a clip's frame, enlarged: a picture within the picture has few of its own at that size."""
    return picture_features(picture, _ENLARGED if max(picture.shape) <= _SMALL_PX else 1.0)


def feature_query(pictures: Sequence[Features]) -> Query:
    """What asks a catalog for pictures; both ways round: a mirrored picture has other features."""
    parts, numbers = [], []
    for number, picture in enumerate(pictures):
        for side, descriptors in enumerate((picture.descriptors, mirrored(picture.descriptors))):
            parts.append(descriptors[:_ASKED_POINTS])
            numbers.append(np.full(len(parts[-1]), 2 * number + side, np.uint8))
    nothing = Query(
        np.zeros((0, 32), np.uint8),
        np.zeros(0, np.int64),
        np.zeros(0, np.uint8),
        np.zeros(0, np.uint32),
        np.zeros(0, np.int64),
    )
    return replace(nothing, features=np.concatenate(parts), feature_pictures=np.concatenate(numbers))


def evenly(frames: Sequence[Frame], most: int) -> list[Frame]:
    """At most so many frames, evenly spread."""
    if len(frames) <= most:
        return list(frames)
    return [frames[int(n)] for n in np.round(np.linspace(0, len(frames) - 1, 2 * most + 1)[1::2])]
