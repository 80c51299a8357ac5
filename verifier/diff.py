"""Two files compared as a clip is with its original: the first is taken as the original, signed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from provenance.assets import Original, asset_id_of
from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.files import sha256_file
from provenance.fingerprints.extract import fingerprint
from provenance.fingerprints.values import Fingerprints
from provenance.media.values import Extraction
from provenance.presentation.words import CREDENTIALS
from provenance.report import Report, Verdict
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from provenance.workspace import work_folder
from verifier.judge import MIN_COVERAGE
from verifier.one_original import OneOriginal
from verifier.pipeline import verify
from verifier.watch import OnProgress

NOT_SIGNED = "not signed"
_FIRST = 0.25
"""Share of the progress that reading the first file takes."""
_SOUND = (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)


def diff(
    first: Path,
    second: Path,
    *,
    settings: Settings,
    anchors: Sequence[AnchorList],
    policy: Policy,
    on_progress: OnProgress | None = None,
    evidence: bool = True,
    budget: float | None = None,
) -> Report:
    """The report on the second file with the first as the only original there is; no registry is asked.

    A credential of the second file alone decides nothing here: it is asked what that file shows of the first.

    Raises:
        MediaError: one of them is not media, or over a limit.
    """

    tell = on_progress or (lambda _share, _doing: None)
    with work_folder(settings.home / "work") as work:
        credential = read_credential(first, anchors=anchors, policy=policy)
        prints, extraction = fingerprint(
            first,
            work,
            limits=settings.limits,
            reference=True,
            for_search=True,
            require_sandbox=settings.require_sandbox,
            on_progress=lambda share: tell(share * _FIRST, f"reading {first.name}"),
        )
        report = verify(
            second,
            catalog=OneOriginal(original_of(first, credential, prints, extraction), extraction.reference),
            settings=settings,
            anchors=anchors,
            policy=policy,
            on_progress=lambda share, doing: tell(_FIRST + share * (1 - _FIRST), doing),
            evidence=evidence,
            budget=budget,
        )
    noted = (*_doubts(first, credential), *(f"of {first.name}: {note}" for note in extraction.notes))
    return replace(_held_against(report, first.name), not_checked=(*noted, *report.not_checked))


def original_of(path: Path, credential: Credential | None, prints: Fingerprints, extraction: Extraction) -> Original:
    """A file as if it were registered: by its credential, where that holds, else by its bytes."""
    info = extraction.info
    held = credential if credential is not None and credential.state in _SOUND and credential.signer else None
    signer = held.signer if held else None
    label = (held.manifest_label if held else None) or ""
    binding = (held.hard_binding if held else None) or f"sha256:{sha256_file(path)}"
    return Original(
        asset_id=asset_id_of(label, binding),
        title=path.name,
        signer=signer.name if signer else NOT_SIGNED,
        signer_fingerprint=signer.fingerprint if signer else "",
        signed_at=(held.timestamp or held.claimed_time) if held else None,
        registered_at="",
        media_type=info.kind.media_type,
        duration=None if info.still else extraction.duration,
        width=info.width,
        height=info.height,
        fps=float(info.fps) if info.fps else None,
        has_audio=info.has_audio,
        manifest_label=label,
        hard_binding=binding,
        reference_sha256=None,
        status="registered",
        claims=(),
        fingerprints=prints,
    )


def _doubts(path: Path, credential: Credential) -> tuple[str, ...]:
    if credential.state is CredentialState.AUTHENTIC:
        return ()
    return (f"whether {path.name} is genuine, which was taken as the original: {CREDENTIALS[credential.state.value]}",)


def _held_against(report: Report, name: str) -> Report:
    """What a credential of the second file says by itself is no answer here."""
    if not report.matches and report.verdict in (Verdict.AUTHENTIC, Verdict.UNKNOWN):
        return replace(report, verdict=Verdict.UNKNOWN, summary=f"Nothing of “{name}” was found in the clip.")
    alike = report.matches[0].compared_with is None if report.matches else True
    if report.verdict is not Verdict.AUTHENTIC or alike:
        return report
    if max(match.coverage for match in report.matches) < MIN_COVERAGE:
        said = f"The clip shows “{name}” in part only, so nothing more can be said."
        return replace(report, verdict=Verdict.INCONCLUSIVE, summary=said)
    said = f"The clip shows “{name}”; nothing was found changed but what is disclosed."
    return replace(report, verdict=Verdict.MATCH, summary=said)
