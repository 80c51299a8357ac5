"""Signing one file: everything is checked first, written beside the target, read back, and only then given its name."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provenance.assets import Capture, ReferenceCopy, SignedAsset, Stamp
from provenance.credentials.reader import SIDECAR_SUFFIX, read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import CredentialError, MediaError, OutputError
from provenance.files import (
    Staged,
    finish_pair,
    new_token,
    refuse_existing,
    replace_atomically,
    sha256_file,
    stage,
    sweep,
)
from provenance.fingerprints.codec import ASSERTION_LABEL, agree, from_assertion
from provenance.fingerprints.extract import fingerprint
from provenance.fingerprints.values import Fingerprints
from provenance.media.kinds import sniff
from provenance.media.probe import probe
from provenance.media.values import Extraction, MediaKind
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import SignedUnder
from provenance.workspace import work_folder
from signer.authorities import Authorities
from signer.certificates import require_chain
from signer.label import check_label, labelled
from signer.length import require_fitting_length
from signer.manifest import check_capture, definition
from signer.redactions import addresses, remaining
from signer.signing import Signing
from signer.sources import Source, failing, sources_of, without_history
from signer.stamping import stamped
from signer.writer import UnreadableSourceError, write_signed

Progress = Callable[[float], None]

# Fingerprinting decodes the whole file; writing and reading back only copy and hash it.
_FINGERPRINT_SHARE = 0.85

_SOUND_STATES = {CredentialState.AUTHENTIC, CredentialState.UNTRUSTED}


@dataclass(frozen=True, slots=True)
class _Job:
    capture: Capture
    content: Path
    kind: MediaKind
    key: Signing
    anchors: Sequence[AnchorList]
    sources: tuple[Source, ...]
    redactions: Mapping[str, str]
    authorities: Authorities | None
    now: datetime


def sidecar_path(target: Path) -> Path:
    """Where the credential of a target that cannot embed one goes: ``clip.webm.c2pa``."""
    return target.with_name(target.name + SIDECAR_SUFFIX)


def sign_file(
    capture: Capture,
    target: Path,
    *,
    key: Signing,
    settings: Settings,
    anchors: Sequence[AnchorList],
    replace: bool = False,
    withhold_reference: bool = False,
    authorities: Authorities | None = None,
    on_progress: Progress | None = None,
    now: datetime | None = None,
) -> SignedAsset:
    """Sign ``capture.path`` into ``target``; the source is only ever read.

    1. What was asked for is usable, the target is free and is not the source, the key may sign now.
    2. The source is media, and not too long; a credential it has already becomes the parent, sound or not, unless it
       is named which file it was made from.
    3. Where a label is wanted, it is burnt into a copy, which is what is signed. One decode gives fingerprints and
       reference copy.
    4. The signed file is written beside the target, read back, and must be sound and say what was meant.
    5. The reference copy is kept, then the file takes the target's name.

    Until step 5 nothing can be seen of it; whatever fails or is killed before leaves everything as it was.

    Raises:
        ProvenanceError: of the kind of what was not as expected.
    """
    moment = now or datetime.now(UTC)
    check_capture(capture)
    if capture.label is not None:
        check_label(capture.label)
    kind = sniff(capture.path)
    _check_target(capture, target, kind, replace=replace)
    require_chain(key.chain, moment)
    before = _identity(capture.path)
    # The decode below asks the same of the unchanged file, and is answered from memory.
    require_fitting_length(probe(capture.path, limits=settings.limits, require_sandbox=settings.require_sandbox))
    sources = sources_of(capture, anchors)
    redacted = addresses(capture.redactions, sources)
    with work_folder(settings.home / "work") as work:
        content, capture = labelled(capture, work, settings)
        job = _Job(capture, content, kind, key, anchors, sources, redacted, authorities, moment)
        prints, extraction = fingerprint(
            content,
            work,
            limits=settings.limits,
            reference=not withhold_reference,
            require_sandbox=settings.require_sandbox,
            on_progress=(lambda share: on_progress(share * _FINGERPRINT_SHARE)) if on_progress else None,
        )
        reference = None if withhold_reference else extraction.reference
        digest = sha256_file(reference) if reference else None
        with ExitStack() as stack:
            token = new_token()
            staged = stack.enter_context(stage(target, replace=replace, token=token))
            sidecar = None
            if not kind.embeddable:
                sidecar = stack.enter_context(stage(sidecar_path(target), replace=replace, token=token))
            stamp = _write(job, staged, sidecar, prints, extraction, digest)
            if _identity(capture.path) != before:
                raise MediaError(
                    "media.changed", f"{capture.path.name} changed while it was being signed", hint="sign it again"
                )
            credential = read_back(staged, sidecar, prints, digest, anchors)
            kept = _keep_reference(settings.references, reference, digest)
            if on_progress:
                # The last call from which whoever asked may raise to stop: from here on the file is signed.
                on_progress(1.0)
            if sidecar is None:
                staged.publish()
            else:
                staged.publish_with(sidecar)
    return SignedAsset(
        path=target,
        sidecar=sidecar.target if sidecar else None,
        manifest_label=credential.manifest_label or "",
        hard_binding=credential.hard_binding or "",
        fingerprints=prints,
        reference=kept,
        notes=(
            *_misnamed(target, kind),
            *extraction.notes,
            *failing(job.sources),
            *remaining(redacted, credential),
            *_unstamped(stamp),
        ),
        stamp=stamp,
    )


def _misnamed(target: Path, kind: MediaKind) -> tuple[str, ...]:
    # Content decides here; other readers go by the name, and will not find the credential.
    if not target.suffix or target.suffix.lower() in kind.suffixes:
        return ()
    names = " or ".join(kind.suffixes)
    return (f"{target.name} is {kind.media_type}, whatever its name says: name it {names} before publishing it",)


def _unstamped(stamp: Stamp | None) -> tuple[str, ...]:
    if stamp is None or not stamp.failures:
        return ()
    done = f"the time stamp is by {stamp.authority}" if stamp.authority else "it was signed without a time stamp"
    return (f"{done}, since others gave none: {'; '.join(stamp.failures)}",)


def read_back(
    staged: Staged,
    sidecar: Staged | None,
    prints: Fingerprints,
    reference_sha256: str | None,
    anchors: Sequence[AnchorList],
) -> Credential:
    """Read what was written as anybody would, and require that it is sound and holds the fingerprints meant.

    Raises:
        CredentialError: ``sign.read_back``.
    """
    credential = read_credential(
        staged.path, anchors=anchors, policy=SignedUnder(anchors), sidecar=sidecar.path if sidecar else None
    )
    if credential.state not in _SOUND_STATES or not credential.manifest_label or not credential.hard_binding:
        raise _not_as_meant("a sound credential", f"{credential.state.value}: {', '.join(credential.codes[:5])}")
    signed, signed_reference = from_assertion(credential.assertions.get(ASSERTION_LABEL) or {})
    difference = agree(signed, prints)
    if difference is not None or signed_reference != reference_sha256:
        raise _not_as_meant("the fingerprints of the source", difference or "another reference copy")
    return credential


def _write(
    job: _Job, staged: Staged, sidecar: Staged | None, prints: Fingerprints, extraction: Extraction, digest: str | None
) -> Stamp | None:
    still = extraction.info.still
    duration = None if still else extraction.duration

    def attempt(job: _Job, tsa_url: str | None) -> bytes:
        described: dict[str, Any] = definition(
            job.capture,
            prints,
            media_type=job.kind.media_type,
            duration=duration,
            reference_sha256=digest,
            sources=job.sources,
            redactions=job.redactions,
            now=job.now,
        )
        return write_signed(
            job.content,
            staged.path,
            described,
            kind=job.kind,
            key=job.key,
            anchors=job.anchors,
            sources=job.sources,
            tsa_url=tsa_url,
            becoming=staged.target,
        )

    def write(tsa_url: str | None) -> bytes:
        nonlocal job
        while True:
            try:
                return attempt(job, tsa_url)
            except UnreadableSourceError as error:
                # Our reader can follow it, the library's writer does not take it: still never "created". Each turn
                # leaves one manifest less to take in.
                job = dataclasses.replace(job, sources=without_history(job.sources, error.source_id))

    manifest, stamp = stamped(write, job.authorities)
    if sidecar is not None:
        sidecar.path.write_bytes(manifest)
    return stamp


def _check_target(capture: Capture, target: Path, kind: MediaKind, *, replace: bool) -> None:
    names = [target] if kind.embeddable else [target, sidecar_path(target)]
    inputs = [path for path in (capture.path, capture.parent, *capture.components) if path and path.exists()]
    for name in names:
        if name.exists() and any(map(name.samefile, inputs)):
            raise OutputError(
                "output.is_source",
                f"{target} is an input itself, by this or another name",
                expected="another file: inputs are never modified",
                hint="name another output with -o",
            )
    if not kind.embeddable and target.parent.is_dir():
        # An earlier run may have been killed between publishing a sidecar and its file.
        finish_pair(target, sidecar_path(target))
        sweep(sidecar_path(target))
    for name in names:
        refuse_existing(name, replace=replace)


def _identity(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise MediaError("media.missing", f"{path.name} is gone", found=error.strerror or "") from error
    return status.st_ino, status.st_size, status.st_mtime_ns


def _keep_reference(folder: Path, copy: Path | None, digest: str | None) -> ReferenceCopy | None:
    if copy is None or digest is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{digest}{copy.suffix}"
    if not kept.exists() or sha256_file(kept) != digest:
        with replace_atomically(kept, replace=True) as path:
            shutil.copyfile(copy, path)
    return ReferenceCopy(kept, digest, sniff(kept).media_type)


def _not_as_meant(expected: str, found: str) -> CredentialError:
    return CredentialError(
        "sign.read_back",
        "the signed file did not read back as it was meant, so it was thrown away",
        expected=expected,
        found=found,
        hint="check that the input plays; if it does, report this",
    )
