"""Findings: what was measured, where, what a policy makes of it, and who declared it. Part of the report's contract."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provenance.times import Interval


class Severity(StrEnum):
    """What a policy makes of a kind of finding."""

    DISCLOSED = "disclosed"
    ALTERING = "altering"


class Kind(StrEnum):
    """What a comparer may find; the words of the report contract."""

    REENCODED = "reencoded"
    RESIZED = "resized"
    CROPPED = "cropped"
    PADDED = "padded"
    MIRRORED = "mirrored"
    ROTATED = "rotated"
    OVERLAY = "overlay"
    TRIMMED = "trimmed"
    GRADED = "graded"
    FRAME_RATE = "frame_rate"
    MUTED = "muted"
    FACE = "face"
    REGION = "region"
    AUDIO_REPLACED = "audio_replaced"
    AUDIO_EDITED = "audio_edited"
    SPEED = "speed"
    CUT = "cut"
    REORDERED = "reordered"
    REVERSED = "reversed"
    FRAMES_REPEATED = "frames_repeated"
    FOREIGN_FOOTAGE = "foreign_footage"
    STILL_ANIMATED = "still_animated"
    CREDENTIAL_MISMATCH = "credential_mismatch"


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle as fractions (0-1) of a frame's width and height, from its top left corner."""

    x: float
    y: float
    w: float
    h: float

    def as_list(self) -> list[float]:
        """x, y, w, h for JSON."""
        return [round(v, 4) for v in (self.x, self.y, self.w, self.h)]


WHOLE_FRAME = Region(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured difference. Facts only: whether it alters anything is for a policy to say."""

    kind: Kind
    score: float
    explanation: str
    clip: Interval | None = None
    original: Interval | None = None
    region: Region | None = None
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """That a change is declared: by the signer of that name, as these C2PA actions.

    ``ai``: the digital source types by which they say that AI made what was changed, or had a part in it.
    """

    by: str
    actions: tuple[str, ...]
    ai: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with the severity that the policy in force gives its kind, or its being declared."""

    finding: Finding
    severity: Severity
    declared: Declared | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding's JSON object."""
        f = self.finding
        return {
            "kind": f.kind.value,
            "severity": self.severity.value,
            "clip": f.clip.as_seconds() if f.clip else None,
            "original": f.original.as_seconds() if f.original else None,
            "region": f.region.as_list() if f.region else None,
            "score": round(f.score, 3),
            "explanation": f.explanation,
            "asset_id": f.asset_id,
            "declared_by": self.declared.by if self.declared else None,
            "declared_as": list(self.declared.actions) if self.declared else [],
            "declared_ai": list(self.declared.ai) if self.declared else [],
        }
