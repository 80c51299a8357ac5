"""The sentence that a report opens with claims no more than was found."""

from __future__ import annotations

import pytest

from provenance.credentials.values import CredentialState
from provenance.report import Declared, Finding, Kind, Match, Verdict
from verifier.judge import DEFAULT_SEVERITIES, Facts, judge
from verifier.summary import summary

CROPPED, OVERLAY, COMPRESSED = (Finding(kind, 0.9, "x") for kind in (Kind.CROPPED, Kind.OVERLAY, Kind.REENCODED))
DECLARED = Declared("Herald", ("c2pa.cropped",))


@pytest.mark.parametrize(
    ("findings", "said"), [((CROPPED, COMPRESSED), "; what was"), ((CROPPED, OVERLAY), "; some of what was")]
)
def test_only_what_the_signer_declares_is_said_to_be_declared(findings: tuple[Finding, ...], said: str) -> None:
    facts = Facts(CredentialState.AUTHENTIC, found=True, same_manifest=False, coverage=1.0, compared=True, derived=True)
    match = Match("a", "Harbour", "Herald", None, 1.0, 99, ())
    sentence = summary(Verdict.MATCH, judge(findings, DEFAULT_SEVERITIES, {CROPPED: DECLARED}), (match,), facts)
    assert f"{said} changed in it is declared by its signer, Herald" in sentence
