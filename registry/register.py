"""Registering a signed asset: all or nothing, and harmless to repeat.

1. The credential must be intact, its signer accepted by the policy, and his certificate not on record as revoked.
2. The fingerprints come from the signed assertion, and must be those of the file, and the ISCC also that of the soft
   binding.
3. The reference copy, where one can be had, must have the signed hash.
4. Blobs are stored first: content-addressed, they do no harm if what follows fails.
5. One transaction writes every row, or none.
6. The event enters the log, and whoever registers gets the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from provenance.assets import asset_id_of
from provenance.credentials.reader import read_credential, read_manifest
from provenance.credentials.values import Credential, CredentialState, Signer
from provenance.errors import CredentialError, RegistryError, TrustError
from provenance.fingerprints.extract import fingerprint
from provenance.fingerprints.values import Fingerprints
from provenance.media.kinds import sniff
from provenance.media.values import Extraction
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from provenance.workspace import work_folder
from registry import dialects, indexing, packing
from registry.agreement import require_agreement, require_same_iscc, signed_fingerprints
from registry.asset_blobs import AssetBlob, note_blob, store_manifest, store_reference
from registry.assets import add_event, events_of, local_user
from registry.claims import claims_of
from registry.conflicts import note_conflicts
from registry.duplicates import same_picture
from registry.log.local import LocalLog
from registry.log.receipts import Receipt
from registry.log.sequencing import enter_waiting, recording
from registry.models import AssetRow, ManifestRow
from registry.references import given_reference, has_hash, kept_reference
from registry.revocations import require_not_revoked
from registry.store import Registry, stamp
from registry.visibility import REGISTERED

_MAX_TITLE = 500

_WHAT_TO_DO = {
    CredentialState.NONE: "sign it first: `provenance sign`",
    CredentialState.UNTRUSTED: "add the signer's anchors (`provenance trust add`), or correct the trust policy",
    CredentialState.CONTENT_CHANGED: "register the file as it was signed; this one was changed afterwards",
    CredentialState.UNSUPPORTED: "sign it first; a manifest that is only linked to is never fetched",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """``created`` is False where the asset had been registered before. ``receipt``: that it is in the log.

    ``same_picture_as``: assets of other owners that show the same and were there when it was registered.
    """

    asset_id: str
    created: bool
    receipt: Receipt | None = field(default=None, compare=False)
    same_picture_as: tuple[str, ...] = field(default=(), compare=False)


def register(
    store: Registry,
    path: Path,
    *,
    settings: Settings,
    anchors: Sequence[AnchorList],
    policy: Policy,
    manifest: bytes | None = None,
    reference: Path | None = None,
    embargoed: bool = False,
    embargoed_until: datetime | None = None,
    owner: str | None = None,
    actor: str | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Registered:
    """Put a signed asset into the registry.

    Args:
        manifest: of an asset whose file stays with its publisher; ``path`` is then its reference copy, and whether the
            file has the signed content is not known (``content_checked`` in the history).
        reference: its reference copy; without it, the one the signer kept, else one made from the file, if that has
            the signed hash. An asset whose copy cannot be had is registered without.
        embargoed: nobody but the owner finds it until it is released, or ``embargoed_until`` has come.
        owner: whose it must be, as ``owner_of`` says, where only that one's assets may be registered.
        actor: who registers, for the history; the local account if None.

    Raises:
        TrustError: there is no credential, it does not hold, the policy does not accept the signer, or his certificate
            was revoked and no trusted time stamp is older than that. What is registered already is not refused.
        CredentialError: it carries no usable fingerprint assertion.
        MediaError: the file cannot be decoded.
        RegistryError: the fingerprints or the reference copy are not the signed ones, it is another's than ``owner``,
            or something cannot be stored.
        KeyFileError: the key of the registry's log is not there.
    """
    if manifest is None:
        credential = read_credential(path, anchors=anchors, policy=policy)
    else:
        credential, reference = _without_file(manifest, anchors, policy), path
    signer, label, binding, held = _require_authentic(credential, path)
    if owner is not None and owner_of(signer) != owner:
        raise RegistryError(
            "registry.other_owner",
            "this was signed for another organisation than yours",
            expected=owner,
            found=owner_of(signer),
            hint="sign it with your organisation's certificate, or let the other organisation register it",
        )
    asset_id = asset_id_of(label, binding)
    signed, reference_sha256 = signed_fingerprints(credential, path)
    require_same_iscc(credential, signed, path)
    copy = given_reference(reference, reference_sha256) if reference else None
    copy = copy or kept_reference(settings.references, reference_sha256)
    who = actor or local_user()

    with store.reading() as session:
        known = session.get(AssetRow, asset_id) is not None
        if not known:
            require_not_revoked(session, signer.fingerprint, credential.timestamp)
    if known:
        _complete(store, asset_id, copy, held, who)
        enter_waiting(store)
        return _registered(store, asset_id, created=False)

    with work_folder(settings.home / "work") as work:
        found, extraction = fingerprint(
            path,
            work,
            limits=settings.limits,
            reference=reference_sha256 is not None and copy is None,
            for_search=True,
            require_sandbox=settings.require_sandbox,
            on_progress=on_progress,
        )
        require_agreement(signed, found, path, reduced=manifest is not None)
        if copy is None and has_hash(extraction.reference, reference_sha256):
            copy = extraction.reference
        manifest_blob = store_manifest(store.blobs, held)
        reference_blob = store_reference(store.blobs, copy) if copy else None

    prints = replace(
        signed, features=found.features, frame_features=found.frame_features, brief_sound=found.brief_sound
    )
    now = store.now()
    row = AssetRow(
        asset_id=asset_id,
        title=(credential.title or path.name)[:_MAX_TITLE],
        signer=signer.name,
        signer_fingerprint=signer.fingerprint,
        owner=owner_of(signer),
        trust_list=credential.trust_list,
        signed_at=credential.timestamp or credential.claimed_time,
        registered_at=now,
        manifest_label=label,
        hard_binding=binding,
        signed_reference_sha256=reference_sha256,
        reference_sha256=reference_blob.sha256 if reference_blob else None,
        status=REGISTERED,
        embargoed=embargoed or embargoed_until is not None,
        embargoed_until=stamp(embargoed_until) if embargoed_until else None,
        claims=claims_of(credential),
        **_media_facts(extraction),
    )
    with recording(store) as session:
        dialects.hold_asset(session, asset_id)
        created = session.get(AssetRow, asset_id) is None
        if created:
            # It may have been revoked while the file was decoded.
            require_not_revoked(session, signer.fingerprint, credential.timestamp)
            _write(session, row, prints, manifest_blob, reference_blob, now, who, checked=manifest is None)
    return _registered(store, asset_id, created=created)


def owner_of(signer: Signer) -> str:
    """Whose asset it is: the organisation in the certificate, so that it outlives the certificate; else that one."""
    return f"organisation:{signer.organisation}" if signer.organisation else f"certificate:{signer.fingerprint}"


def _registered(store: Registry, asset_id: str, *, created: bool) -> Registered:
    with store.reading() as session:
        noted = events_of(session, asset_id)[0].detail.get("same_picture_as")
    others = tuple(map(str, noted)) if isinstance(noted, list) else ()
    return Registered(asset_id, created, LocalLog(store).receipt(asset_id), others)


def _without_file(manifest: bytes, anchors: Sequence[AnchorList], policy: Policy) -> Credential:
    """A manifest's credential with the state that it has if the file is the signed one."""
    credential = read_manifest(manifest, anchors=anchors, policy=policy)
    if credential.state is not CredentialState.CONTENT_CHANGED:
        return credential
    accepted = policy.assess(credential).accepted
    return replace(credential, state=CredentialState.AUTHENTIC if accepted else CredentialState.UNTRUSTED)


