"""Run every comparer that applies to one alignment, and say what none of them could look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from provenance.report import Finding, Kind
from provenance.settings import Settings
from verifier.align import Alignment
from verifier.clip import Clip
from verifier.comparers.drawn import tell_overlays
from verifier.comparers.faces import label_faces
from verifier.comparers.framing import compare_framing
from verifier.comparers.freeze import choppy, compare_freeze
from verifier.comparers.hearing import compare_hearing, compare_with_silence
from verifier.comparers.order import compare_order
from verifier.comparers.pairs import Stretch
from verifier.comparers.picture import Excess, measure
from verifier.comparers.regions import compare_regions
from verifier.comparers.unlike import as_one, is_unlike
from verifier.copies import NOTHING_TO_COMPARE_WITH
from verifier.face_detector import detector
from verifier.listening import Hearing, listen
from verifier.sound_runs import MIN_SOUND_S
from verifier.timing import Piece
from verifier.watch import UNWATCHED, TimeSpentError, Watch

LIMITS = (
    "changed parts smaller than about 2 % of the frame, or shorter than half a second, or a second where they are pale",
    "whether lips and sound still fit each other to better than a tenth of a second",
)
"""What this version's comparers cannot see, said in every report that compares a moving picture."""
_CHOPPY = "it shows few pictures a second, written as many, and which moment each shows cannot be told"
_UNLIKE = "all of it differs from the original by more than an encoder leaves; whether it was changed cannot be told"
_SMALL_SHARE = 0.25
"""Share of the frame under which an original is but quoted in another film."""
_HEARING_SHARE = 0.1
"""Share of the progress of a comparison that the sound takes."""
_OF_THE_PICTURE = frozenset({Kind.RESIZED, Kind.FRAME_RATE})
_SOMETHING_ELSE = frozenset({Kind.FOREIGN_FOOTAGE, Kind.AUDIO_EDITED, Kind.AUDIO_REPLACED})


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the comparers found, and the measurements that evidence is drawn from.

    ``complete``: picture and sound, as far as both sides have them, could be compared. ``in_time``: there was time for
    all of it.
    """

    alignment: Alignment
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    excesses: tuple[tuple[Piece, Excess], ...]
    hearings: tuple[tuple[Piece, Hearing], ...]
    complete: bool
    in_time: bool


def compare(
    clip: Clip, alignment: Alignment, settings: Settings, watch: Watch = UNWATCHED, *, primary: bool = True
) -> Comparison:
    """Compare clip and original along an alignment; what no piece explains is said for the ``primary`` one only.

    What takes least comes first: time, sound, then the picture piece by piece.

    Raises:
        MediaError: what is compared with cannot be decoded.
    """
    original = alignment.candidate.original
    still = clip.extraction.info.still or original.duration is None
    findings: list[Finding] = []
    not_checked: list[str] = []
    if not still:
        length = None if original.duration is None else float(original.duration)
        findings += compare_order(alignment.pieces, clip.duration, length, original.asset_id, primary=primary)
    hearings, unheard = _hear(clip, alignment, settings, watch.part(0.0, _HEARING_SHARE))
    for heard, hearing in hearings:
        findings += compare_hearing(heard, hearing, original.asset_id)
        if hearing.drowned:
            not_checked.append(f"the sound {_from_to((heard.start, heard.end), still=still)}: it lies under noise")
    if clip.extraction.pcm is not None and not original.has_audio and not still:
        if _set_in(alignment):
            not_checked.append("the sound: the original has none, and what is heard may belong to what is around it")
        else:
            for piece in alignment.pieces:
                findings += compare_with_silence(clip.extraction.pcm, piece, original.asset_id)
    unclear: list[str] = []
    excesses, unseen = _look(clip, alignment, settings, watch.part(_HEARING_SHARE, 1.0))
    for piece, excess in excesses:
        size = alignment.geometry.clip_size if alignment.geometry else (1, 1)
        if choppy(excess.steps):
            unclear.append(f"the picture {_from_to((piece.start, piece.end), still=still)}: {_CHOPPY}")
            continue
        held = compare_freeze(clip, alignment, piece, excess, settings, original.asset_id)
        changed = compare_regions(piece, excess, size, original.asset_id)
        # While frames are held, whatever moves in the original differs: that is said once.
        changed = [finding for finding in changed if not _within(finding, held)]
        changed = tell_overlays(changed, clip, alignment, piece, settings)
        if not still and alignment.geometry is not None and is_unlike(excess):
            changed = as_one(changed, excess, alignment.geometry, piece)
            if all(finding.kind is Kind.OVERLAY for finding in held + changed):
                unclear.append(f"the picture {_from_to((piece.start, excess.seen), still=still)}: {_UNLIKE}")
        if any(finding.kind is Kind.REGION for finding in changed) and (faces := detector()) is not None:
            changed = label_faces(changed, alignment, piece, faces, settings)
        findings += held + changed
    not_checked += unclear
    findings += compare_framing(clip, alignment, max((excess.toned for _, excess in excesses), default=0.0))
    if alignment.by_sound and alignment.geometry is None and clip.extraction.info.has_video:
        beside = _beside(findings, alignment)
        findings = [f for f in findings if f not in beside and f.kind not in _OF_THE_PICTURE]
        if beside:
            not_checked.append("what else is heard: it may belong to another film that shares some of the sound")
    if alignment.reference is None:
        not_checked.append(f"picture and sound in detail: {NOTHING_TO_COMPARE_WITH}")
    if clip.facts.width and excesses:
        not_checked += LIMITS if not still else ()
    if clip.facts.width and not excesses and not unseen and alignment.reference is not None:
        not_checked.append("the picture: it was not recognised")
    if original.width and not clip.facts.width:
        not_checked.append("the picture: the clip has none")
    if original.has_audio and not clip.facts.audio:
        not_checked.append("the sound: the clip has none")
    if any(finding.kind is Kind.OVERLAY for finding in findings):
        not_checked.append("what lies under the overlay")
    if any(finding.kind is Kind.REGION for finding in findings) and detector() is None:
        not_checked.append("whether what was changed is a face: no detector is installed")
    if any(not piece.moving for piece in alignment.pieces) and not still:
        not_checked.append("the exact moment: too little moves to tell it from others of the same scene")
    for what, stretches in (("picture", unseen), ("sound", unheard)):
        not_checked += [f"the {what} {_from_to(stretch, still=still)}: {watch.reason}" for stretch in stretches]
    looked = (bool(excesses) and not unclear) or not clip.extraction.info.has_video
    in_time = not unseen and not unheard
    return Comparison(alignment, tuple(findings), tuple(not_checked), excesses, hearings, looked, in_time)


def _set_in(alignment: Alignment) -> bool:
    """Whether the original is a small picture in another, whose sound may be that of the rest."""
    return alignment.geometry is not None and float(alignment.geometry.mask().mean()) < _SMALL_SHARE


def _beside(findings: Sequence[Finding], alignment: Alignment) -> list[Finding]:
    """What differs, but not between stretches that sound like the original: for where no picture tells that it is it.

    Two films share a jingle, or music: what comes before it or after it in the one was not put into the other.
    """
    heard = alignment.candidate.sound
    first, last = heard[0].start + MIN_SOUND_S, heard[-1].end - MIN_SOUND_S
    differing = [finding for finding in findings if finding.kind in _SOMETHING_ELSE]
    return [f for f in differing if f.clip is None or f.clip.start < first or f.clip.end > last]


def _within(finding: Finding, others: list[Finding]) -> bool:
    """Whether most of a finding's time lies within one of the others'."""
    if finding.clip is None:
        return False
    return any(o.clip and finding.clip.overlap(o.clip) > finding.clip.length / 2 for o in others)


def _look(
    clip: Clip, alignment: Alignment, settings: Settings, watch: Watch
) -> tuple[tuple[tuple[Piece, Excess], ...], list[Stretch]]:
    """The picture of each piece measured; and the stretches for which there was no time."""
    measured: list[tuple[Piece, Excess]] = []
    unseen: list[Stretch] = []
    for piece, part in _shared(alignment.pieces, watch):
        try:
            excess = measure(clip, alignment, piece, settings, part)
        except TimeSpentError:
            unseen.append((piece.start, piece.end))
            continue
        if excess is not None:
            measured.append((piece, excess))
            if excess.seen < piece.end:
                unseen.append((excess.seen, piece.end))
    return tuple(measured), unseen


def _hear(
    clip: Clip, alignment: Alignment, settings: Settings, watch: Watch
) -> tuple[tuple[tuple[Piece, Hearing], ...], list[Stretch]]:
    """The sound of each piece that runs forward compared; and the stretches for which there was no time."""
    pcm, reference = clip.extraction.pcm, alignment.reference
    if pcm is None or reference is None or not alignment.candidate.original.has_audio:
        return (), []
    heard: list[tuple[Piece, Hearing]] = []
    unheard: list[Stretch] = []
    stretches = _along_sound(alignment.pieces)
    shares = _shared([options[0] for options in stretches], watch)
    for options, (whole, part) in zip(stretches, shares, strict=True):
        try:
            part.part(0.0, 1.0, f"comparing the sound, {whole.start:.0f} to {whole.end:.0f} s").step(0.0)
        except TimeSpentError:
            unheard.append((whole.start, whole.end))
            continue
        found = [(piece, listen(pcm, reference, piece, settings)) for piece in options]
        some = [(piece, hearing) for piece, hearing in found if hearing is not None]
        if some:
            heard.append(max(some, key=lambda one: float(np.nan_to_num(one[1].same).mean())))
    return tuple(heard), unheard


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


def _shared(pieces: Sequence[Piece], watch: Watch) -> Iterator[tuple[Piece, Watch]]:
    """Each piece with its part of the work: as much as it is long."""
    total, before = sum(piece.length for piece in pieces) or 1.0, 0.0
    for piece in pieces:
        yield piece, watch.part(before / total, (before + piece.length) / total)
        before += piece.length


def _from_to(stretch: Stretch, *, still: bool) -> str:
    return "as a whole" if still else f"from {stretch[0]:.1f} to {stretch[1]:.1f} s"
