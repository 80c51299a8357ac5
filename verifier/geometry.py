"""Which pixel of the original is which pixel of the clip: local features, a robust fit, then sub-pixel refinement."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.features import features
from provenance.fingerprints.values import Features
from provenance.media.values import GreyImage
from provenance.report import Region

Matrix = NDArray[np.float64]
"""Affine map of the original's reference pixels to the clip's working pixels, shape (2, 3)."""

MIN_INLIERS = 14
"""Matched points under which a fit is not believed; unrelated pairs mostly stay at 8 or 9."""
_RATIO = 0.8
_REPROJECTION_PX = 3.0
_POINTS = 500
_SAME_PX = 0.2
_PLAIN_PX = 12.0
"""Entries by which a fit may differ from a plain resize and still be tried as one (pixels, for the shifts)."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """``matrix`` takes pixels of the original (``original_size``: width, height) to pixels of the clip (``clip_size``).

    ``inliers``: matched points that agree; 0 where the whole frame was assumed because nothing could be matched.
    """

    matrix: Matrix
    original_size: tuple[int, int]
    clip_size: tuple[int, int]
    inliers: int

    @property
    def mirrored(self) -> bool:
        """Whether left and right (or top and bottom) are exchanged."""
        return bool(np.linalg.det(self.matrix[:, :2]) < 0)

    @property
    def rotation(self) -> float:
        """Degrees the original's picture was turned, clockwise as seen."""
        column = self.matrix[:, 0] * (-1 if self.mirrored else 1)
        return float(np.degrees(np.arctan2(column[1], column[0])))

    @property
    def crop(self) -> Region:
        """The part of the original's frame that the clip shows (the whole where the clip shows all of it)."""
        w, h = self.original_size
        corners = _apply(np.asarray(cv2.invertAffineTransform(self.matrix)), _corners(self.clip_size)) / (w, h)
        low, high = np.clip(corners.min(axis=0), 0, 1), np.clip(corners.max(axis=0), 0, 1)
        return Region(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))

    @property
    def shown(self) -> Region:
        """The part of the clip's frame that the original's picture fills; less than the whole with borders."""
        w, h = self.clip_size
        corners = _apply(self.matrix, _corners(self.original_size)) / (w, h)
        low, high = np.clip(corners.min(axis=0), 0, 1), np.clip(corners.max(axis=0), 0, 1)
        return Region(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))

    def warp(self, original: GreyImage) -> GreyImage:
        """The original's picture as the clip would show it, (clip height, clip width)."""
        return np.asarray(
            cv2.warpAffine(
                original, self.matrix, self.clip_size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        )

    def mask(self) -> NDArray[np.bool_]:
        """Which of the clip's pixels show the original at all: bool (clip height, clip width)."""
        w, h = self.original_size
        whole = np.full((h, w), 255, np.uint8)
        return np.asarray(cv2.warpAffine(whole, self.matrix, self.clip_size, flags=cv2.INTER_NEAREST)) > 0


def whole_frame(original_size: tuple[int, int], clip_size: tuple[int, int], mirrored: bool = False) -> Geometry:
    """The geometry of a plain resize: frame on frame."""
    sx, sy = clip_size[0] / original_size[0], clip_size[1] / original_size[1]
    # Pixel centres, not corners, are what a resize keeps in place.
    matrix = np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5]])
    if mirrored:
        matrix[0] = [-sx, 0, clip_size[0] - 1 - matrix[0, 2]]
    return Geometry(matrix, original_size, clip_size, 0)


def estimate(pairs: list[tuple[GreyImage, GreyImage]], mirrored: bool) -> Geometry | None:
    """Fit one affine map to all pairs of (original, clip) pictures together; None if too few points agree."""
    sources, targets = [], []
    original_size = clip_size = (0, 0)
    for original, clip in pairs:
        original_size, clip_size = original.shape[::-1], clip.shape[::-1]
        a = features(np.ascontiguousarray(original[:, ::-1]) if mirrored else original, _POINTS)
        b = features(clip, _POINTS)
        if a is None or b is None:
            continue
        left, right = match(a, b)
        sources.append(left)
        targets.append(right)
    if not sources:
        return None
    source, target = np.concatenate(sources), np.concatenate(targets)
    if len(source) < MIN_INLIERS:
        return None
    fit, inliers = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REPROJECTION_PX, maxIters=4000, confidence=0.999
    )
    if fit is None:
        return None
    matrix: Matrix = np.asarray(fit, dtype=np.float64)
    if int(inliers.sum()) < MIN_INLIERS or not _plausible(matrix):
        return None
    if mirrored:
        flip = np.array([[-1.0, 0, original_size[0] - 1], [0, 1, 0], [0, 0, 1]])
        matrix = matrix @ flip
    return Geometry(matrix, original_size, clip_size, int(inliers.sum()))


