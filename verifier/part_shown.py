"""Which part of the original's frame a clip shows, and where in its own, where too few features tell.

For footage that is dark, blurred or smooth. Borders say where in the clip's frame the picture lies. Sliding the clip
over the original says what was cut out of it: upright parts of the clip's own shape only.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.fingerprints.pdq import within_borders
from provenance.fingerprints.readings import AS_SHOWN, MIRRORED, Reading
from provenance.media.values import GreyImage
from verifier.geometry import Geometry, Matrix, scaling

_WIDTH = 192
"""Pixels of the original's width at which is looked: finer, what moves between two moments outweighs what is alike."""
_PARTS = np.geomspace(1.0, 0.4, 20)
"""Shares of the greatest such part; neighbours lie five per cent apart, as much as a place may be off to correlate."""
_LEAST = 0.5
"""Correlation (-1 to 1) from which a place is believed enough to be tried; the motion confirms it or not."""
_SMALLEST_PX = 24
_CHANGES = 6.0
"""Mean change of a block (grey levels) between two moments that is none of an encoder."""
_BLOCK = 32
_AGREES = 0.9
"""Correlation of a block from which it shows the same."""
_PLAIN = 4.0
"""Deviation (grey levels) up to which a picture is one colour."""
_LEAST_HIDDEN = 0.01
"""Share of the clip's frame that borders must hide of the original to be looked for."""
_FLATTER = 3.0
"""How many times more the original must vary there than the clip does."""


def share_shown(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]], *, changing: bool = False) -> float:
    """Share of the blocks with texture that are the original's most times that they have it, 0-1.

    With ``changing`` those alone count that the original changes: a station's sign is the same in all it sends.

    At most 0.01 are of 134 pairs of unrelated films of the tuning half; where all but the foreground was replaced, 0.07
    to 0.35. Films of one studio's set have up to 0.6.

    Args:
        pairs: (original, clip) pictures of the same moments.
    """
    if not pairs:
        return 0.0
    lit = _block_mean(geometry.mask().astype(np.float32)) > 1 / 2
    counted = lit & (_most_change([geometry.warp(original) for original, _ in pairs]) > _CHANGES) if changing else lit
    textured, alike = np.zeros(lit.shape, np.int64), np.zeros(lit.shape, np.int64)
    for original, clip in pairs:
        a, b = geometry.warp(original).astype(np.float32), clip.astype(np.float32)
        mean_a, mean_b = _block_mean(a), _block_mean(b)
        ours, theirs = _block_mean(b * b) - mean_b**2, _block_mean(a * a) - mean_a**2
        together = _block_mean(a * b) - mean_a * mean_b
        seen = lit & (theirs > _PLAIN**2)
        textured += seen
        alike += seen & (together > _AGREES * np.sqrt(np.maximum(ours * theirs, 1.0)))
    return float((counted & (2 * alike > textured)).sum() / max(1, (textured > 0).sum()))


def _most_change(pictures: list[GreyImage]) -> NDArray[np.float32]:
    """By how much each block differs from the first picture's in another: float32 (rows, columns), mean grey levels."""
    first = pictures[0].astype(np.float32)
    return np.asarray(np.max([_block_mean(np.abs(picture - first)) for picture in pictures], axis=0), np.float32)


def _block_mean(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over overlapping blocks: float32 (rows, columns)."""
    return np.asarray(cv2.blur(picture, (_BLOCK, _BLOCK))[_BLOCK // 2 :: _BLOCK // 2, _BLOCK // 2 :: _BLOCK // 2])


def between_borders(reading: Reading, pairs: list[tuple[GreyImage, GreyImage]]) -> Reading:
    """A reading of whole frames narrowed to what lies within the borders of the clip's pictures, if they have any."""
    if reading.part != AS_SHOWN.part or not pairs:
        return reading
    height, width = pairs[0][1].shape
    left, top, right, bottom = _left_by_borders(pairs)
    return replace(reading, part=(left / width, top / height, (right - left) / width, (bottom - top) / height))


def cut_by_borders(geometry: Geometry, pairs: list[tuple[GreyImage, GreyImage]]) -> Geometry:
    """The same geometry within borders on all sides that hide part of the original.

    For what was cropped and then set into a frame, or filmed off a screen. A border is flat where the original is not:
    a dark edge of the scene is none.
    """
    if not pairs:
        return geometry
    width, height = geometry.clip_size
    left, top, right, bottom = _left_by_borders(pairs)
    if not (0 < left < right < width and 0 < top < bottom < height):
        return geometry
    hidden = geometry.mask()
    hidden[top:bottom, left:right] = False
    if hidden.mean() < _LEAST_HIDDEN:
        return geometry
    ours = float(np.median([clip[hidden].std() for _, clip in pairs]))
    theirs = float(np.median([geometry.warp(original)[hidden].std() for original, _ in pairs]))
    flat = theirs > _FLATTER * max(ours, 1.0)
    return replace(geometry, within=(left, top, right, bottom)) if flat else geometry


def _left_by_borders(pairs: list[tuple[GreyImage, GreyImage]]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (pixels) of what borders leave of all of the clip's pictures together."""
    # A dark edge of the picture looks like a border for a while; a picture that is one colour has none to be seen.
    told = [clip for _, clip in pairs if clip.std() > _PLAIN] or [clip for _, clip in pairs]
    boxes = np.array([within_borders(clip) for clip in told])
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def part_shown(pairs: list[tuple[GreyImage, GreyImage]], mirrored: bool) -> Geometry | None:
    """The upright part of the original's frame that looks most like the clip in all pairs together; None if none does.

    Args:
        pairs: (original, clip) pictures of about the same moments.
        mirrored: whether the clip's pictures have left and right exchanged.
    """
    if not pairs:
        return None
    height, width = pairs[0][0].shape
    small = _WIDTH, round(_WIDTH * height / width)
    originals = [cv2.resize(original, small, interpolation=cv2.INTER_AREA) for original, _ in pairs]
    clips = [clip[:, ::-1] if mirrored else clip for _, clip in pairs]
    shape = clips[0].shape[0] / clips[0].shape[1]
    widest = min(small[0], small[1] / shape)
    best, found = _LEAST, None
    for share in _PARTS:
        size = round(share * widest), min(small[1], round(share * widest * shape))
        if min(size) < _SMALLEST_PX:
            continue
        cut = [cv2.resize(clip, size, interpolation=cv2.INTER_AREA) for clip in clips]
        scores = np.mean(
            [cv2.matchTemplate(*pair, cv2.TM_CCOEFF_NORMED) for pair in zip(originals, cut, strict=True)], axis=0
        )
        row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
        if scores[row, column] > best:
            best, found = float(scores[row, column]), (int(column), int(row), *size)
    if found is None:
        return None
    clip_size = clips[0].shape[1], clips[0].shape[0]
    reading = MIRRORED if mirrored else AS_SHOWN
    matrix = np.linalg.inv(reading.matrix(clip_size)) @ _to_part(found, small, (width, height), clip_size)
    return Geometry(matrix, (width, height), clip_size, 0)


def _to_part(
    part: tuple[int, int, int, int], small: tuple[int, int], original_size: tuple[int, int], shown_size: tuple[int, int]
) -> Matrix:
    """The map that takes a part (left, top, width, height of the small picture) onto all of what is shown."""
    left, top, width, height = part
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    matrix: Matrix = scaling((width, height), shown_size) @ shift @ scaling(original_size, small)
    return matrix
