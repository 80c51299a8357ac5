"""Which pixel of the original is which pixel of the clip: local features, a robust fit, then sub-pixel refinement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.features import features
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED, Reading
from provenance.fingerprints.values import Features
from provenance.media.values import GreyImage
from provenance.report import Region

Matrix = NDArray[np.float64]
"""Projective map of the original's reference pixels to the clip's working pixels, shape (3, 3); affine as a rule."""

MIN_INLIERS = 14
"""Matched points under which a fit is not believed; unrelated pairs mostly stay at 8 or 9."""
_RATIO = 0.8
_REPROJECTION_PX = 3.0
_POINTS = 500
_SMALL_PX = 400
"""Width under which a picture is enlarged before its features are taken."""
_MOST_ENLARGED = 3.0
_BENT_PX = 2.0
"""Pixels by which perspective must move a corner to be believed."""
_BENT_GAIN = 1.1
"""How many times more points it must then explain than an affine map."""
_SAME_PX = 0.2
_PLAIN_PX = 12.0
"""Entries by which a fit may differ from a plain resize and still be tried as one (pixels, for the shifts)."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """``matrix`` takes pixels of the original (``original_size``: width, height) to pixels of the clip (``clip_size``).

    ``inliers``: matched points that agree; 0 where the whole frame was assumed because nothing could be matched.
    ``within``: left, top, right and bottom, in pixels of the clip, of what its borders leave of the picture.
    """

    matrix: Matrix
    original_size: tuple[int, int]
    clip_size: tuple[int, int]
    inliers: int
    within: tuple[int, int, int, int] | None = None

    @property
    def linear(self) -> NDArray[np.float64]:
        """What the map does to directions in the middle of the original's frame, (2, 2)."""
        w, h = self.original_size
        middle = np.array([[w / 2, h / 2], [w / 2 + 1, h / 2], [w / 2, h / 2 + 1]])
        at, right, below = _apply(self.matrix, middle)
        return np.stack([right - at, below - at], axis=1)

    @property
    def mirrored(self) -> bool:
        """Whether left and right (or top and bottom) are exchanged."""
        return bool(np.linalg.det(self.linear) < 0)

    @property
    def rotation(self) -> float:
        """Degrees the original's picture was turned, clockwise as seen."""
        column = self.linear[:, 0] * (-1 if self.mirrored else 1)
        return float(np.degrees(np.arctan2(column[1], column[0])))

    @property
    def slant(self) -> float:
        """Pixels of the clip by which perspective moves the original's corners at most; 0 for an affine map."""
        w, h = self.original_size
        middle = _apply(self.matrix, np.array([[w / 2, h / 2]]))
        corners = _corners(self.original_size)
        flat = middle + (corners - [w / 2, h / 2]) @ self.linear.T
        return float(np.abs(_apply(self.matrix, corners) - flat).max())

    @property
    def crop(self) -> Region:
        """The part of the original's frame that the clip shows (the whole where the clip shows all of it)."""
        w, h = self.original_size
        left, top, right, bottom = self.within or (0, 0, *self.clip_size)
        shown = _corners((right - left, bottom - top)) + np.array([left, top])
        corners = _apply(np.linalg.inv(self.matrix), shown) / (w, h)
        low, high = np.clip(corners.min(axis=0), 0, 1), np.clip(corners.max(axis=0), 0, 1)
        return Region(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))

    @property
    def shown(self) -> Region:
        """The part of the clip's frame that the original's picture fills; less than the whole with borders."""
        return self.laid(_corners(self.original_size))

    def laid(self, points: NDArray[np.floating]) -> Region:
        """The upright box around pixels of the original, shape (n, 2), as far as it lies in the clip's frame."""
        left, top, right, bottom = self.within or (0, 0, *self.clip_size)
        places = np.clip(_apply(self.matrix, points), (left, top), (right, bottom)) / self.clip_size
        low, high = places.min(axis=0), places.max(axis=0)
        return Region(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))

    def warp(self, original: GreyImage) -> GreyImage:
        """The original's picture as the clip would show it, (clip height, clip width)."""
        return np.asarray(
            cv2.warpPerspective(
                original, self.matrix, self.clip_size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        )

    def mask(self) -> NDArray[np.bool_]:
        """Which of the clip's pixels show the original at all: bool (clip height, clip width)."""
        w, h = self.original_size
        whole = np.full((h, w), 255, np.uint8)
        shown = np.asarray(cv2.warpPerspective(whole, self.matrix, self.clip_size, flags=cv2.INTER_NEAREST)) > 0
        if self.within is not None:
            left, top, right, bottom = self.within
            shown[:top] = shown[bottom:] = False
            shown[:, :left] = shown[:, right:] = False
        return shown


def whole_frame(original_size: tuple[int, int], clip_size: tuple[int, int], mirrored: bool = False) -> Geometry:
    """The geometry of a plain resize: frame on frame."""
    return as_read(original_size, clip_size, MIRRORED if mirrored else AS_SHOWN)


def as_read(original_size: tuple[int, int], clip_size: tuple[int, int], reading: Reading) -> Geometry:
    """The geometry of an original that fills what a reading sees of the clip's frame."""
    matrix = np.linalg.inv(reading.matrix(clip_size)) @ scaling(original_size, reading.size(clip_size))
    return Geometry(matrix, original_size, clip_size, 0)


def scaling(source: tuple[int, int], target: tuple[int, int]) -> Matrix:
    """The map of a resize between (width, height): pixel centres, not corners, are what it keeps in place."""
    sx, sy = target[0] / source[0], target[1] / source[1]
    return np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1]])


