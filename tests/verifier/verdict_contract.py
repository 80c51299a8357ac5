"""The report's contract, `provenance.report/1`, field by field: types, words and ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

FIELDS = {
    "report": {
        "schema", "verdict", "summary", "clip", "credential", "matches", "findings", "not_checked", "versions",
        "policy", "checked_at",
    },
    "clip": {"name", "sha256", "media_type", "duration", "width", "height", "fps", "audio"},
    "credential": {"state", "signer", "codes", "timestamp", "revocation", "made_from"},
    "match": {"asset_id", "title", "signer", "signed_at", "coverage", "score", "segments", "compared_with",
              "status", "revoked"},
    "segment": {"clip", "original", "speed", "mirrored", "crop"},
    "finding": {
        "kind", "severity", "clip", "original", "region", "score", "explanation", "declared_by", "declared_as",
        "declared_ai",
    },
}  # fmt: skip
VERDICTS = {"authentic", "match", "altered", "unknown", "inconclusive"}
STATES = {"none", "authentic", "untrusted", "content_changed", "invalid", "broken", "unsupported"}
DISCLOSED = {
    "reencoded", "resized", "cropped", "padded", "mirrored", "rotated", "overlay", "trimmed", "graded", "frame_rate",
    "muted",
}  # fmt: skip
ALTERING = {
    "face", "region", "audio_replaced", "audio_edited", "speed", "cut", "reordered", "reversed", "frames_repeated",
    "foreign_footage", "still_animated", "credential_mismatch",
}  # fmt: skip


def check_contract(report: Mapping[str, Any]) -> None:
    """Fail where a report is not what `provenance.report/1` says. Fields may be added, none may be missing."""
    has(report, "report")
    assert report["schema"] == "provenance.report/1"
    assert report["verdict"] in VERDICTS
    assert text(report["summary"])
    check_clip(report["clip"])
    check_credential(report["credential"])
    duration = report["clip"]["duration"]
    for match in report["matches"]:
        check_match(match, duration)
    for finding in report["findings"]:
        check_finding(finding, duration)
    assert all(text(line) for line in report["not_checked"])
    for table in ("versions", "policy"):
        assert report[table]
        assert all(text(key) and isinstance(value, str) for key, value in report[table].items())
    moment(report["checked_at"])
    if "budget" in report:
        check_budget(report["budget"])
    agree(report)


def agree(report: Mapping[str, Any]) -> None:
    """What one field says must fit the others."""
    altering = [finding for finding in report["findings"] if finding["severity"] == "altering"]
    assert (report["verdict"] == "altered") == bool(altering)
    if report["verdict"] == "authentic":
        assert report["credential"]["state"] == "authentic"
    if any(finding["declared_by"] for finding in report["findings"]):
        assert report["credential"]["state"] == "authentic"
        assert report["verdict"] in ("match", "altered")
    if report["credential"]["made_from"] is not None:
        assert report["credential"]["made_from"] in {match["asset_id"] for match in report["matches"]}
    complete = report.get("budget", {"complete": True})["complete"]
    if report["verdict"] == "match" or (report["verdict"] == "inconclusive" and complete):
        assert report["matches"]
    if not complete:
        assert report["verdict"] in ("altered", "inconclusive")
        assert any("time budget" in line for line in report["not_checked"])
    if report["verdict"] == "unknown":
        assert report["matches"] == []
        assert report["findings"] == []
    known = {match["asset_id"] for match in report["matches"]}
    if known:
        assert {finding.get("asset_id") for finding in altering if finding["kind"] != "credential_mismatch"} <= known


def check_budget(budget: Mapping[str, Any]) -> None:
    assert set(budget) == {"seconds", "spent", "complete"}
    assert number(budget["seconds"], 0.001)
    assert number(budget["spent"], 0)
    assert type(budget["complete"]) is bool


def check_clip(clip: Mapping[str, Any]) -> None:
    has(clip, "clip")
    assert text(clip["name"])
    assert "/" not in clip["name"]
    assert re.fullmatch(r"[0-9a-f]{64}", clip["sha256"])
    assert re.fullmatch(r"(video|image|audio)/[\w.+-]+", clip["media_type"])
    assert clip["duration"] is None or number(clip["duration"], 0)
    assert (clip["width"] is None) == (clip["height"] is None)
    assert clip["width"] is None or (type(clip["width"]) is type(clip["height"]) is int and clip["width"] > 0)
    assert clip["fps"] is None or number(clip["fps"], 0.01, 1000)
    assert type(clip["audio"]) is bool


def check_credential(credential: Mapping[str, Any]) -> None:
    has(credential, "credential")
    assert credential["state"] in STATES
    assert credential["signer"] is None or text(credential["signer"])
    assert (credential["state"] in ("none", "unsupported", "broken")) <= (credential["signer"] is None)
    assert all(re.fullmatch(r"[\w.-]+", code) for code in credential["codes"])
    if credential["timestamp"] is not None:
        moment(credential["timestamp"])
    assert credential["revocation"] in ("good", "revoked", "unknown")


def check_match(match: Mapping[str, Any], duration: float | None) -> None:
    has(match, "match")
    assert text(match["asset_id"])
    assert text(match["title"])
    assert text(match["signer"])
    if match["signed_at"] is not None:
        moment(match["signed_at"])
    assert number(match["coverage"], 0, 1)
    assert type(match["score"]) is int
    assert 0 <= match["score"] <= 100
    assert match["compared_with"] in ("reference copy", "full original", None)
    assert match["segments"]
    for segment in match["segments"]:
        has(segment, "segment")
        stretch(segment["clip"], duration)
        stretch(segment["original"], None)
        assert number(segment["speed"], -10, 10)
        assert segment["speed"]
        assert type(segment["mirrored"]) is bool
        rectangle(segment["crop"])


def check_finding(finding: Mapping[str, Any], duration: float | None) -> None:
    has(finding, "finding")
    assert finding["kind"] in DISCLOSED | ALTERING
    # The default policy of the design, save for what the clip's signer declares.
    declared = finding["declared_by"] is not None
    assert finding["severity"] == ("disclosed" if declared or finding["kind"] in DISCLOSED else "altering")
    assert not declared or text(finding["declared_by"])
    assert declared == bool(finding["declared_as"])
    assert all(text(action) for action in finding["declared_as"])
    assert all(text(kind) for kind in finding["declared_ai"])
    assert declared or not finding["declared_ai"]
    assert number(finding["score"], 0, 1)
    assert text(finding["explanation"])
    if finding["clip"] is not None:
        stretch(finding["clip"], duration)
    if finding["original"] is not None:
        stretch(finding["original"], None)
    if finding["region"] is not None:
        rectangle(finding["region"])


def has(value: Mapping[str, Any], what: str) -> None:
    assert FIELDS[what] <= set(value), f"{what} lacks {FIELDS[what] - set(value)}"


def text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def number(value: object, low: float, high: float = math.inf) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and low <= value <= high  # type: ignore[arg-type]


def stretch(value: Sequence[float], duration: float | None) -> None:
    """[start, end] in seconds, within the clip where its duration is given."""
    assert type(value) is list
    start, end = value
    assert number(start, 0)
    assert number(end, start)
    assert duration is None or end <= duration + 0.05


def rectangle(value: Sequence[float]) -> None:
    """[x, y, w, h] as fractions, within the frame."""
    assert type(value) is list
    assert len(value) == 4
    x, y, w, h = value
    assert all(number(v, 0, 1) for v in value)
    assert w > 0
    assert h > 0
    assert x + w <= 1.001
    assert y + h <= 1.001


def moment(value: str) -> None:
    """RFC 3339 with an offset."""
    assert datetime.fromisoformat(value).tzinfo is not None
