"""What is true of a distorted clip: which moment and which pixel of which original it shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Homography (3, 3) of the original's frame to the clip's, both measured from 0 to 1."""


@dataclass(frozen=True, slots=True)
class TruePiece:
    """The stretch [start, end) of the clip, in seconds, shows ``asset`` at ``speed`` * clip time + ``offset``.

    ``asset`` is the original's file name, or None for footage that no original holds. A reversed stretch has a
    negative speed.
    """

    start: float
    end: float
    asset: str | None
    speed: float = 1.0
    offset: float = 0.0

    def original_time(self, clip_time: float) -> float:
        """The original's second on show at that second of the clip."""
        return self.speed * clip_time + self.offset


@dataclass(frozen=True, slots=True)
class Truth:
    """All that the scorer may hold a tool to.

    ``matrix``: nine numbers of the homography by rows, None where geometry is not asked about. ``picture`` and
    ``sound``: whether the original's picture or sound is in the clip.
    """

    pieces: tuple[TruePiece, ...]
    matrix: tuple[float, ...] | None = None
    picture: bool = True
    sound: bool = False

    @property
    def assets(self) -> tuple[str, ...]:
        """Originals in the clip, in order of appearance."""
        return tuple(dict.fromkeys(piece.asset for piece in self.pieces if piece.asset is not None))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Truth:
        pieces = tuple(TruePiece(**piece) for piece in said["pieces"])
        matrix = tuple(said["matrix"]) if said["matrix"] is not None else None
        return cls(pieces, matrix, said["picture"], said["sound"])
