"""The clip laid on every original that explains more of it, and how much they explain together."""

from __future__ import annotations

from collections.abc import Sequence

from provenance.catalog import Catalog
from provenance.errors import MediaError
from provenance.fingerprints.rectangles import overlap
from provenance.settings import Settings
from verifier.align import Alignment, align
from verifier.clip import Clip
from verifier.comparers.order import FOREIGN_S
from verifier.comparers.still import Showing
from verifier.copies import NOTHING_TO_COMPARE_WITH, Copies
from verifier.identify import ENOUGH_SHARE, Candidate, as_close, identify_further
from verifier.judge import MIN_SECONDS
from verifier.watch import TimeSpentError, Watch

_PLAINLY, _FURTHER = 0.5, 0.6
"""Shares of the progress at which the candidates are laid, and further ones found."""
_SAME_PLACE = 0.5
"""Overlap (0-1) of two parts of the frame from which they are taken for one."""


def lay(
    clip: Clip,
    candidates: Sequence[Candidate],
    catalog: Catalog | None,
    copies: Copies,
    settings: Settings,
    watch: Watch,
) -> tuple[list[Alignment], list[str]]:
    """Alignments with the best candidate, and with each further one that explains what no earlier one does.

    Where a film's frames are close to originals that show another moment, others are looked for. Besides, what there
    was no time to find out.
    """
    kept, unlaid = _laid(clip, candidates, copies, settings, watch.part(0.0, _PLAINLY))
    hidden = any(candidate.picture_share >= ENOUGH_SHARE for candidate in candidates)
    if catalog is None or kept or unlaid or not hidden or clip.extraction.info.still:
        return kept, unlaid
    try:
        further = identify_further(
            clip.looks, catalog, watch=watch.part(_PLAINLY, _FURTHER, "looking for further originals")
        )
    except TimeSpentError:
        return [], ["whether it shows another original"]
    new = [candidate for candidate in further if not any(_alike(candidate, tried) for tried in candidates)]
    return _laid(clip, new, copies, settings, watch.part(_FURTHER, 1.0))


def _alike(a: Candidate, b: Candidate) -> bool:
    """Whether two candidates would lay the same original in about the same place."""
    same = (a.original.asset_id, a.reading.turn, a.mirrored) == (b.original.asset_id, b.reading.turn, b.mirrored)
    return same and overlap(a.reading.part, b.reading.part) >= _SAME_PLACE


def _laid(
    clip: Clip,
    candidates: Sequence[Candidate],
    copies: Copies,
    settings: Settings,
    watch: Watch,
) -> tuple[list[Alignment], list[str]]:
    kept: list[Alignment] = []
    unlaid: list[str] = []
    for number, candidate in enumerate(candidates):
        # What was cut from a longer original may be registered as well: as close, and in pieces where that is whole.
        rival = kept and as_close(candidate, kept[0].candidate) and not any(in_one(clip, other) for other in kept)
        if _covered(clip, kept) and not rival and not elsewhere(candidate, kept):
            continue
        title = candidate.original.title
        laying = watch.part(number / len(candidates), (number + 1) / len(candidates), f"laying it on “{title}”")
        try:
            laying.step(0.0)
            alignment = _align(clip, candidate, copies, settings, laying)
        except TimeSpentError:
            unlaid.append(f"whether it shows “{title}”")
            continue
        beside = [other for other in kept if not elsewhere(candidate, [other])]
        if rival and beside and in_one(clip, alignment):
            kept = [alignment, *(other for other in kept if other not in beside)]
            continue
        gained = coverage(clip, [*beside, alignment]) - coverage(clip, beside)
        if alignment.pieces and (not kept or gained * clip.duration >= FOREIGN_S):
            kept.append(alignment)
    return kept, unlaid


def _align(clip: Clip, candidate: Candidate, copies: Copies, settings: Settings, watch: Watch) -> Alignment:
    """Lay it on the reference copy; on the full original where that copy was withheld."""
    original = candidate.original
    reference = copies.reference(original)
    full = copies.full(original, watch) if reference is None else None
    if full is not None:
        try:
            return align(clip, candidate, full, settings, watch)
        except MediaError:
            copies.forsake(original)
    return align(clip, candidate, reference, settings, watch)


def in_one(clip: Clip, alignment: Alignment) -> bool:
    """Whether an original's picture explains all of a clip as it runs: nothing cut, moved or put in."""
    one = len(alignment.pieces) == 1 and alignment.pieces[0].moving and not alignment.by_sound
    return one and _covered(clip, [alignment])


def _covered(clip: Clip, alignments: Sequence[Alignment]) -> bool:
    return coverage(clip, alignments) > 1 - FOREIGN_S / max(clip.duration, FOREIGN_S)


def elsewhere(candidate: Candidate, kept: Sequence[Alignment]) -> bool:
    """Whether a candidate fills another part of the frame than the originals already laid on the clip."""
    parts = [alignment.candidate.reading.part for alignment in kept]
    return candidate.picture_share >= ENOUGH_SHARE and all(
        overlap(candidate.reading.part, p) < _SAME_PLACE for p in parts
    )


def coverage(clip: Clip, alignments: Sequence[Alignment], showings: Sequence[Showing] = ()) -> float:
    """Share of the clip that the pieces of all alignments, and the photographs shown, explain together, 0-1."""
    stretches = [(piece.start, piece.end) for alignment in alignments for piece in alignment.pieces]
    stretches += [(float(run.start), float(run.end)) for showing in showings for run in showing.runs]
    stretches.sort()
    covered, reached = 0.0, 0.0
    for start, end in stretches:
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    if clip.duration == 0:
        return 1.0 if stretches else 0.0
    return min(1.0, covered / clip.duration)


def doubt(clip: Clip, alignments: Sequence[Alignment]) -> str | None:
    """Why nothing can be said of a clip although it was laid on originals; None where something can."""
    moving = not clip.extraction.info.still
    if alignments and moving and clip.duration < MIN_SECONDS:
        return f"it is only {clip.duration:.1f} s long"
    if alignments and any(alignment.reference is None for alignment in alignments):
        return NOTHING_TO_COMPARE_WITH
    if clip.extraction.info.has_video and alignments and all(a.by_sound for a in alignments):
        return "only its sound was recognised, not its picture"
    placed = [piece for alignment in alignments if alignment.geometry for piece in alignment.pieces]
    if placed and moving and not any(piece.moving for piece in placed):
        return "too little moves in it to tell its moment from others of the same scene"
    return None
