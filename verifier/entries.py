"""The report's entries for matches, for the credential, and for what no version of this program checks."""

from __future__ import annotations

from provenance.assets import Original
from provenance.catalog import Catalog
from provenance.credentials.store import ACTIONS_GATHERED, ACTIONS_UNREAD
from provenance.credentials.values import Credential
from provenance.report import WHOLE_FRAME, ComparedWith, CredentialFacts, Match, Segment
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.order import clip_interval, original_interval
from verifier.copies import compared_with
from verifier.declared import Declaration
from verifier.laying import coverage

_ACTION_NOTES = {
    ACTIONS_UNREAD: "part of what the credential says was done: it is too much, or cannot be understood",
    ACTIONS_GATHERED: "what the credential says was done, where its signer only carries that along",
}


def match_laid(alignment: Alignment, clip: Clip) -> Match:
    """The match with an original that the clip was laid on."""
    segments = tuple(
        Segment(
            clip_interval(piece),
            original_interval(piece),
            piece.speed if piece.speed else 1.0,
            alignment.candidate.mirrored,
            alignment.geometry.crop if alignment.geometry else WHOLE_FRAME,
        )
        for piece in alignment.pieces
    )
    used = compared_with(alignment.reference, full=alignment.full)
    score = round(100 * min(1.0, max((piece.score for piece in alignment.pieces), default=0.0)))
    return match_with(alignment.candidate.original, coverage(clip, [alignment]), segments, score, used)


def match_with(
    original: Original,
    coverage: float,
    segments: tuple[Segment, ...],
    score: int,
    compared_with: ComparedWith | None = None,
) -> Match:
    """The match with an original. ``coverage``: share of the clip, 0-1; ``score``: 0-100, cut off below."""
    return Match(
        original.asset_id,
        original.title,
        original.signer,
        original.signed_at,
        coverage,
        max(0, score),
        segments,
        compared_with,
        original.status,
        original.revoked,
    )


def credential_facts(credential: Credential, declaration: Declaration | None) -> CredentialFacts:
    """What the report says of the clip's own credential; ``declaration``: that of an edit, where it holds."""
    return CredentialFacts(
        state=credential.state.value,
        signer=credential.signer.name if credential.signer else None,
        codes=credential.codes,
        timestamp=credential.timestamp,
        revocation=credential.revocation,
        made_from=declaration.asset_id if declaration else None,
    )


def never_checked(credential: Credential, clip: Clip | None, catalog: Catalog | None) -> tuple[str, ...]:
    """What was not checked whatever was found. ``clip``: None where it could not be read in time."""
    lines = list(clip.extraction.notes) if clip is not None else []
    if catalog is None:
        lines.append("whether it comes from a registered original: no registry was asked")
    if credential.signer is not None and credential.revocation == "unknown":
        lines.append("whether the signing certificate was revoked")
    lines += [line for note, line in _ACTION_NOTES.items() if note in credential.notes]
    if clip is not None and not clip.extraction.fenced:
        lines.append("nothing was left out, but the decoder ran without its fence on this machine")
    return tuple(lines)