def _require_authentic(credential: Credential, path: Path) -> tuple[Signer, str, str, bytes]:
    if credential.state is not CredentialState.AUTHENTIC:
        # What is no media at all is told so, rather than to get itself signed.
        sniff(path)
        raise TrustError(
            "registry.not_authentic",
            f"{path.name} cannot be registered: its credential is not one to rely on",
            expected="an intact credential of a signer whom the trust policy accepts",
            found=", ".join((credential.state.value, *credential.codes[:5])),
            hint=_WHAT_TO_DO.get(credential.state, "sign it again from the untouched source"),
        )
    signer, label, binding = credential.signer, credential.manifest_label, credential.hard_binding
    if signer is None or label is None or binding is None or credential.manifest is None:
        raise CredentialError(
            "registry.incomplete_credential",
            f"the credential of {path.name} does not bind its content",
            expected="signer, manifest label and content hash",
            hint="sign the file again with `provenance sign`",
        )
    return signer, label, binding, credential.manifest


def _media_facts(extraction: Extraction) -> dict[str, object]:
    info = extraction.info
    return {
        "media_type": info.kind.media_type,
        "duration": None if info.still else str(extraction.duration),
        "width": info.width,
        "height": info.height,
        "fps": None if info.fps is None or info.still else float(info.fps),
        "has_audio": info.has_audio,
    }


def _write(
    session: Session,
    row: AssetRow,
    prints: Fingerprints,
    manifest: AssetBlob,
    reference: AssetBlob | None,
    now: str,
    actor: str,
    *,
    checked: bool,
) -> None:
    also = same_picture(session, prints, owner=row.owner, now=now)
    for blob in (manifest, reference):
        note_blob(session, blob)
    session.flush()
    session.add(row)
    session.flush()
    session.add(ManifestRow(asset_id=row.asset_id, blob_sha256=manifest.sha256))
    session.add_all(packing.to_rows(row.asset_id, prints))
    detail: dict[str, object] = {"embargoed": row.embargoed, "reference": reference is not None}
    if not checked:
        detail["content_checked"] = False
    if also:
        detail["same_picture_as"] = also
    add_event(session, row.asset_id, "registered", now, actor, detail)
    note_conflicts(session, row.asset_id, also, now, actor)
    session.flush()
    indexing.add(session, row.asset_id, prints)


def _complete(store: Registry, asset_id: str, copy: Path | None, manifest: bytes, actor: str) -> None:
    """Bring what a registered asset lacks: a lost manifest blob, a reference copy that was not at hand before."""
    store.blobs.put_bytes(manifest)
    if copy is None:
        return
    blob = store_reference(store.blobs, copy)
    with recording(store) as session:
        dialects.hold_asset(session, asset_id)
        row = session.get_one(AssetRow, asset_id)
        if row.reference_sha256 is None:
            note_blob(session, blob)
            session.flush()
            row.reference_sha256 = blob.sha256
            add_event(session, asset_id, "reference_added", store.now(), actor, {"sha256": blob.sha256})
