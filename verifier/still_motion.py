"""How a photograph's parts lie in one frame once the whole is laid on: which blocks stay, which are shifted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.media.values import GreyImage
from verifier.still_fit import Matrix, moved

BLOCKS = 28
"""Blocks along the photograph's longer side."""
ALIKE = 0.7
"""Correlation from which a block shows the same, whatever the compression."""
_TEXTURE = 5.0
"""Deviation in grey levels under which a block is too flat to be told from another."""
_SHIFT = 0.08
"""Share of the longer side by which a block may be shifted and still be followed."""
_ROUNDS = 3
_MIN_BLOCKS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A photograph laid on one frame. Grids are of the photograph's blocks, (rows, columns).

    ``matrix``: pixels of the canvas (the photograph, scaled) to pixels of the frame. ``seen``: blocks that are in the
    frame and not flat; ``plain`` and ``shifted``: correlation with the frame where the whole says, and after
    following the block; ``shift``: float32 (rows, columns, 2), by how much it was followed, in canvas pixels.
    """

    matrix: Matrix
    seen: NDArray[np.bool_]
    plain: NDArray[np.float32]
    shifted: NDArray[np.float32]
    shift: NDArray[np.float32]

    @property
    def support(self) -> float:
        """Share of the blocks seen that show the photograph, 0 where too few are seen to say."""
        if self.seen.sum() < _MIN_BLOCKS:
            return 0.0
        return float((self.shifted[self.seen] >= ALIKE).mean())


def lay(canvas: GreyImage, frame: GreyImage, matrix: Matrix) -> Laid:
    """Refine where the photograph lies in a frame, and measure its blocks.

    Args:
        canvas: the photograph, about as large as the frame shows it.
        matrix: roughly, pixels of the canvas to pixels of the frame.
    """
    size = canvas.shape[1], canvas.shape[0]
    for last in (False,) * (_ROUNDS - 1) + (True,):
        back = _unwarp(frame, matrix, size)
        inside = _inside(frame.shape, matrix, size)
        # What the frame's own resolution leaves of the photograph.
        kept = _unwarp(_warp(canvas, matrix, (frame.shape[1], frame.shape[0])), matrix, size)
        flow = _flow(_toned(kept, back, inside), back)
        seen = _blocks(inside.astype(np.float32)) > 0.98
        kept_f, back_f = kept.astype(np.float32), back.astype(np.float32)
        seen &= _deviation(kept_f) > _TEXTURE
        grid = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), axis=-1).astype(np.float32)
        ends = np.asarray(grid + flow, np.float32)
        followed = cv2.remap(back_f, ends[..., 0], ends[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        plain, after = _correlation(kept_f, back_f), _correlation(kept_f, np.asarray(followed, np.float32))
        shift = np.stack([_blocks(flow[..., k]) for k in (0, 1)], axis=-1)
        far = np.linalg.norm(shift, axis=-1) > _SHIFT * max(size)
        after = np.where(far, np.minimum(plain, after), after)
        if last:
            break
        good = seen & (after >= ALIKE) & ~far
        update = _whole(good, shift.astype(np.float32), canvas.shape)
        if update is None:
            break
        matrix = matrix @ update
        matrix = matrix / matrix[2, 2]
    return Laid(matrix, seen, plain, after, shift.astype(np.float32))


def block_centres(canvas_shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Centres of the blocks in canvas pixels, (rows, columns, 2)."""
    side = block_side(canvas_shape)
    rows, columns = canvas_shape[0] // side, canvas_shape[1] // side
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return (np.stack([x, y], axis=-1) * side + (side - 1) / 2).astype(np.float32)


def block_side(canvas_shape: tuple[int, ...]) -> int:
    """Pixels of the canvas along one block."""
    return max(4, max(canvas_shape[:2]) // BLOCKS)


def _whole(good: NDArray[np.bool_], shift: NDArray[np.float32], shape: tuple[int, ...]) -> Matrix | None:
    """What all good blocks' shifts have in common, as a map of the canvas on itself."""
    if good.sum() < _MIN_BLOCKS:
        return None
    centres = block_centres(shape)[good]
    found, inliers = cv2.findHomography(
        centres, (centres + shift[good]).astype(np.float32), cv2.RANSAC, 0.004 * max(shape) + 0.3
    )
    if found is None or inliers.sum() < _MIN_BLOCKS:
        return None
    corners = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], dtype=np.float64)
    update = np.asarray(found, np.float64)
    off = np.abs(moved(update, corners) - corners).max()
    return update if off < 0.15 * max(shape) else None


def _flow(kept: GreyImage, back: GreyImage) -> NDArray[np.float32]:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(engine.calc(kept, back, np.zeros((*kept.shape, 2), np.float32)), np.float32)


def _toned(kept: GreyImage, back: GreyImage, inside: NDArray[np.bool_]) -> GreyImage:
    """The photograph in the frame's brightness and contrast."""
    if not inside.any():
        return kept
    a, b = kept[inside].astype(np.float32), back[inside].astype(np.float32)
    toned = (kept - float(a.mean())) * (float(b.std()) / max(1.0, float(a.std()))) + float(b.mean())
    return np.asarray(np.clip(toned, 0, 255), np.uint8)


def _warp(canvas: GreyImage, matrix: Matrix, size: tuple[int, int]) -> GreyImage:
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if scale < 0.7:
        # A warp takes single pixels: what lies between them must be averaged before.
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.45 / scale), np.uint8)
    return np.asarray(cv2.warpPerspective(canvas, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _unwarp(frame: GreyImage, matrix: Matrix, size: tuple[int, int]) -> GreyImage:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(frame, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _inside(shape: tuple[int, ...], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.bool_]:
    whole = np.zeros(shape[:2], np.uint8)
    whole[2:-2, 2:-2] = 255
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(whole, matrix, size, flags=flags)) > 0


def _blocks(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Means over blocks."""
    side = block_side(values.shape)
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cut = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(cut.mean(axis=(1, 3)), np.float32)


def _deviation(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.maximum(_blocks(values**2) - _blocks(values) ** 2, 0)), np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the values within each block, -1 to 1."""
    covariance = _blocks(a * b) - _blocks(a) * _blocks(b)
    return np.asarray(covariance / np.maximum(_deviation(a) * _deviation(b), 1.0), np.float32)
