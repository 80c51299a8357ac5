"""The verdict is a pure function of findings, policy and facts, in a stated order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from provenance.credentials.values import CredentialState
from provenance.report import Finding, Kind, Severity, Verdict
from provenance.trust.policy import SignedUnder
from verifier.judge import DEFAULT_SEVERITIES, Facts, decide, describe, judge

DISCLOSED = {
    "reencoded",
    "resized",
    "cropped",
    "padded",
    "mirrored",
    "rotated",
    "overlay",
    "trimmed",
    "graded",
    "frame_rate",
    "muted",
}


def facts(**changes: Any) -> Facts:
    plain = Facts(CredentialState.NONE, found=True, same_manifest=False, coverage=1.0, compared=True)
    return dataclasses.replace(plain, **changes)


def judged(*kinds: Kind) -> tuple:
    return judge([Finding(kind, 0.9, "x") for kind in kinds], DEFAULT_SEVERITIES)


def test_default_severities_are_those_of_the_contract() -> None:
    assert {kind.value for kind in Kind if DEFAULT_SEVERITIES[kind] is Severity.DISCLOSED} == DISCLOSED
    assert len(DEFAULT_SEVERITIES) == len(Kind)


def test_a_kind_that_no_table_names_alters() -> None:
    (item,) = judge([Finding(Kind.TRIMMED, 1, "x")], {})
    assert item.severity is Severity.ALTERING


CASES = {
    "disclosed differences match": (facts(), judged(Kind.REENCODED, Kind.TRIMMED), Verdict.MATCH),
    "one alteration alters": (facts(), judged(Kind.REENCODED, Kind.REGION), Verdict.ALTERED),
    "an alteration outweighs doubt": (facts(doubt="short"), judged(Kind.SPEED), Verdict.ALTERED),
    "nothing found is unknown": (facts(found=False, coverage=0), (), Verdict.UNKNOWN),
    "a broken credential alone is unknown": (
        facts(found=False, coverage=0, credential=CredentialState.CONTENT_CHANGED),
        (),
        Verdict.UNKNOWN,
    ),
    "signed bytes are authentic": (facts(credential=CredentialState.AUTHENTIC), (), Verdict.AUTHENTIC),
    "signed bytes need no registry": (
        facts(credential=CredentialState.AUTHENTIC, found=False, coverage=0),
        (),
        Verdict.AUTHENTIC,
    ),
    "another's picture is not authentic": (
        facts(credential=CredentialState.AUTHENTIC),
        judged(Kind.CREDENTIAL_MISMATCH),
        Verdict.ALTERED,
    ),
    "doubt is inconclusive": (facts(doubt="it is short"), judged(Kind.REENCODED), Verdict.INCONCLUSIVE),
    "nothing compared is inconclusive": (facts(compared=False), (), Verdict.INCONCLUSIVE),
    "little explained is inconclusive": (facts(coverage=0.3), (), Verdict.INCONCLUSIVE),
}


@pytest.mark.parametrize(("known", "items", "verdict"), CASES.values(), ids=CASES)
def test_verdict(known: Facts, items: tuple, verdict: Verdict) -> None:
    assert decide(known, items) is verdict


def test_altering_findings_come_first_and_a_changed_policy_is_told() -> None:
    items = judged(Kind.REENCODED, Kind.REGION)
    assert [item.finding.kind for item in items] == [Kind.REGION, Kind.REENCODED]
    assert describe(SignedUnder([]), DEFAULT_SEVERITIES)["severities"] == "default"
    changed = dict(DEFAULT_SEVERITIES) | {Kind.MIRRORED: Severity.ALTERING}
    assert describe(SignedUnder([]), changed)["severities"] == "mirrored: altering"