def estimate(pairs: list[tuple[GreyImage, GreyImage]], reading: Reading = AS_SHOWN) -> Geometry | None:
    """Fit one map to all pairs of (original, clip) pictures together; None if too few points agree.

    Args:
        reading: the way to look at the clip's pictures in which the original is expected.
    """
    sources, targets = [], []
    original_size = clip_size = (0, 0)
    for original, clip in pairs:
        original_size, clip_size = original.shape[::-1], clip.shape[::-1]
        part = reading.picture(clip)
        enlarged = min(_MOST_ENLARGED, max(1.0, _SMALL_PX / part.shape[1]))
        size = round(enlarged * part.shape[1]), round(enlarged * part.shape[0])
        a, b = (
            features(original, _POINTS),
            features(np.asarray(cv2.resize(part, size), np.uint8) if enlarged > 1 else part, _POINTS),
        )
        if a is None or b is None:
            continue
        left, right = match(a, b)
        back = np.linalg.inv(scaling(part.shape[1::-1], size) @ reading.matrix(clip_size))
        sources.append(left.astype(np.float64))
        targets.append(_apply(back, right) - 0.5)
    if not sources:
        return None
    source, target = np.concatenate(sources), np.concatenate(targets)
    if len(source) < MIN_INLIERS:
        return None
    fit, inliers = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REPROJECTION_PX, maxIters=4000, confidence=0.999
    )
    if fit is None or int(inliers.sum()) < MIN_INLIERS:
        return None
    flat = Geometry(np.vstack([fit, [0, 0, 1.0]]), original_size, clip_size, int(inliers.sum()))
    found = _bent(flat, source, target)
    return found if _plausible(found) else None


def _bent(flat: Geometry, source: NDArray[np.float64], target: NDArray[np.float64]) -> Geometry:
    """The map with perspective, where that explains clearly more points; else the affine one."""
    fit, inliers = cv2.findHomography(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REPROJECTION_PX, maxIters=4000, confidence=0.999
    )
    if fit is None or int(inliers.sum()) < _BENT_GAIN * flat.inliers:
        return flat
    bent = Geometry(np.asarray(fit, dtype=np.float64), flat.original_size, flat.clip_size, int(inliers.sum()))
    corners = _corners(flat.original_size)
    moved = np.abs(_apply(bent.matrix, corners) - _apply(flat.matrix, corners)).max()
    return bent if moved >= _BENT_PX and _plausible(bent) else flat


