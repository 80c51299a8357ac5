"""What the verifier says: the verdict and the report, with its findings (``provenance.findings``).

The JSON form is the contract ``provenance.report/1``: times in seconds, regions and crops as fractions
of a frame, scores 0-1 in findings and 0-100 in matches. Fields are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from provenance.findings import WHOLE_FRAME, Declared, Finding, Judged, Kind, Region, Severity
from provenance.revocation import Revocation
from provenance.times import Interval, seconds

SCHEMA = "provenance.report/1"


class Verdict(StrEnum):
    """What is said of the whole clip. Unknown never means fake."""

    AUTHENTIC = "authentic"
    MATCH = "match"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of the clip and the stretch of the original that it shows.

    ``crop`` is the part of the original's frame that the clip shows, ``speed`` the rate at which original
    time passes in clip time (0.75: slowed to three quarters; negative: reversed).
    """

    clip: Interval
    original: Interval
    speed: float = 1.0
    mirrored: bool = False
    crop: Region = WHOLE_FRAME

    def as_json(self) -> dict[str, Any]:
        """The segment's JSON object."""
        return {
            "clip": self.clip.as_seconds(),
            "original": self.original.as_seconds(),
            "speed": round(self.speed, 4),
            "mirrored": self.mirrored,
            "crop": self.crop.as_list(),
        }


class ComparedWith(StrEnum):
    """What of an original a clip was compared with."""

    REFERENCE = "reference copy"
    FULL = "full original"


@dataclass(frozen=True, slots=True)
class Match:
    """An original that the clip comes from. ``coverage`` is the share of the clip it explains, ``score`` 0-100.

    ``compared_with``: None where there was nothing to compare, or nothing to compare with. ``status``: registered,
    withdrawn or superseded. ``revoked``: of its signer's certificate, where the registry has that on record.
    """

    asset_id: str
    title: str
    signer: str
    signed_at: str | None
    coverage: float
    score: int
    segments: tuple[Segment, ...] = ()
    compared_with: ComparedWith | None = None
    status: str = "registered"
    revoked: Revocation | None = None

    def as_json(self) -> dict[str, Any]:
        """The match's JSON object."""
        return {
            "asset_id": self.asset_id,
            "title": self.title,
            "signer": self.signer,
            "signed_at": self.signed_at,
            "coverage": round(self.coverage, 3),
            "score": self.score,
            "segments": [s.as_json() for s in self.segments],
            "compared_with": self.compared_with.value if self.compared_with else None,
            "status": self.status,
            "revoked": self.revoked.as_json() if self.revoked else None,
        }


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What the circulating file is, as far as a decoder can say."""

    name: str
    sha256: str
    media_type: str
    duration: float | None
    width: int | None
    height: int | None
    fps: float | None
    audio: bool


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """The clip's own credential in the report's words; see ``provenance.credentials`` for the whole of it.

    ``made_from``: id of the matched original that it names as its parent, where it is to be relied on.
    """

    state: str
    signer: str | None = None
    codes: tuple[str, ...] = ()
    timestamp: str | None = None
    revocation: str = "unknown"
    made_from: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A picture that lets a person see what a number says.

    ``finding`` indexes ``Report.findings``; None where the picture is about the whole clip.
    ``role`` is one of pair, heatmap, crop, strip, timeline, offsets, spectrogram, points.
    """

    role: str
    caption: str
    media_type: str
    data: bytes = field(repr=False)
    finding: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """The time that was granted and what was spent, in seconds. ``complete``: it sufficed for all there was to do."""

    seconds: float
    spent: float
    complete: bool

    def as_json(self) -> dict[str, Any]:
        """The budget's JSON object."""
        return {"seconds": self.seconds, "spent": round(self.spent, 1), "complete": self.complete}


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer about one clip. Evidence pictures go into the page, not into the JSON."""

    verdict: Verdict
    summary: str
    clip: ClipFacts
    credential: CredentialFacts
    matches: tuple[Match, ...]
    findings: tuple[Judged, ...]
    not_checked: tuple[str, ...]
    versions: Mapping[str, str]
    policy: Mapping[str, str]
    checked_at: str
    evidence: tuple[Evidence, ...] = ()
    budget: Budget | None = None

    def as_json(self) -> dict[str, Any]:
        """The report as the contract's JSON object; ``budget`` is there only where one was set."""
        clip, credential = self.clip, self.credential
        budget = {} if self.budget is None else {"budget": self.budget.as_json()}
        return {
            "schema": SCHEMA,
            "verdict": self.verdict.value,
            "summary": self.summary,
            "clip": {
                "name": clip.name,
                "sha256": clip.sha256,
                "media_type": clip.media_type,
                "duration": None if clip.duration is None else round(clip.duration, 3),
                "width": clip.width,
                "height": clip.height,
                "fps": None if clip.fps is None else round(clip.fps, 3),
                "audio": clip.audio,
            },
            "credential": {
                "state": credential.state,
                "signer": credential.signer,
                "codes": list(credential.codes),
                "timestamp": credential.timestamp,
                "revocation": credential.revocation,
                "made_from": credential.made_from,
            },
            "matches": [m.as_json() for m in self.matches],
            "findings": [f.as_json() for f in self.findings],
            "not_checked": list(self.not_checked),
            "versions": dict(self.versions),
            "policy": dict(self.policy),
            "checked_at": self.checked_at,
            **budget,
        }


__all__ = [
    "SCHEMA",
    "WHOLE_FRAME",
    "Budget",
    "ClipFacts",
    "ComparedWith",
    "CredentialFacts",
    "Declared",
    "Evidence",
    "Finding",
    "Judged",
    "Kind",
    "Match",
    "Region",
    "Report",
    "Segment",
    "Severity",
    "Verdict",
    "seconds",
]
