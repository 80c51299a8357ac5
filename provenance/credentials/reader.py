"""Reading a file's credential: the library's facts, faults it does not report, the policy's word on the signer."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from cryptography import x509

from provenance.credentials import container
from provenance.credentials.certificate import SignatureBoxError, chain_of, signer_of
from provenance.credentials.library import MAX_MANIFEST_BYTES, Outcome, StoreReading, read_alone, read_store
from provenance.credentials.shapes import text
from provenance.credentials.states import CONTENT_CODES, UNTRUSTED_CODE, Statuses, revocation_of, state_of
from provenance.credentials.store import ManifestStore
from provenance.credentials.values import SIDECAR_SUFFIX as SIDECAR_SUFFIX
from provenance.credentials.values import Credential, CredentialState, Signer
from provenance.credentials.vouching import vouchers_of
from provenance.errors import CredentialError
from provenance.media.source import open_media
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Assessment, Policy

NO_CERTIFICATE = "provenance.certificate.unreadable"
EXPIRED = "signingCredential.expired"
_PAST = CONTENT_CODES | {EXPIRED, UNTRUSTED_CODE}
_UNREADABLE = {
    Outcome.NONE: CredentialState.NONE,
    Outcome.REMOTE_ONLY: CredentialState.UNSUPPORTED,
    Outcome.UNSUPPORTED: CredentialState.UNSUPPORTED,
    Outcome.BROKEN: CredentialState.BROKEN,
}
_CODES = {Outcome.REMOTE_ONLY: ("manifest.inaccessible",), Outcome.BROKEN: ("provenance.manifest.unreadable",)}


def read_credential(
    path: Path,
    *,
    anchors: Sequence[AnchorList],
    policy: Policy,
    sidecar: Path | None = None,
    now: dt.datetime | None = None,
) -> Credential:
    """Read and validate the credential of a file, and let ``policy`` judge its signer. Nothing is ever fetched.

    An embedded manifest goes before a sidecar found beside the file (see ``find_sidecar``); a ``sidecar`` that is
    given goes before both.

    Raises:
        MediaError: the file is missing, empty, a directory or unreadable.
        CredentialError: the sidecar cannot be read.
    """
    with open_media(path) as opened, os.fdopen(os.dup(opened.fd), "rb") as stream:
        beside = sidecar
        reading = StoreReading(Outcome.NONE) if sidecar else _embedded(stream, opened.size, anchors)
        if reading.outcome in (Outcome.NONE, Outcome.UNSUPPORTED, Outcome.REMOTE_ONLY):
            beside = sidecar or find_sidecar(path)
            if beside is not None:
                stream.seek(0)
                remote_url = reading.remote_url
                reading = replace(read_store(stream, anchors, sidecar_bytes(beside)), remote_url=remote_url)
        faults = container.faults_of(stream, opened.size)
    return _judged(reading, faults, anchors, policy, sidecar=beside is not None, now=now)


def read_manifest(
    manifest: bytes, *, anchors: Sequence[AnchorList], policy: Policy, now: dt.datetime | None = None
) -> Credential:
    """Read and validate a manifest store without its asset.

    Its state is ``CONTENT_CHANGED`` where all holds that can: signature, certificate, assertions and history. Whose
    content that is, only the content can tell. Whether the policy accepts the signer, its ``assess`` says.
    """
    if len(manifest) > MAX_MANIFEST_BYTES:
        return Credential(state=CredentialState.BROKEN, problem=f"larger than {MAX_MANIFEST_BYTES} bytes")
    return _judged(read_alone(manifest, anchors), (), anchors, policy, sidecar=True, now=now)


def only_expired(credential: Credential) -> bool:
    """Whether a manifest's certificate has expired without a trusted time stamp, and no more than trust is wrong."""
    return EXPIRED in credential.codes and set(credential.codes) <= _PAST


def _judged(
    reading: StoreReading,
    faults: tuple[str, ...],
    anchors: Sequence[AnchorList],
    policy: Policy,
    *,
    sidecar: bool,
    now: dt.datetime | None,
) -> Credential:
    if reading.summary is None or reading.details is None:
        return Credential(
            state=_UNREADABLE[reading.outcome],
            codes=_CODES.get(reading.outcome, ()),
            sidecar=sidecar,
            remote_url=reading.remote_url,
            problem=reading.problem,
        )
    chain = _chain(reading)
    vouchers = vouchers_of(reading.manifest, chain, anchors) if reading.manifest else None
    store = ManifestStore(reading.summary, reading.details, vouchers)
    signer = _signer(store, chain)
    if signer is None:
        faults = (*faults, NO_CERTIFICATE)
    elif store.timestamp() is None and _expired(signer, now or dt.datetime.now(dt.UTC)):
        # The library lets a timestamp of any list, also of one that is not for timestamps, excuse this.
        faults = (*faults, EXPIRED)
    return _credential(store, reading, signer, faults, policy, sidecar=sidecar)