def match(a: Features, b: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points of ``a`` and ``b`` that clearly match by Lowe's ratio: float32 (k, 2) each."""
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    found = matcher.knnMatch(a.descriptors.astype(np.float32), b.descriptors.astype(np.float32), k=2)
    good = [pair[0] for pair in found if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
    left = np.array([a.points[m.queryIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    right = np.array([b.points[m.trainIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    return left, right


def refine(
    geometry: Geometry,
    pairs: list[tuple[GreyImage, GreyImage]],
    reading: Reading = AS_SHOWN,
    others: Sequence[Geometry] = (),
) -> Geometry:
    """The best of geometries, a new estimate, sub-pixel refinements, and the plain resize that it may really be.

    Args:
        pairs: (original, clip) pictures of the same moment.
        reading: as for ``estimate``.
    """
    if not pairs:
        return geometry
    plain = whole_frame(geometry.original_size, geometry.clip_size, geometry.mirrored)
    fresh = estimate(pairs, reading)
    starts = [geometry, *others] if fresh is None else [geometry, *others, fresh]
    # A part of a pixel off, a warp blurs, and fits a blurred clip all the better for it: hence the two per cent.
    if np.abs(geometry.matrix - plain.matrix).max() < _PLAIN_PX:
        starts.append(plain)
    options = [*starts, *(_by_correlation(start, pairs) for start in starts)]
    costs = [_cost(option, pairs) for option in options]
    best = options[int(np.argmin(costs))]
    # A resize is what is nearly always done: noise must not tilt it.
    if apart(best, plain) < _SAME_PX or (starts[-1] is plain and costs[len(starts) - 1] <= min(costs) * 1.02):
        best = plain
    return replace(best, inliers=max(option.inliers for option in starts))


def _by_correlation(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> Geometry:
    """Enhanced correlation (Evangelidis and Psarakis, 2008) on each pair; the median of the updates."""
    motion = cv2.MOTION_HOMOGRAPHY if geometry.slant > _SAME_PX else cv2.MOTION_AFFINE
    updates = []
    mask = geometry.mask().astype(np.uint8)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    for original, clip in pairs:
        start = np.eye(3 if motion == cv2.MOTION_HOMOGRAPHY else 2, 3, dtype=np.float32)
        try:
            warped = geometry.warp(original)
            score, update = cv2.findTransformECC(clip, warped, start, motion, criteria, mask, 3)
        except cv2.error:
            continue  # no texture, or no convergence: nothing to refine with
        if score > 0.8 and np.abs(update[:2, 2]).max() < 6:
            updates.append(np.vstack([update, [0, 0, 1.0]])[:3].astype(np.float64))
    if not updates:
        return geometry
    # The update takes pixels of the clip (the template) to those of the warped original.
    matrix = np.linalg.inv(np.median(np.stack(updates), axis=0)) @ geometry.matrix
    return Geometry(matrix / matrix[2, 2], geometry.original_size, geometry.clip_size, geometry.inliers)


def _cost(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> float:
    """Mean truncated difference where the original is seen, brightness and contrast matched."""
    mask = geometry.mask()
    costs = []
    for original, clip in pairs:
        a, b = geometry.warp(original)[mask].astype(np.float32), clip[mask].astype(np.float32)
        a = (a - a.mean()) * (b.std() / max(1e-3, float(a.std()))) + b.mean()
        costs.append(float(np.minimum(np.abs(a - b), 30).mean()))
    return float(np.mean(costs)) if costs else 0.0


def apart(a: Geometry, b: Geometry) -> float:
    """Pixels of the clip by which the original's corners differ at most."""
    corners = _corners(a.original_size)
    return float(np.abs(_apply(a.matrix, corners) - _apply(b.matrix, corners)).max())


def _plausible(geometry: Geometry) -> bool:
    """No collapse to a line or point, no enlargement beyond what a crop would be, no horizon within the frame."""
    scales = np.linalg.svd(geometry.linear, compute_uv=False)
    depth = _corners(geometry.original_size) @ geometry.matrix[2, :2] + geometry.matrix[2, 2]
    flat = depth.min() > 0.5 * depth.max() > 0
    return bool(flat and scales[1] > 0.1 and scales[0] < 8 and scales[0] / scales[1] < 2.5)


def _corners(size: tuple[int, int]) -> NDArray[np.float64]:
    w, h = size
    return np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]])


def _apply(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points in pixel indices, moved; 0.5 more, to count from the frame's edge rather than from a pixel's centre."""
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    depth = points @ matrix[2, :2] + matrix[2, 2]
    whole: NDArray[np.float64] = moved / depth[:, None] + 0.5
    return whole
