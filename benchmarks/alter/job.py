"""What a recipe is given and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path

import numpy as np

from benchmarks.alter.footage import Footage, Sound, read
from benchmarks.alter.truth import Truth
from benchmarks.alter.voice import speech
from benchmarks.identify.base import Base

STRENGTHS = ("plain", "middle", "hard")
LASTS = {"plain": 2.0, "middle": 1.0, "hard": 0.5}
"""Seconds that an alteration lasts, unless the clip is too short for it."""
MOST = 0.6
"""Share of the clip that an alteration of a stretch may cover."""
LEAST_S = 0.5


@dataclass(frozen=True)
class Job:
    """One clip to be altered. ``other``: a stretch of another registered clip, ``foreign``: of one that is not."""

    footage: Footage
    other: Base
    foreign: Base
    strength: str
    rng: np.random.Generator
    folder: Path

    @cached_property
    def other_footage(self) -> Footage:
        """In size and frame rate of the clip."""
        return read(self.other, like=self.footage)

    @cached_property
    def foreign_footage(self) -> Footage:
        """In size and frame rate of the clip."""
        return read(self.foreign, like=self.footage)

    def voice(self, seconds: float) -> Sound:
        """Somebody else saying something else."""
        return speech(seconds, self.rng)

    def frames(self, most: float = MOST) -> int:
        """How many frames an alteration of a stretch lasts."""
        seconds = max(LEAST_S, min(LASTS[self.strength], most * self.footage.seconds))
        return max(2, min(len(self.footage.frames) - 2, ceil(seconds * self.footage.fps)))


@dataclass(frozen=True, slots=True, eq=False)
class Altered:
    """A recipe's result: pictures and sound, and what is true of them."""

    footage: Footage
    truth: Truth
