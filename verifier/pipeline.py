"""The verifier's way, in the order of the design: credential, identify, align, compare, judge, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from provenance.assets import Original
from provenance.catalog import Catalog
from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import MediaError
from provenance.report import (
    Budget,
    ClipFacts,
    Finding,
    Kind,
    Match,
    Report,
    Segment,
    Severity,
)
from provenance.settings import Settings
from provenance.times import Interval
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from provenance.workspace import work_folder
from verifier.align import Alignment
from verifier.archive import Archive
from verifier.clip import Clip, UnreadError, read_clip
from verifier.compare import Comparison, compare
from verifier.comparers.order import name_sources
from verifier.comparers.still import Showing
from verifier.copies import Copies, Originals
from verifier.declared import Declaration, covered, declaration_of
from verifier.entries import credential_facts, match_laid, match_with, never_checked
from verifier.evidence import draw_evidence
from verifier.film_frames import animated_frames
from verifier.held import let_go_after
from verifier.identify import Candidate, identify
from verifier.judge import DEFAULT_SEVERITIES, Facts, decide, describe, judge
from verifier.laying import coverage, doubt, elsewhere, lay
from verifier.mismatch import mismatch
from verifier.photographs import candidate_of, is_photograph, lay_picture, match_of, show
from verifier.still_evidence import draw_still_evidence
from verifier.summary import summary
from verifier.versions import versions
from verifier.watch import OnProgress, TimeSpentError, Watch

MOSTLY_EXPLAINED = 0.9
"""Share of a film from which, when footage explains it, no photographs are looked for: they may be its own frames."""
_READ, _SEARCHED, _LAID, _LOOKED, _COMPARED = 0.3, 0.4, 0.55, 0.6, 0.95
"""Shares of the progress at which each step ends; the rest is drawing."""


def verify(
    path: Path,
    *,
    catalog: Catalog | None,
    settings: Settings,
    anchors: Sequence[AnchorList],
    policy: Policy,
    severities: Mapping[Kind, Severity] = DEFAULT_SEVERITIES,
    on_progress: OnProgress | None = None,
    on_copy: Callable[[Path], None] | None = None,
    evidence: bool = True,
    budget: float | None = None,
    originals: Sequence[Path] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Say what a clip is and what was done to it.

    1. Read the clip's own credential.
    2. Decode the clip once, and look for originals, whatever the credential says.
    3. Lay the clip on each original that explains more of it; first on the one that a trusted credential names as its
       parent.
    4. Compare picture, sound and time.
    5. Judge the findings by the policy and by what the credential declares, and decide.

    Args:
        catalog: the registry to ask; None to look at the credential alone.
        severities: which kinds of finding alter.
        on_progress: may raise to cancel, see ``OnProgress``.
        on_copy: takes a small copy of the clip that plays everywhere (MP4, JPEG, M4A), which is gone afterwards.
        evidence: draw pictures for the findings.
        budget: seconds after which nothing more is begun; the report says what was left undone.
        originals: folders in which the signed files themselves are looked for; without them, and for what is not found
            there, clips are compared with reference copies.
        clock: seconds from any moment on, for the budget.

    Raises:
        MediaError: the clip is not media, or over a limit.
        RegistryError: the registry cannot be asked, or its reference copy is not the signed one.
    """
    watch = Watch(on_progress, budget, clock, clock())
    watch.part(0.0, 0.0, "reading the credential").tell(0.0)
    credential = read_credential(path, anchors=anchors, policy=policy)
    declaration = declaration_of(credential)
    own = _registered(credential, catalog)
    clip: Clip | None = None
    with work_folder(settings.home / "work") as work, let_go_after():
        try:
            reading = watch.part(0.0, _READ, "reading the clip")
            clip = read_clip(path, work, settings, reading, copy=on_copy is not None)
            facts = clip.facts
            if on_copy is not None and clip.extraction.reference is not None:
                on_copy(clip.extraction.reference)
        except UnreadError as error:
            facts = error.facts
        if own is not None:
            outcome = _signed_bytes(own, facts, credential)
        elif clip is not None:
            among = Originals(Archive(originals, settings.claims), anchors, policy) if originals else None
            copies = Copies(catalog, work, settings, among)
            outcome = _examine(clip, credential, declaration, catalog, copies, settings, watch)
        else:
            outcome = _unfinished(credential, watch, "all of the clip", "the clip was read")
        judged = judge(outcome.findings, severities, covered(declaration, outcome.findings, facts))
        drawing = watch.part(_COMPARED, 1.0, "drawing evidence")
        pictures = draw_evidence(clip, outcome.compared, judged, settings, drawing) if evidence and clip else ()
        pictures += draw_still_evidence(outcome.showings, judged) if evidence else ()
    watch.part(1.0, 1.0, "done").tell(1.0)
    verdict = decide(outcome.facts, judged)
    complete = outcome.facts.unfinished is None
    return Report(
        verdict=verdict,
        summary=summary(verdict, judged, outcome.matches, outcome.facts),
        clip=facts,
        credential=credential_facts(credential, declaration if outcome.facts.derived else None),
        matches=outcome.matches,
        findings=judged,
        not_checked=(*outcome.not_checked, *never_checked(credential, clip, catalog)),
        versions=versions(),
        policy=describe(policy, severities),
        checked_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        evidence=pictures,
        budget=None if budget is None else Budget(budget, watch.spent, complete),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """All that was learnt of the clip, before anybody judges it."""

    facts: Facts
    findings: tuple[Finding, ...] = ()
    matches: tuple[Match, ...] = ()
    compared: tuple[Comparison, ...] = ()
    not_checked: tuple[str, ...] = ()
    showings: tuple[Showing, ...] = ()


def _registered(credential: Credential, catalog: Catalog | None) -> Original | None:
    """The original registered under the clip's own manifest, if the clip's bytes are those that it signs."""
    intact = credential.state in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)
    if catalog is None or not intact or credential.manifest_label is None or credential.hard_binding is None:
        return None
    return catalog.by_manifest(credential.manifest_label, credential.hard_binding)