def _embedded(stream: BinaryIO, size: int, anchors: Sequence[AnchorList]) -> StoreReading:
    problem = container.oversized(stream, size, MAX_MANIFEST_BYTES)
    if problem is not None:
        return StoreReading(Outcome.BROKEN, problem=problem)
    stream.seek(0)
    reading = read_store(stream, anchors)
    if reading.outcome is Outcome.BROKEN and not container.has_traces(stream):
        # The file is damaged, but nothing suggests that there was ever a credential in it.
        return replace(reading, outcome=Outcome.NONE)
    return reading


def find_sidecar(path: Path) -> Path | None:
    """The sidecar beside a file: ``clip.webm.c2pa``, else ``clip.c2pa`` where no other file could own it."""
    named = path.with_name(path.name + SIDECAR_SUFFIX)
    if named.is_file():
        return named
    shared = path.with_suffix(SIDECAR_SUFFIX)
    if shared == path or not shared.is_file():
        return None
    others = [p for p in path.parent.iterdir() if p.stem == path.stem and p not in (path, shared)]
    return None if others else shared


def _credential(
    store: ManifestStore,
    reading: StoreReading,
    signer: Signer | None,
    faults: tuple[str, ...],
    policy: Policy,
    *,
    sidecar: bool,
) -> Credential:
    hard_binding, binding_faults = store.hard_binding()
    statuses = store.statuses((*faults, *binding_faults))
    # The library lets an anchor for timestamps vouch for a signer, too; that is no failure to it, but it is to us.
    distrust = (UNTRUSTED_CODE,) if store.vouched_by_other_kind else ()
    actions = store.actions()
    stated, action_notes = store.stated_actions()
    ingredients = store.ingredients()
    judged = Credential(
        state=state_of(statuses, accepted=False),
        signer=signer,
        notes=(*store.notes(), *action_notes),
        timestamp=store.timestamp(),
        claimed_time=store.claimed_time(store.label),
        revocation=revocation_of(statuses),
        trust_lists=store.vouchers.signer,
        title=text(store.active.get("title")),
        manifest_label=store.label,
        hard_binding=hard_binding,
        claim_generator=store.claim_generator(),
        assertions=store.assertions(),
        actions=actions,
        stated=stated,
        ingredients=ingredients,
        manifest=reading.manifest,
        sidecar=sidecar,
        remote_url=reading.remote_url,
    )
    assessment = policy.assess(judged)
    return replace(
        judged,
        state=state_of(statuses, accepted=assessment.accepted),
        codes=_codes(statuses, distrust, [c for i in ingredients for c in i.failures], assessment),
        trust_code=assessment.code,
        trust_reason=assessment.reason,
    )


def _chain(reading: StoreReading) -> tuple[x509.Certificate, ...]:
    label = text((reading.summary or {}).get("active_manifest"))
    try:
        return chain_of(reading.manifest, label) if reading.manifest and label else ()
    except SignatureBoxError:
        return ()


def _signer(store: ManifestStore, chain: Sequence[x509.Certificate]) -> Signer | None:
    try:
        signer = signer_of(chain[0]) if chain else None
    except SignatureBoxError:
        return None
    # The certificate shown must be the one that was verified.
    return signer if signer and store.serial() == signer.serial else None


def _expired(signer: Signer, now: dt.datetime) -> bool:
    return signer.not_after is not None and dt.datetime.fromisoformat(signer.not_after) < now


def _codes(
    statuses: Statuses, distrust: tuple[str, ...], of_ingredients: Sequence[str], assessment: Assessment
) -> tuple[str, ...]:
    found = [*statuses.failures, *distrust, *statuses.own]
    if assessment.accepted:
        # The policy knows this signer by other means than a list: then that no list does is no failure.
        found = [code for code in found if code != UNTRUSTED_CODE]
    return tuple(dict.fromkeys([*found, *statuses.broken_ingredients, *of_ingredients]))


def sidecar_bytes(path: Path) -> bytes:
    """The manifest store in a sidecar.

    Raises:
        CredentialError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise CredentialError(
            "credential.sidecar", f"the sidecar {path} cannot be read", found=error.strerror or str(error)
        ) from error
    if len(data) > MAX_MANIFEST_BYTES:
        raise CredentialError(
            "credential.sidecar", f"the sidecar {path} is too large", expected=f"at most {MAX_MANIFEST_BYTES} bytes"
        )
    return data
