"""Is what was changed a face? A word for a region that is one: nothing is found, and nothing is lost without it.

Faces are looked for in the original, as it is at a few moments of the change; where they are is used at once and not
kept.

1. Lay each face's box on the clip's frame, and grow it to the head: what is made of a face is blended in beyond it.
2. The region is a face where most of it lies in the head, and it shares much with the face itself: a mouth, a whole
   face, or a head and little else. A person of whom only a small part is face is no face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind, Region
from provenance.settings import Settings
from verifier.align import Alignment
from verifier.comparers.picture import BLOCK
from verifier.face_detector import Detector
from verifier.pictures import picture_at
from verifier.timing import Piece

MOMENTS = 4
"""So many pictures of a change are looked at, evenly over its time."""
AGREE = 0.5
"""Share of them in which the region must be a face: heads turn away, and hands pass in front."""
IN_HEAD = 2 / 3
"""Share of the region that must lie in the head."""
ON_FACE = 0.5
"""Share of the smaller of region and face that both must have in common."""
HAIR = 0.4
"""How far a head goes beyond the box of its face, as a share of the box's width and height, on every side."""


def label_faces(
    findings: Sequence[Finding], alignment: Alignment, piece: Piece, detector: Detector, settings: Settings
) -> list[Finding]:
    """The same findings, those about a region called ``face`` where it is one.

    Raises:
        MediaError: the reference copy cannot be decoded.
    """
    geometry = alignment.geometry
    if geometry is None:
        return list(findings)

    @cache
    def faces_at(moment: float) -> list[Region]:
        """The faces of the original at one of its seconds, as shares of the clip's frame."""
        picture = picture_at(alignment.reference, moment, geometry.original_size, settings)
        return [] if picture is None else [geometry.laid(_corners(box)) for box in detector(picture)]

    def is_face(region: Region, moments: Sequence[float]) -> bool:
        agree = [any(on_face(region, face, geometry.clip_size) for face in faces_at(m)) for m in moments]
        return sum(agree) >= AGREE * len(agree)

    return [
        _named(finding)
        if finding.kind is Kind.REGION and finding.region and is_face(finding.region, _moments(finding, piece))
        else finding
        for finding in findings
    ]


def on_face(region: Region, face: Region, clip_size: tuple[int, int]) -> bool:
    """Whether a changed region is that of a face, both as shares of a clip's frame of (width, height) pixels."""
    # A region is made of whole blocks, each measured over twice as much.
    rim_x, rim_y = (HAIR * side + BLOCK / 2 / length for side, length in zip((face.w, face.h), clip_size, strict=True))
    head = Region(face.x - rim_x, face.y - rim_y, face.w + 2 * rim_x, face.h + 2 * rim_y)
    smaller = min(_area(region), _area(face))
    inside = _shared(region, head) >= IN_HEAD * _area(region)
    return inside and smaller > 0 and _shared(region, face) >= ON_FACE * smaller


def _moments(finding: Finding, piece: Piece) -> list[float]:
    """Seconds of the original; one for a still."""
    if finding.clip is None:
        return [piece.original_time(piece.start)]
    edges = np.linspace(float(finding.clip.start), float(finding.clip.end), MOMENTS + 1)
    return [piece.original_time((start + end) / 2) for start, end in pairwise(edges.tolist())]


def _named(finding: Finding) -> Finding:
    text = f"A face is not shown as in the original: {finding.explanation}"
    return replace(finding, kind=Kind.FACE, explanation=text)


def _corners(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels at the corners of a box that is measured from the frame's edge."""
    left, top, right, bottom = box - 0.5
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _area(region: Region) -> float:
    return region.w * region.h


def _shared(one: Region, other: Region) -> float:
    """Area that both have, as a share of the frame."""
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    return max(0.0, width) * max(0.0, height)