def _signed_bytes(own: Original, clip: ClipFacts, credential: Credential) -> _Outcome:
    """The clip is the registered file itself: there is nothing to compare."""
    stretch = Interval.of(0.0, clip.duration or 0.0)
    match = match_with(own, 1.0, (Segment(stretch, stretch),), 100)
    withdrawn = own.status == "withdrawn"
    facts = Facts(credential.state, found=True, same_manifest=True, coverage=1.0, compared=True, withdrawn=withdrawn)
    return _Outcome(facts, (), (match,))


def _unfinished(credential: Credential, watch: Watch, left: str, before: str) -> _Outcome:
    """Time ran out before any original could be named: ``left`` was not checked."""
    reason = f"{watch.reason} before {before}"
    facts = Facts(credential.state, found=False, same_manifest=False, coverage=0.0, compared=False, unfinished=reason)
    return _Outcome(facts, not_checked=(f"{left}: {reason}",))


def _examine(
    clip: Clip,
    credential: Credential,
    declaration: Declaration | None,
    catalog: Catalog | None,
    copies: Copies,
    settings: Settings,
    watch: Watch,
) -> _Outcome:
    """Find the originals that explain the clip, lay it on them, and compare."""
    candidates: list[Candidate] = []
    if catalog is not None:
        try:
            searching = watch.part(_READ, _SEARCHED, "looking for originals")
            candidates = identify(clip, catalog, watch=searching)
            if declaration is not None:
                candidates.sort(key=lambda c: c.original.asset_id != declaration.asset_id)
        except TimeSpentError:
            return _unfinished(credential, watch, "whether it comes from a registered original", "all were looked up")
    film = not clip.extraction.info.still
    photographs = [c for c in candidates if is_photograph(c.original)]
    others = [c for c in candidates if not film or c not in photographs]
    alignments, unlaid = lay(clip, others, catalog, copies, settings, watch.part(_SEARCHED, _LAID))
    showings: tuple[Showing, ...] = ()
    looking = watch.part(_LAID, _LOOKED, "looking for photographs")
    try:
        if catalog is not None and not film and not alignments:
            alignments = lay_picture(clip, [c.original for c in photographs], catalog, copies, settings, looking)
        elif catalog is not None and film:
            explained = coverage(clip, alignments) > MOSTLY_EXPLAINED
            known = [c.original for c in photographs if not explained or elsewhere(c, alignments)]
            if known or not explained:
                showings = show(clip, known, catalog, copies, settings, looking)
            if not explained and not showings:
                laid_on = {alignment.candidate.original.asset_id for alignment in alignments}
                films = [c for c in others if c.original.asset_id not in laid_on]
                showings = animated_frames(clip, films, copies, settings, looking)
    except TimeSpentError:
        unlaid.append("whether it shows a registered photograph")
    laid = [a.candidate for a in alignments] + [candidate_of(showing.track) for showing in showings]
    candidates = sorted([*others, *laid], key=lambda c: c.strength, reverse=True)
    comparing = watch.part(_LOOKED, _COMPARED, "comparing")
    count = len(alignments)
    # Where not all originals were laid, what the first one leaves unexplained may be one of theirs.
    compared = tuple(
        _compare(
            clip, alignment, copies, settings, comparing.part(n / count, (n + 1) / count), primary=n == 0 and not unlaid
        )
        for n, alignment in enumerate(alignments)
    )
    alignments = [each.alignment for each in compared]
    beside = [(alignment.candidate.original.title, alignment.pieces) for alignment in alignments[1:]]
    findings = name_sources([finding for each in compared for finding in each.findings], beside)
    findings += [finding for showing in showings for finding in showing.findings]
    not_checked = [each.not_checked for each in compared] + [showing.not_checked for showing in showings]
    not_checked.append(tuple(copies.notes(candidate.original for candidate in laid)))
    if unlaid:
        not_checked.append(tuple(f"{line}: {watch.reason}" for line in unlaid))
    elif candidates:
        findings += mismatch(credential, candidates)
    matches = (*(match_laid(alignment, clip) for alignment in alignments), *(match_of(each, clip) for each in showings))
    facts = Facts(
        credential.state,
        found=bool(matches),
        same_manifest=False,
        coverage=coverage(clip, alignments, showings),
        compared=all(comparison.complete for comparison in compared),
        doubt=doubt(clip, alignments) or next((s.doubt for s in showings if s.doubt), None) or copies.doubt(),
        derived=declaration is not None and any(declaration.names(match.asset_id) for match in matches),
        unfinished=_left_undone(watch, unlaid, compared),
    )
    return _Outcome(
        facts,
        tuple(findings),
        matches,
        compared,
        tuple(dict.fromkeys(line for lines in not_checked for line in lines)),
        showings,
    )


def _compare(
    clip: Clip, alignment: Alignment, copies: Copies, settings: Settings, watch: Watch, *, primary: bool
) -> Comparison:
    """Compare with the full original where it is at hand, which was laid on by its reference copy: that is quicker."""
    original = alignment.candidate.original
    full = copies.full(original, watch.part(0.0, 0.0, f"looking for the full original of “{original.title}”"))
    if full is not None:
        try:
            return compare(clip, replace(alignment, reference=full, full=True), settings, watch, primary=primary)
        except MediaError:
            copies.forsake(original)
    return compare(clip, replace(alignment, reference=copies.reference(original)), settings, watch, primary=primary)


def _left_undone(watch: Watch, unlaid: Sequence[str], compared: Sequence[Comparison]) -> str | None:
    """What the time budget did not suffice for, in words, or None."""
    if unlaid:
        return f"{watch.reason} before it was laid on all that it may come from"
    return None if all(comparison.in_time for comparison in compared) else f"{watch.reason} before all was compared"
