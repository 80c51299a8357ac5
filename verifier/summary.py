"""The one sentence that a report opens with."""

from __future__ import annotations

from collections.abc import Sequence

from provenance.credentials.values import CredentialState
from provenance.presentation.words import KINDS, span
from provenance.report import Judged, Kind, Match, Severity, Verdict
from verifier.judge import Facts

_CREDENTIAL_NOTES = {
    CredentialState.CONTENT_CHANGED: " Its credential was made for other content.",
    CredentialState.INVALID: " Its credential does not hold.",
    CredentialState.BROKEN: " Its credential cannot be read.",
    CredentialState.UNTRUSTED: " Its credential is intact, but its signer is not trusted.",
}

_PASSAGE = {Kind.REENCODED, Kind.RESIZED, Kind.FRAME_RATE}
"""What happens to every file on its way, and to which nobody need own up."""


def summary(verdict: Verdict, judged: Sequence[Judged], matches: Sequence[Match], facts: Facts) -> str:
    """What the report says, in a sentence for people; foreign strings in it are as they came and must be escaped."""
    sentence = _sentence(verdict, judged, matches, facts)
    if verdict is Verdict.ALTERED and facts.unfinished is not None:
        sentence += f" {facts.unfinished[0].upper()}{facts.unfinished[1:]}."
    if facts.withdrawn:
        sentence += " Its publisher has withdrawn it from the registry."
    revoked = next((match for match in matches if match.revoked), None)
    if revoked is not None and revoked.revoked is not None:
        sentence += f" The certificate of its signer, {revoked.signer}, was revoked as of {revoked.revoked.since[:10]}."
    return sentence + ("" if verdict is Verdict.AUTHENTIC else _CREDENTIAL_NOTES.get(facts.credential, ""))


def _sentence(verdict: Verdict, judged: Sequence[Judged], matches: Sequence[Match], facts: Facts) -> str:
    named = " and ".join(f"“{match.title}” ({match.signer})" for match in matches[:2])
    match verdict:
        case Verdict.AUTHENTIC:
            if facts.same_manifest:
                return f"These are the signed bytes of {named}."
            return "These are the bytes that were signed" + (f"; they show {named}." if named else ".")
        case Verdict.MATCH:
            declared = next((item.declared for item in judged if item.declared), None)
            if declared is not None and not all(item.declared or item.finding.kind in _PASSAGE for item in judged):
                said = f"some of what was changed in it is declared by its signer, {declared.by}"
                return f"The clip shows {named}; {said}, and nothing else was found but what is disclosed."
            if declared is not None:
                return f"The clip shows {named}; what was changed in it is declared by its signer, {declared.by}."
            return f"The clip shows {named}; nothing was found changed but what is disclosed."
        case Verdict.ALTERED:
            return f"The clip comes from {named or 'a registered original'} and was altered: {_alterations(judged)}."
        case Verdict.INCONCLUSIVE if not facts.found:
            return f"Nothing can be said of the clip yet: {facts.unfinished}."
        case Verdict.INCONCLUSIVE:
            reason = (
                facts.unfinished
                or facts.doubt
                or ("picture or sound could not be compared" if not facts.compared else "it shows too little of it")
            )
            return f"The clip seems to come from {named}, but {reason}, so nothing more can be said."
        case Verdict.UNKNOWN:
            return "No registered original was found. That does not make the clip false."


def _alterations(judged: Sequence[Judged]) -> str:
    seen = []
    for item in judged:
        if item.severity is Severity.ALTERING:
            finding = item.finding
            when = f" ({span(finding.clip)})" if finding.clip and finding.clip.length else ""
            seen.append(f"{KINDS[finding.kind].lower()}{when}")
    return ", ".join(seen[:3]) + (f" and {len(seen) - 3} more" if len(seen) > 3 else "")
