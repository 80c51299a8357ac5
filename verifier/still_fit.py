"""Where a photograph lies in one picture: local features, a robust fit, and what makes a fit believable."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.feature_keys import mirrored as mirrored_descriptors
from provenance.fingerprints.features import features
from provenance.fingerprints.values import Features
from provenance.media.values import GreyImage

Matrix = NDArray[np.float64]
"""Projective map of pixels of the photograph to pixels of the picture, (3, 3)."""

MIN_POINTS = 10
"""Matched points without which nothing more is tried. Unrelated pairs reach as many: what lies under them decides."""
SURE_POINTS = 36
"""Points, spread over the picture, that are believed without a copy to compare: unrelated pairs reached 34."""
_BENT_FROM = 8
"""Points that an affine map must explain for perspective to be tried; chance explains 8 or 9 of unrelated pairs."""
_RATIO = 0.8
_NEAR_PX = 4.0
_PICTURE_POINTS = 800
_MIN_SPREAD = 0.02
"""Share of what is seen of the photograph that the points' hull must fill: a burnt-in mark fills less."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """``matrix`` takes the photograph's pixels (of its features' size) to the picture's.

    ``photo`` and ``shown``: float32 (k, 2), the points that agree. ``spread``: 0-1, how much of the photograph, as far
    as it is seen, lies between them.
    """

    matrix: Matrix
    photo: NDArray[np.float32]
    shown: NDArray[np.float32]
    spread: float


def picture_features(picture: GreyImage, enlarged: float = 1.0) -> Features | None:
    """Features of a frame, with points in its own pixels. ``enlarged``: so many times larger they are looked for."""
    if enlarged > 1:
        size = round(picture.shape[1] * enlarged), round(picture.shape[0] * enlarged)
        found = features(
            np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8), _PICTURE_POINTS
        )
        if found is None:
            return None
        points = ((found.points + 0.5) / enlarged - 0.5).astype(np.float32)
        return Features(found.algorithm, picture.shape[1], picture.shape[0], points, found.descriptors)
    return features(picture, _PICTURE_POINTS)


def fit(photo: Features, picture: Features) -> Fit | None:
    """Lay the photograph on the picture, as it is or mirrored, whichever more points agree on; None if too few do."""
    fits = [_fit(photo, picture, picture.descriptors), _fit(photo, picture, mirrored_descriptors(picture.descriptors))]
    return max((found for found in fits if found is not None), key=lambda found: len(found.photo), default=None)


def _fit(photo: Features, picture: Features, descriptors: NDArray[np.uint8]) -> Fit | None:
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(
        descriptors.astype(np.float32), photo.descriptors.astype(np.float32), k=2
    )
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
    shown = np.array([picture.points[m.queryIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    source = np.array([photo.points[m.trainIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    if len(source) < MIN_POINTS:
        return None
    flat, agreed = cv2.estimateAffine2D(
        source, shown, method=cv2.RANSAC, ransacReprojThreshold=_NEAR_PX, maxIters=4000, confidence=0.999
    )
    bent = None
    # Perspective is tried where an affine map is not far from it: among chance matches it would only take long.
    if flat is not None and int(agreed.sum()) >= _BENT_FROM:
        bent, _ = cv2.findHomography(source, shown, cv2.RANSAC, _NEAR_PX, maxIters=2000, confidence=0.999)
    best: Fit | None = None
    for found in (None if flat is None else np.vstack([flat, [0, 0, 1.0]]), bent):
        if found is None:
            continue
        matrix = np.asarray(found, np.float64)
        if not plausible(matrix, (photo.width, photo.height)):
            continue
        near = np.linalg.norm(moved(matrix, source) - shown, axis=1) <= _NEAR_PX
        near &= _first_of_each(np.round(source)) & _first_of_each(np.round(shown))
        # Perspective has to earn its two further parameters.
        if near.sum() >= MIN_POINTS and (best is None or near.sum() > 1.1 * len(best.photo) + 2):
            spread = _spread(source[near], matrix, photo, picture)
            best = Fit(matrix, source[near], shown[near], spread)
    return best if best is not None and best.spread >= _MIN_SPREAD else None


def moved(matrix: Matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (n, 2) under a projective map."""
    ends = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    result: NDArray[np.float64] = ends[:, :2] / ends[:, 2:]
    return result


def plausible(matrix: Matrix, size: tuple[int, int]) -> bool:
    """No collapse to a line or a point, no horizon near, sides not stretched over twice as far as each other."""
    w, h = size
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float64)
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    if depth.min() <= 0.4 * depth.max() or depth.max() <= 0:
        return False
    middle = np.array([[w / 2, h / 2], [w / 2 + 1, h / 2], [w / 2, h / 2 + 1]])
    at, right, below = moved(matrix, middle)
    scales = np.linalg.svd(np.stack([right - at, below - at], axis=1), compute_uv=False)
    return bool(scales[1] > 0.04 and scales[0] < 8 and scales[0] / scales[1] < 2.2)


def _first_of_each(points: NDArray[np.floating]) -> NDArray[np.bool_]:
    first = np.zeros(len(points), dtype=np.bool_)
    first[np.unique(points, axis=0, return_index=True)[1]] = True
    return first


def _spread(points: NDArray[np.float32], matrix: Matrix, photo: Features, picture: Features) -> float:
    w, h = float(picture.width), float(picture.height)
    frame = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float64)
    seen = np.asarray(moved(np.asarray(np.linalg.inv(matrix), np.float64), frame), np.float32)
    whole = np.array([[0, 0], [photo.width, 0], [photo.width, photo.height], [0, photo.height]], dtype=np.float32)
    area, _ = cv2.intersectConvexConvex(cv2.convexHull(seen), whole)
    return float(cv2.contourArea(cv2.convexHull(points))) / max(1.0, area)