def match(a: Features, b: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points of ``a`` and ``b`` that clearly match by Lowe's ratio: float32 (k, 2) each."""
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    found = matcher.knnMatch(a.descriptors.astype(np.float32), b.descriptors.astype(np.float32), k=2)
    good = [pair[0] for pair in found if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
    left = np.array([a.points[m.queryIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    right = np.array([b.points[m.trainIdx] for m in good], dtype=np.float32).reshape(-1, 2)
    return left, right


def refine(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> Geometry:
    """The best of the geometry, its sub-pixel refinement, and the plain resize that it may really be.

    Args:
        pairs: (original, clip) pictures of the same moment.
    """
    if not pairs:
        return geometry
    plain = whole_frame(geometry.original_size, geometry.clip_size, geometry.mirrored)
    options = [geometry, _by_correlation(geometry, pairs)]
    if np.abs(geometry.matrix - plain.matrix).max() < _PLAIN_PX:
        options += [plain, _by_correlation(plain, pairs)]
    costs = [_cost(option, pairs) for option in options]
    best = options[int(np.argmin(costs))]
    # A resize is what is nearly always done: noise must not tilt it. (A part of a pixel off, a warp blurs, and fits
    # a blurred clip all the better for it.)
    corners = _corners(geometry.original_size)
    off = np.abs(_apply(best.matrix, corners) - _apply(plain.matrix, corners)).max()
    if off < _SAME_PX or (len(options) > 2 and costs[2] <= min(costs) * 1.02):
        return Geometry(plain.matrix, plain.original_size, plain.clip_size, geometry.inliers)
    return best


def _by_correlation(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> Geometry:
    """Enhanced correlation (Evangelidis and Psarakis, 2008) on each pair; the median of the updates."""
    updates = []
    mask = geometry.mask().astype(np.uint8)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    for original, clip in pairs:
        start = np.eye(2, 3, dtype=np.float32)
        try:
            warped = geometry.warp(original)
            score, update = cv2.findTransformECC(clip, warped, start, cv2.MOTION_AFFINE, criteria, mask, 3)
        except cv2.error:
            continue  # no texture, or no convergence: nothing to refine with
        if score > 0.8 and np.abs(update[:, 2]).max() < 6:
            updates.append(np.asarray(update, dtype=np.float64))
    if not updates:
        return geometry
    # The update takes pixels of the clip (the template) to those of the warped original.
    step = np.vstack([np.median(np.stack(updates), axis=0), [0, 0, 1]])
    matrix = (np.linalg.inv(step) @ np.vstack([geometry.matrix, [0, 0, 1]]))[:2]
    return Geometry(matrix, geometry.original_size, geometry.clip_size, geometry.inliers)


def _cost(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> float:
    """Mean truncated difference where the original is seen, brightness and contrast matched."""
    mask = geometry.mask()
    costs = []
    for original, clip in pairs:
        a, b = geometry.warp(original)[mask].astype(np.float32), clip[mask].astype(np.float32)
        a = (a - a.mean()) * (b.std() / max(1e-3, float(a.std()))) + b.mean()
        costs.append(float(np.minimum(np.abs(a - b), 30).mean()))
    return float(np.mean(costs)) if costs else 0.0


def _plausible(matrix: Matrix) -> bool:
    """No collapse to a line or point, no enlargement beyond what a crop would be."""
    scales = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(scales[1] > 0.1 and scales[0] < 8 and scales[0] / scales[1] < 2.5)


def _corners(size: tuple[int, int]) -> NDArray[np.float64]:
    w, h = size
    return np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]])


def _apply(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = points @ matrix[:, :2].T + matrix[:, 2] + 0.5
    return moved
