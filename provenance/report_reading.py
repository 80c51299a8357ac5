"""A report from its JSON form, the contract ``provenance.report/1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provenance.errors import ReportError
from provenance.report import (
    SCHEMA,
    Budget,
    ClipFacts,
    ComparedWith,
    CredentialFacts,
    Declared,
    Evidence,
    Finding,
    Judged,
    Kind,
    Match,
    Region,
    Report,
    Segment,
    Severity,
    Verdict,
)
from provenance.revocation import Revocation
from provenance.times import Interval


def read_report(told: Mapping[str, Any], evidence: Sequence[Evidence] = ()) -> Report:
    """The report that was written as this object, with the pictures that belong to it. Unknown fields are passed over.

    Raises:
        ReportError: it is of another schema, or a field of the contract is missing or not what it should be.
    """
    if told.get("schema") != SCHEMA:
        raise ReportError("report.schema", "this is not a report", expected=SCHEMA, found=str(told.get("schema"))[:80])
    try:
        return _report(told, tuple(evidence))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReportError(
            "report.malformed", "the report is not what its schema says", expected=SCHEMA, found=repr(error)[:200]
        ) from error


def _report(told: Mapping[str, Any], evidence: tuple[Evidence, ...]) -> Report:
    clip, credential, budget = told["clip"], told["credential"], told.get("budget")
    return Report(
        verdict=Verdict(told["verdict"]),
        summary=str(told["summary"]),
        clip=ClipFacts(
            name=str(clip["name"]),
            sha256=str(clip["sha256"]),
            media_type=str(clip["media_type"]),
            duration=_number(clip["duration"]),
            width=_whole(clip["width"]),
            height=_whole(clip["height"]),
            fps=_number(clip["fps"]),
            audio=bool(clip["audio"]),
        ),
        credential=CredentialFacts(
            state=str(credential["state"]),
            signer=_text(credential["signer"]),
            codes=tuple(map(str, credential["codes"])),
            timestamp=_text(credential["timestamp"]),
            revocation=str(credential["revocation"]),
            made_from=_text(credential.get("made_from")),
        ),
        matches=tuple(map(_match, told["matches"])),
        findings=tuple(map(_judged, told["findings"])),
        not_checked=tuple(map(str, told["not_checked"])),
        versions={str(name): str(value) for name, value in told["versions"].items()},
        policy={str(name): str(value) for name, value in told["policy"].items()},
        checked_at=str(told["checked_at"]),
        evidence=evidence,
        budget=Budget(float(budget["seconds"]), float(budget["spent"]), bool(budget["complete"])) if budget else None,
    )


def _match(told: Mapping[str, Any]) -> Match:
    return Match(
        asset_id=str(told["asset_id"]),
        title=str(told["title"]),
        signer=str(told["signer"]),
        signed_at=_text(told["signed_at"]),
        coverage=float(told["coverage"]),
        score=int(told["score"]),
        segments=tuple(
            Segment(
                _interval(segment["clip"]),
                _interval(segment["original"]),
                float(segment["speed"]),
                bool(segment["mirrored"]),
                _region(segment["crop"]),
            )
            for segment in told["segments"]
        ),
        # Not there in reports of the first version.
        compared_with=ComparedWith(told["compared_with"]) if told.get("compared_with") else None,
        status=str(told.get("status", "registered")),
        revoked=_revocation(told["revoked"]) if told.get("revoked") else None,
    )


def _revocation(told: Mapping[str, Any]) -> Revocation:
    return Revocation(str(told["since"]), str(told["recorded_at"]), str(told["reason"]))


def _judged(told: Mapping[str, Any]) -> Judged:
    finding = Finding(
        kind=Kind(told["kind"]),
        score=float(told["score"]),
        explanation=str(told["explanation"]),
        clip=_interval(told["clip"]) if told["clip"] else None,
        original=_interval(told["original"]) if told["original"] else None,
        region=_region(told["region"]) if told["region"] else None,
        asset_id=_text(told.get("asset_id")),
    )
    by = told.get("declared_by")
    said = [tuple(map(str, told.get(key, ()))) for key in ("declared_as", "declared_ai")]
    declared = Declared(str(by), *said) if by is not None else None
    return Judged(finding, Severity(told["severity"]), declared)


def _interval(told: Sequence[float]) -> Interval:
    start, end = told
    return Interval.of(float(start), float(end))


def _region(told: Sequence[float]) -> Region:
    x, y, w, h = map(float, told)
    return Region(x, y, w, h)


def _number(told: Any) -> float | None:
    return None if told is None else float(told)


def _whole(told: Any) -> int | None:
    return None if told is None else int(told)


def _text(told: object) -> str | None:
    return None if told is None else str(told)
