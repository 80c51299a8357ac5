"""What counts as a change. No input or output: the signed manifest is held against today's trust, and all else
against the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from provenance.assets import asset_id_of
from provenance.credentials.reader import only_expired
from provenance.credentials.states import CONTENT_CODES
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import CredentialError
from provenance.fingerprints import features as local
from provenance.fingerprints.codec import ASSERTION_LABEL, from_assertion
from provenance.fingerprints.values import Fingerprints
from provenance.trust.policy import Policy
from registry.reverify.values import Change, Held, Kind
from registry.visibility import REGISTERED, SUPERSEDED, WITHDRAWN


def trust_changes(held: Held, credential: Credential, policy: Policy, now: datetime) -> Iterator[Change]:
    """Whether the credential, read alone as ``read_manifest`` does, is one to rely on today."""
    expired = only_expired(credential)
    signer = credential.signer
    if signer is None or (credential.state is not CredentialState.CONTENT_CHANGED and not expired):
        why = ", ".join([code for code in credential.codes if code not in CONTENT_CODES][:5])
        problem = credential.problem or "no certificate"
        yield Change(
            Kind.CREDENTIAL_INVALID, f"its credential does not hold: {credential.state.value}, {why or problem}"
        )
        return
    seen = credential.timestamp
    if expired or (signer.not_after is not None and datetime.fromisoformat(signer.not_after) < now):
        words = f"the signer's certificate expired on {(signer.not_after or '')[:10]}; "
        yield Change(Kind.CERTIFICATE_EXPIRED, words + _seen(seen), holds=not expired and seen is not None)
    if held.revoked is not None:
        words = f"the signer's certificate was {held.revoked.words}; {_seen(seen)}; registered at {held.registered_at}"
        yield Change(Kind.CERTIFICATE_REVOKED, words, holds=held.revoked.spares(seen))
    assessment = policy.assess(credential)
    if not assessment.accepted:
        yield Change(Kind.SIGNER_UNTRUSTED, f"the trust policy does not accept the signer today: {assessment.reason}")


def binding_changes(held: Held, credential: Credential, stored: Fingerprints) -> Iterator[Change]:
    """Whether what the registry says is what was signed."""
    label, binding = credential.manifest_label or "", credential.hard_binding or ""
    if asset_id_of(label, binding) != held.asset_id:
        yield Change(Kind.MANIFEST_CHANGED, f"its manifest is that of asset {asset_id_of(label, binding)}")
        return
    facts = _facts(held, credential)
    if facts:
        yield Change(Kind.FACTS_UNBOUND, f"the registry says something else than was signed: {', '.join(facts)}")
    data = credential.assertions.get(ASSERTION_LABEL)
    try:
        signed, reference = from_assertion(data if isinstance(data, dict) else {})
    except CredentialError as error:
        words = f"the signed fingerprints cannot be read: {error.found or error.message}"
        yield Change(Kind.FINGERPRINTS_UNBOUND, words)
        return
    if held.reference_sha256 not in (None, reference):
        yield Change(Kind.REFERENCE_UNBOUND, f"the reference copy {held.reference_sha256} is not the signed one")
    differing = _differing(stored, signed, whole=held.content_checked)
    if differing:
        yield Change(Kind.FINGERPRINTS_UNBOUND, f"these fingerprints are not the signed ones: {', '.join(differing)}")


def status_changes(held: Held) -> Iterator[Change]:
    """What was done to it on record, and whether its status is what that says."""
    told = REGISTERED
    for event in held.events:
        if event.kind == WITHDRAWN:
            told = WITHDRAWN
            words = f"withdrawn at {event.at}: {event.detail.get('reason', 'no reason is told')}"
            yield Change(Kind.WITHDRAWN, words, holds=True)
        elif event.kind == SUPERSEDED:
            told = SUPERSEDED
            words = f"superseded at {event.at} by {event.detail.get('by', 'another asset')}"
            yield Change(Kind.SUPERSEDED, words, holds=True)
    if held.status != told:
        words = f"its status is {held.status}, by its history it is {told}"
        yield Change(Kind.FACTS_UNBOUND, words)


def _seen(timestamp: str | None) -> str:
    return f"a trusted time stamp is from {timestamp}" if timestamp else "no trusted time stamp says when it was signed"


def _facts(held: Held, credential: Credential) -> list[str]:
    """What is told otherwise. Claims are not asked for: their words are this program's, and may become better."""
    signer = credential.signer
    told = {
        "title": (held.title, credential.title[:500] if credential.title else held.title),
        "signer": (held.signer, signer.name if signer else None),
        "certificate": (held.signer_fingerprint, signer.fingerprint if signer else None),
        "manifest label": (held.manifest_label, credential.manifest_label),
        "content hash": (held.hard_binding, credential.hard_binding),
    }
    differing = [name for name, (says, signed) in told.items() if says != signed]
    # An authority for time stamps may have been added since.
    if held.signed_at not in (credential.timestamp, credential.claimed_time):
        differing.append("time of signing")
    return differing


def _differing(stored: Fingerprints, signed: Fingerprints, *, whole: bool) -> list[str]:
    """Which fingerprints are others. ``whole``: local features are of the file's own picture."""
    ours = stored.features if whole else None
    same = {
        "frames": _same_frames(stored, signed),
        "sound": (stored.sound is None) == (signed.sound is None)
        and (stored.sound is None or signed.sound is None or np.array_equal(stored.sound.values, signed.sound.values)),
        "ISCC": stored.iscc == signed.iscc,
        # None where another build made them: then nothing can be said of them.
        "local features": signed.features_sha256 is None
        or (
            stored.features_sha256 in (None, signed.features_sha256)
            and (ours is None or local.digest(ours) == signed.features_sha256)
        ),
    }
    return [name for name, equal in same.items() if not equal]


def _same_frames(stored: Fingerprints, signed: Fingerprints) -> bool:
    ours, theirs = stored.frames, signed.frames
    if ours is None or theirs is None:
        return ours is theirs
    pairs = (
        (ours.times_ms, theirs.times_ms),
        (ours.hashes, theirs.hashes),
        (ours.quality, theirs.quality),
        (ours.phashes, theirs.phashes),
    )
    return all(np.array_equal(mine, other) for mine, other in pairs)
