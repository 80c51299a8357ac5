"""What a registry says of an original, held against the manifest that its signer signed.

Bound by the signature, and taken from there: label and content hash (and so the id), signer, title, times and claims,
fingerprints of picture and sound, the ISCC, and the hashes of local features and of the reference copy. The registry's
word alone: when it was registered, its status, the size and kind of the file, whether the reference copy is held, and
the local features of a film's frames and the sub-fingerprints of brief sound, which only help to find it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from provenance.assets import Original, asset_id_of
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import CredentialError, RegistryError
from provenance.fingerprints import features as local
from provenance.fingerprints.codec import ASSERTION_LABEL, from_assertion
from provenance.fingerprints.values import Fingerprints
from provenance.revocation import Revocation
from registry.claims import claims_of
from registry.wire import Asset

UNBOUND_KINDS = ("features", "frame_features", "brief_sound")
"""Fingerprints that a manifest does not hold whole."""


def original_of(told: Asset, credential: Credential, unbound: Fingerprints) -> Original:
    """The original, made of what is signed wherever that says it.

    Args:
        credential: of the manifest that the registry sent, as ``read_manifest`` reads it.
        unbound: the fingerprints of ``UNBOUND_KINDS`` that the registry sent.

    Raises:
        RegistryError: the manifest is not sound, or not that of what the registry says (``original.differs``).
    """
    signer, label, binding = credential.signer, credential.manifest_label, credential.hard_binding
    if credential.state is not CredentialState.CONTENT_CHANGED or signer is None or label is None or binding is None:
        raise _differs(told, "a manifest whose signature holds", ", ".join((credential.state, *credential.codes[:3])))
    if asset_id_of(label, binding) != told.asset_id:
        raise _differs(told, "the manifest of this asset", f"that of {asset_id_of(label, binding)}")
    data = credential.assertions.get(ASSERTION_LABEL)
    try:
        signed, reference_sha256 = from_assertion(data if isinstance(data, dict) else {})
    except CredentialError as error:
        raise _differs(told, "a manifest with fingerprints", error.found or error.message) from error
    if told.reference_sha256 not in (None, reference_sha256):
        raise _differs(told, f"the reference copy {reference_sha256}", str(told.reference_sha256))
    return Original(
        asset_id=told.asset_id,
        title=credential.title[:500] if credential.title else told.title,
        signer=signer.name,
        signer_fingerprint=signer.fingerprint,
        signed_at=credential.timestamp or credential.claimed_time,
        registered_at=told.registered_at,
        media_type=told.media_type,
        duration=_fraction(told),
        width=told.width,
        height=told.height,
        fps=told.fps,
        has_audio=told.has_audio,
        manifest_label=label,
        hard_binding=binding,
        reference_sha256=told.reference_sha256,
        status=told.status,
        claims=tuple(claims_of(credential)),
        fingerprints=_completed(signed, unbound),
        revoked=_revoked(told),
    )


def _completed(signed: Fingerprints, unbound: Fingerprints) -> Fingerprints:
    """The signed fingerprints with the local features: a picture's only where they have the signed hash.

    They have not where only the reference copy was registered, or another build made them; then there are none.
    """
    features = unbound.features
    if features is not None and signed.features_sha256 != local.digest(features):
        features = None
    return replace(signed, features=features, frame_features=unbound.frame_features, brief_sound=unbound.brief_sound)


def _revoked(told: Asset) -> Revocation | None:
    revoked = told.revoked
    return Revocation(revoked.since[:40], revoked.recorded_at[:40], revoked.reason[:500]) if revoked else None


def _fraction(told: Asset) -> Fraction | None:
    try:
        return None if told.duration_exact is None else Fraction(told.duration_exact)
    except (ValueError, ZeroDivisionError) as error:
        raise _differs(told, "a length in seconds", told.duration_exact or "") from error


def _differs(told: Asset, expected: str, found: str) -> RegistryError:
    return RegistryError(
        "original.differs",
        f"what the registry says of asset {told.asset_id[:40]} is not what was signed",
        expected=expected,
        found=found[:300],
        hint="ask the registry's operator; nothing it says of this asset can be relied on",
    )
