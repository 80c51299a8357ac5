"""Does the clip's own credential fit the picture? Another signer's name on a registered original is a finding."""

from __future__ import annotations

from collections.abc import Sequence

from provenance.credentials.values import Credential, CredentialState
from provenance.report import Finding, Kind
from verifier.declared import source_of
from verifier.identify import Candidate

_SIGNED = (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)
NEARLY = 0.9
"""Share of the best candidate's strength from which another counts as the same picture registered twice."""


def mismatch(credential: Credential, candidates: Sequence[Candidate]) -> list[Finding]:
    """A finding if a sound credential names another signer than the registry knows for this picture.

    Not so where the picture is registered for that signer too, nor where a trusted credential names the registered
    asset, intact, as what it was made from: that is an edit with its history kept. A name alone makes a signer the
    same only in a trusted credential: anybody can write any name into a certificate of their own.

    Args:
        candidates: best first, not empty.
    """
    signer = credential.signer
    if credential.state not in _SIGNED or signer is None:
        return []
    best = candidates[0].strength
    same = [candidate.original for candidate in candidates if candidate.strength >= NEARLY * best]
    if not any(o.signer_fingerprint for o in same):
        # Of what nobody has signed, nobody else can be the signer.
        return []
    trusted = credential.state is CredentialState.AUTHENTIC
    if any(o.signer_fingerprint == signer.fingerprint or (trusted and o.signer == signer.name) for o in same):
        return []
    sources = {source_of(ingredient) for ingredient in credential.ingredients}
    if trusted and any(o.asset_id in sources for o in same):
        return []
    known = same[0]
    text = f"The file is signed by {signer.name}, but the registry knows this picture as signed by {known.signer}."
    return [Finding(Kind.CREDENTIAL_MISMATCH, 1.0, text, asset_id=known.asset_id)]
