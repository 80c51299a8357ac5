"""From facts to a verdict: a table says which differences alter, and pure functions say the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from provenance.credentials.values import CredentialState
from provenance.report import Declared, Finding, Judged, Kind, Severity, Verdict
from provenance.trust.policy import Policy, SignedUnder

DEFAULT_SEVERITIES: Mapping[Kind, Severity] = {
    kind: Severity.DISCLOSED
    if kind
    in {
        Kind.REENCODED,
        Kind.RESIZED,
        Kind.CROPPED,
        Kind.PADDED,
        Kind.MIRRORED,
        Kind.ROTATED,
        Kind.OVERLAY,
        Kind.TRIMMED,
        Kind.GRADED,
        Kind.FRAME_RATE,
        Kind.MUTED,
    }
    else Severity.ALTERING
    for kind in Kind
}
"""The policy of design.md. A kind that no table names counts as altering."""

MIN_SECONDS = 0.8
"""Length of a moving clip under which nothing is said of it: a second is two windows of comparison."""
MIN_COVERAGE = 0.5
"""Share of the clip that an original must explain before anything can be said of the whole."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the verdict depends on.

    ``coverage``: 0-1 of the clip explained by originals, 0 where none was found. ``compared``: picture and sound,
    as far as the clip has them, could be laid beside a reference copy. ``same_manifest``: the clip's own manifest
    is the registered one. ``doubt``: why nothing can be said although an original was found, or None.
    ``withdrawn``: the publisher has withdrawn the clip's own registration; that changes the words, not the verdict.
    ``derived``: the clip's trusted credential names an original that was laid on it as its parent.
    ``unfinished``: what the time budget did not suffice for, or None: what was not looked at may alter anything.
    """

    credential: CredentialState
    found: bool
    same_manifest: bool
    coverage: float
    compared: bool
    doubt: str | None = None
    withdrawn: bool = False
    derived: bool = False
    unfinished: str | None = None


def judge(
    findings: Sequence[Finding],
    severities: Mapping[Kind, Severity],
    declared: Mapping[Finding, Declared] = MappingProxyType({}),
) -> tuple[Judged, ...]:
    """Give each finding the severity of its kind; what is declared is disclosed.

    Altering ones come first, then declared ones, each by time.
    """
    judged = [
        Judged(finding, Severity.DISCLOSED, declared[finding])
        if finding in declared
        else Judged(finding, severities.get(finding.kind, Severity.ALTERING))
        for finding in findings
    ]
    return tuple(sorted(judged, key=_order))


def decide(facts: Facts, judged: Sequence[Judged]) -> Verdict:
    """The verdict, in this order:

    1. anything that alters: altered;
    2. work left undone for lack of time: inconclusive;
    3. the signed bytes of a trusted signer: authentic, or a match where they differ from the registered original that
       the signer names as their source;
    4. no original found: unknown, which never means fake;
    5. an original found, but not enough to go by: inconclusive;
    6. else a match.
    """
    if any(item.severity is Severity.ALTERING for item in judged):
        return Verdict.ALTERED
    if facts.unfinished is not None:
        return Verdict.INCONCLUSIVE
    if facts.credential is CredentialState.AUTHENTIC:
        return Verdict.MATCH if facts.derived and judged else Verdict.AUTHENTIC
    if not facts.found:
        return Verdict.UNKNOWN
    if facts.same_manifest and facts.credential is CredentialState.UNTRUSTED:
        # Intact bytes of a registered asset whose signer this verifier's policy does not accept.
        return Verdict.MATCH
    if facts.doubt is not None or not facts.compared or facts.coverage < MIN_COVERAGE:
        return Verdict.INCONCLUSIVE
    return Verdict.MATCH


def _order(item: Judged) -> tuple[bool, bool, float, str]:
    start = float(item.finding.clip.start) if item.finding.clip else -1.0
    return item.severity is not Severity.ALTERING, item.declared is None, start, item.finding.kind.value


def describe(policy: Policy, severities: Mapping[Kind, Severity]) -> dict[str, str]:
    """The policy in force, for the report: what signers are trusted, and where the table differs from the default."""
    changed = [
        f"{kind.value}: {severity.value}"
        for kind, severity in severities.items()
        if DEFAULT_SEVERITIES.get(kind) is not severity
    ]
    plain = isinstance(policy, SignedUnder)
    signer = "vouched for by an installed trust list" if plain else "as the policy file says"
    return {"signer": signer, "severities": ", ".join(changed) or "default"}
