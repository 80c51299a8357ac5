"""What the product says of a clip, from beginning to end, and what that costs beside decoding it."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.alter.truth import Box, Stretch
from benchmarks.identify.newsroom import Newsroom
from benchmarks.signing_cost import decode
from provenance.report import Report
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier import pipeline


@dataclass(frozen=True, slots=True)
class Named:
    """A finding: its word, whether it alters, when in the clip and the original (s), where (shares), 0-1, why."""

    kind: str
    altering: bool
    clip: Stretch | None
    original: Stretch | None
    region: Box | None
    score: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says. ``matches``: file names of originals, best first. Times in s: of the clip, and of verifying
    and decoding it, wall and processor with all children."""

    verdict: str
    matches: tuple[str, ...]
    findings: tuple[Named, ...]
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    decode_cpu: float = 0.0

    @property
    def altering(self) -> tuple[Named, ...]:
        return tuple(finding for finding in self.findings if finding.altering)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Said:
        findings = tuple(
            Named(**{key: tuple(value) if isinstance(value, list) else value for key, value in one.items()})
            for one in said["findings"]
        )
        return cls(**{**said, "matches": tuple(said["matches"]), "findings": findings})


def ask(path: Path, room: Newsroom) -> Said:
    """Verify a file against everything that is registered."""
    settings = room.settings
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    with open_registry(settings) as store:
        began, before = time.perf_counter(), os.times()
        report = pipeline.verify(
            path, catalog=LocalCatalog(store), settings=settings, anchors=anchors, policy=policy, evidence=False
        )
        wall, after = time.perf_counter() - began, os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    return _said(report, room, round(wall, 3), round(cpu, 3), round(decode(path).cpu, 3))


def _said(report: Report, room: Newsroom, wall: float, cpu: float, decode_cpu: float) -> Said:
    findings = []
    for judged in report.findings:
        one = judged.as_json()
        clip, original, region = (tuple(one[key]) if one[key] else None for key in ("clip", "original", "region"))
        altering = one["severity"] == "altering"
        findings.append(Named(one["kind"], altering, clip, original, region, one["score"], one["explanation"]))
    matches = tuple(room.names[match.asset_id] for match in report.matches)
    length = report.clip.duration or 0.0
    return Said(report.verdict.value, matches, tuple(findings), length, wall, cpu, decode_cpu)
