"""Run every comparer that applies to one alignment, and say what none of them could look at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from provenance.report import Finding, Kind
from provenance.settings import Settings
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.faces import label_faces
from verifier.comparers.framing import compare_framing
from verifier.comparers.freeze import compare_freeze
from verifier.comparers.hearing import Hearing, compare_hearing, listen
from verifier.comparers.order import compare_order
from verifier.comparers.picture import Excess, measure
from verifier.comparers.regions import compare_regions
from verifier.face_detector import detector
from verifier.timing import Piece

LIMITS = (
    "changed parts smaller than about 2 % of the frame, or shorter than half a second, or a second where they are pale",
    "whether lips and sound still fit each other to better than a tenth of a second",
)
"""What this version's comparers cannot see, said in every report that compares a moving picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the comparers found, and the measurements that evidence is drawn from.

    ``complete``: picture and sound, as far as both sides have them, could be compared.
    """

    alignment: Alignment
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    excesses: tuple[tuple[Piece, Excess], ...]
    hearings: tuple[tuple[Piece, Hearing], ...]
    complete: bool


def compare(clip: Clip, alignment: Alignment, settings: Settings, *, primary: bool = True) -> Comparison:
    """Compare clip and original along an alignment; what no piece explains is said for the ``primary`` one only.

    Raises:
        MediaError: the reference copy cannot be decoded.
    """
    original = alignment.candidate.original
    still = clip.extraction.info.still or original.duration is None
    findings: list[Finding] = []
    not_checked: list[str] = []
    if not still:
        length = None if original.duration is None else float(original.duration)
        findings += compare_order(alignment.pieces, clip.duration, length, original.asset_id, primary=primary)
    excesses = _look(clip, alignment, settings)
    for piece, excess in excesses:
        size = alignment.geometry.clip_size if alignment.geometry else (1, 1)
        held = compare_freeze(piece, excess, original.asset_id)
        changed = compare_regions(piece, excess, size, original.asset_id)
        # While frames are held, whatever moves in the original differs: that is said once.
        changed = [finding for finding in changed if not _within(finding, held)]
        if any(finding.kind is Kind.REGION for finding in changed) and (faces := detector()) is not None:
            changed = label_faces(changed, alignment, piece, faces, settings)
        findings += held + changed
    findings += compare_framing(clip, alignment, max((excess.toned for _, excess in excesses), default=0.0))
    hearings = _hear(clip, alignment, settings)
    for piece, hearing in hearings:
        findings += compare_hearing(piece, hearing, original.asset_id)
    if alignment.reference is None:
        not_checked.append("picture and sound in detail: the publisher keeps no reference copy of this original")
    if clip.facts.width and excesses:
        not_checked += LIMITS if not still else ()
    if clip.facts.width and not excesses and alignment.reference is not None:
        not_checked.append("the picture: it was not recognised")
    if original.has_audio and not clip.facts.audio:
        not_checked.append("the sound: the clip has none")
    if any(finding.kind is Kind.OVERLAY for finding in findings):
        not_checked.append("what lies under the overlay")
    if any(finding.kind is Kind.REGION for finding in findings) and detector() is None:
        not_checked.append("whether what was changed is a face: no detector is installed")
    if any(not piece.moving for piece in alignment.pieces) and not still:
        not_checked.append("the exact moment: too little moves to tell it from others of the same scene")
    looked = bool(excesses) or not clip.extraction.info.has_video
    return Comparison(alignment, tuple(findings), tuple(not_checked), excesses, hearings, looked)


def _within(finding: Finding, others: list[Finding]) -> bool:
    """Whether most of a finding's time lies within one of the others'."""
    if finding.clip is None:
        return False
    return any(o.clip and finding.clip.overlap(o.clip) > finding.clip.length / 2 for o in others)


def _look(clip: Clip, alignment: Alignment, settings: Settings) -> tuple[tuple[Piece, Excess], ...]:
    measured = ((piece, measure(clip, alignment, piece, settings)) for piece in alignment.pieces)
    return tuple((piece, excess) for piece, excess in measured if excess is not None)


def _hear(clip: Clip, alignment: Alignment, settings: Settings) -> tuple[tuple[Piece, Hearing], ...]:
    pcm, reference = clip.extraction.pcm, alignment.reference
    if pcm is None or reference is None or not alignment.candidate.original.has_audio:
        return ()
    hearings = []
    for options in _along_sound(alignment.pieces):
        heard = [(piece, listen(pcm, reference, piece, settings)) for piece in options]
        some = [(piece, hearing) for piece, hearing in heard if hearing is not None]
        if some:
            hearings.append(max(some, key=lambda one: float(np.nan_to_num(one[1].same).mean())))
    return tuple(hearings)


def _along_sound(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """Stretches to compare the sound over, each along one line or another.

    It may go on as in the longest piece where frames are held, and where pictures are slowed or hurried. Where they run
    backwards nothing is looked for.
    """
    longest = max(pieces, key=lambda piece: piece.length)
    stretches: list[tuple[Piece, ...]] = []
    for number, piece in enumerate(pieces):
        before = stretches[-1][0] if stretches else None
        held = number and pieces[number - 1].speed == 0
        if before and held and (before.speed, before.offset) == (piece.speed, piece.offset):
            stretches[-1] = (replace(before, end=piece.end),)
        elif piece.speed > 0:
            as_ever = replace(piece, speed=longest.speed, offset=longest.offset)
            stretches.append((piece,) if piece.speed == longest.speed else (piece, as_ever))
    return stretches
