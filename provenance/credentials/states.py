"""From status codes to what a credential amounts to. Pure: the codes decide, never the library's one-word state."""

from __future__ import annotations

from dataclasses import dataclass

from provenance.credentials.values import CredentialState

UNTRUSTED_CODE = "signingCredential.untrusted"
SIGNATURE = "self#jumbf=/c2pa/{}/c2pa.signature"
"""Address of the signature of a manifest, by its label: what statuses of its signer are about."""

CONTENT_CODES = frozenset(
    {
        "assertion.dataHash.mismatch",
        "assertion.bmffHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.boxesHash.unknownBox",
        "assertion.collectionHash.mismatch",
        "assertion.collectionHash.incorrectFileCount",
        "assertion.multiAssetHash.mismatch",
    }
)
"""Failures that say: these are not the bytes that were signed."""

BOUND_CODES = frozenset(
    {
        "assertion.dataHash.match",
        "assertion.bmffHash.match",
        "assertion.boxesHash.match",
        "assertion.collectionHash.match",
        "assertion.multiAssetHash.match",
    }
)
"""Successes that say: these are the bytes that were signed."""

IDENTITY_UNKNOWN = frozenset(
    {"cawg.x509.credential.untrusted", "cawg.ica.untrusted_issuer", "cawg.ica.did_unavailable"}
)
"""Failures that say: nobody vouches for an identity (CAWG) that is told beside the signer's. They are notes to us:
whoever signed the whole is as trusted as without it."""

SIGNATURE_CODE = "claimSignature.validated"
REVOKED_CODES = frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"})
NOT_REVOKED_CODE = "signingCredential.ocsp.notRevoked"


@dataclass(frozen=True, slots=True)
class Statuses:
    """The status codes of one reading.

    ``failures``: of the active manifest; ``broken_ingredients``: failures found now in manifests it builds on;
    ``own``: faults that we found and the library does not report. ``library_state`` is only ever a veto.
    """

    success: frozenset[str]
    failures: tuple[str, ...]
    broken_ingredients: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    library_state: str | None = None


def state_of(statuses: Statuses, *, accepted: bool) -> CredentialState:
    """What the codes amount to; ``accepted`` is the trust policy's word on the signer.

    1. What is not merely distrust or other content makes it invalid, whoever signed.
    2. The signature must have been validated: silence is not success.
    3. Other content under a sound signature is ``content_changed``, whoever signed.
    4. A hard binding must have matched, and the library must not call it invalid.
    5. Only then does the policy decide.
    """
    failures = {*statuses.failures, *statuses.broken_ingredients, *statuses.own} - {UNTRUSTED_CODE}
    if failures - CONTENT_CODES or not statuses.success >= {SIGNATURE_CODE}:
        return CredentialState.INVALID
    if failures & CONTENT_CODES:
        return CredentialState.CONTENT_CHANGED
    if not statuses.success & BOUND_CODES or statuses.library_state not in ("Valid", "Trusted"):
        return CredentialState.INVALID
    return CredentialState.AUTHENTIC if accepted else CredentialState.UNTRUSTED


def revocation_of(statuses: Statuses) -> str:
    """``good``, ``revoked`` or ``unknown``: without an answer of the authority in the file nobody was asked."""
    if REVOKED_CODES & {*statuses.failures, *statuses.own}:
        return "revoked"
    return "good" if NOT_REVOKED_CODE in statuses.success else "unknown"
