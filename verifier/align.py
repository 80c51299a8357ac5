"""Lay a candidate and the clip on each other: first roughly by hashes, then in space, then in time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provenance.settings import Settings
from verifier.clip import Clip
from verifier.course import Course, course, window_of
from verifier.geometry import Geometry, apart, as_read, estimate, refine, whole_frame
from verifier.identify import ENOUGH_SHARE, MIN_PICTURE_SHARE, Candidate
from verifier.moments import settle
from verifier.part_shown import between_borders, part_shown, share_shown
from verifier.pictures import size_of
from verifier.rough import RoughLine, closest, pieces_by_hash, rough_line, same_by_hash
from verifier.same_moments import pairs_along, refined, rough_pairs
from verifier.sound_pieces import exactly, pieces_by_sound
from verifier.span_frames import original_frames, small_frames
from verifier.spans import Span, agreeing, counted_from, cut, in_span, joined, narrowed
from verifier.stillness import place_still
from verifier.timing import EXACT_THROUGHOUT, Piece, at_plain_speed, find_pieces, likely_piece, moves, quiet_share
from verifier.tracks import FAINT_FLOOR, MOTION_FLOOR, Track, clip_track
from verifier.watch import UNWATCHED, Watch

_NEARLY = 0.06
"""Share of the clip's width by which corners may lie off a plain resize for that to be tried as well."""
SOME_SHOWN = 0.05
"""Share of the frame from which it is the original's, and not another with its sound."""
MUCH_SHOWN = 0.5
"""The same from which the picture was recognised after all, though nothing moves that tells the moment."""
_THROUGHOUT = 0.95
"""Share of the clip of which the sound must tell the moment where nothing moves that does."""
_MOVED_PX = 1.0
"""Pixels by which a refinement must move a corner for the time to be fitted again."""
_MUCH_QUIET = 1 / 3
"""Share of frames with hardly any motion from which faint motion is looked at as well."""
_GOES_ON = 1 / 2
"""Share of a span's frames, close to those that the line before it gives them, from which it is looked for there."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """The clip laid on one original: which moment is which, and which pixel is which.

    ``reference`` is what is compared with: the reference copy or, where ``full``, the signed file itself. None where
    neither is at hand, and then pieces come from the hashes alone and ``geometry`` is None. A still has one piece over
    the whole clip. ``by_sound``: the sound alone tells the moment, and little of the picture is the original's.
    """

    candidate: Candidate
    pieces: tuple[Piece, ...]
    geometry: Geometry | None
    reference: Path | None
    by_sound: bool = False
    full: bool = False


def align(
    clip: Clip, candidate: Candidate, reference: Path | None, settings: Settings, watch: Watch = UNWATCHED
) -> Alignment:
    """Find geometry and pieces; those of the sound where the picture is not the original's, or of another moment.

    Raises:
        MediaError: what is compared with cannot be decoded.
        TimeSpentError: the time budget ran out before it was done.
    """
    seen = candidate.picture_share >= MIN_PICTURE_SHARE
    alignment = _by_picture(clip, candidate, reference, settings, watch) if seen else None
    if alignment is not None and any(piece.moving for piece in alignment.pieces):
        return alignment
    heard = pieces_by_sound(clip, candidate, reference, settings)
    geometry = alignment.geometry if alignment is not None else None
    laid = _by_sound(clip, candidate, heard, reference, geometry, settings) if heard else None
    if alignment is not None and alignment.pieces:
        # Nothing moves that tells the moment: the sound may, all along.
        throughout = sum(piece.length for piece in heard) >= _THROUGHOUT * clip.duration
        return laid if laid is not None and throughout and not laid.by_sound else alignment
    return laid or Alignment(candidate, heard, None, reference, by_sound=True)


def _by_sound(
    clip: Clip,
    candidate: Candidate,
    heard: tuple[Piece, ...],
    reference: Path | None,
    geometry: Geometry | None,
    settings: Settings,
) -> Alignment | None:
    """The picture along the pieces of the sound; None where no part of it is the original's.

    What moves, or nearly all of the frame, may have been put there.
    """
    working = clip.extraction.working
    if reference is None or working is None or candidate.original.width is None:
        return None
    pieces = exactly(clip, heard, reference, settings)
    sizes = size_of(reference, settings), size_of(working, settings)
    pairs = pairs_along(pieces, reference, working, sizes, settings)
    options = [whole_frame(*sizes), whole_frame(*sizes, mirrored=True)]
    scene = geometry is not None and candidate.picture_share >= ENOUGH_SHARE
    if geometry is not None and scene:
        options.insert(0, refined(geometry, candidate, pieces, reference, working, settings))
    shares = [share_shown(option, pairs, changing=not scene) for option in options]
    shown = max(shares)
    if shown < SOME_SHOWN and not scene:
        return None
    best = options[shares.index(shown)]
    return Alignment(candidate, pieces, best, reference, by_sound=shown < MUCH_SHOWN)


def _by_picture(
    clip: Clip, candidate: Candidate, reference: Path | None, settings: Settings, watch: Watch
) -> Alignment:
    working = clip.extraction.working
    if reference is None or working is None:
        return Alignment(candidate, pieces_by_hash(clip, candidate), None, reference)
    sizes = size_of(reference, settings), size_of(working, settings)
    if clip.extraction.info.still or candidate.original.duration is None:
        pairs = rough_pairs(candidate, reference, working, sizes, settings)
        geometry = estimate(pairs, candidate.reading) or as_read(*sizes, candidate.reading)
        moment, score = closest(candidate)
        piece = Piece(0.0, clip.duration, 0.0, moment, score, moving=False)
        return Alignment(candidate, (piece,), refine(geometry, pairs[:1], candidate.reading), reference)
    spans, way = cut(clip.duration), course(candidate)
    if len(spans) == 1:
        return _in_span(candidate, reference, working, sizes, spans[0], way, settings, watch)
    laid: list[tuple[Span, tuple[Piece, ...]]] = []
    known, still = None, True
    for number, span in enumerate(spans):
        part = watch.part(number / len(spans), (number + 1) / len(spans))
        last = laid[-1][1][-1:] if laid else ()
        found = _in_span(narrowed(candidate, span), reference, working, sizes, span, way, settings, part, known, last)
        # Where nothing moves, a span by itself may be any moment of its scene.
        moving = tuple(piece for piece in found.pieces if piece.moving)
        still = still and bool(found.pieces) and not moving
        known = known or (found.geometry if moving else None)
        laid.append((span, moving))
    pieces = pieces_by_hash(clip, candidate) if still else joined(laid, candidate)
    return Alignment(candidate, pieces, known or found.geometry, reference)


def _in_span(
    candidate: Candidate,
    reference: Path,
    working: Path,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    span: Span,
    way: Course,
    settings: Settings,
    watch: Watch,
    known: Geometry | None = None,
    before: tuple[Piece, ...] = (),
) -> Alignment:
    """Lay a span of the clip.

    Args:
        candidate: narrowed to the span.
        way: how all of the clip runs along the original, as far as hashes tell.
        known: the geometry, where another span has told it.
        before: the piece that ends where the span begins, if there is one: it is likely to go on.
    """
    pairs = rough_pairs(candidate, reference, working, sizes, settings)
    geometry = estimate(pairs, candidate.reading) or as_read(*sizes, between_borders(candidate.reading, pairs))
    # A resize is what is nearly always done, and pairs of different moments tilt an estimate.
    plain = [whole_frame(*sizes, candidate.mirrored), as_read(*sizes, candidate.reading)]
    near = [g for g in plain if 0 < apart(g, geometry) < _NEARLY * sizes[1][0]]
    rough = rough_line(candidate)
    line = before[0] if before and (not rough.share or agreeing(candidate, before[0]) > _GOES_ON) else None
    if line is not None:
        rough = RoughLine(line.speed, line.offset, rough.share, line.offset, line.offset)
    expected = way.within(span, line)
    window = window_of(span, expected, rough)
    kept = original_frames(window, reference, sizes[0], settings, watch.part(0.1, 0.5))
    # The clip may be read more than once: that is one place on the bar.
    frames = small_frames(working, sizes[1], span, settings, watch.part(0.5, 0.5))
    local = counted_from(span[0], expected)

    def find(shown: Track, floor: float = MOTION_FLOOR) -> tuple[Piece, ...]:
        return in_span(lambda track, length: find_pieces(track, kept, length, floor, local), shown, span)

    def settled(pieces: tuple[Piece, ...], shown: Track) -> tuple[Piece, ...]:
        return at_plain_speed(settle(pieces, shown, kept, end=span[1], start=span[0]))

    def laid(geometry: Geometry) -> tuple[Track, Alignment]:
        shown = clip_track(frames(), geometry)
        pieces = find(shown)
        if pieces and quiet_share(shown) > _MUCH_QUIET:
            # It is the same moment; cuts between quiet stretches show in faint motion only.
            pieces = find(shown, FAINT_FLOOR) or pieces
        if pieces:
            finer = known or refined(geometry, candidate, pieces, reference, working, settings)
            if apart(finer, geometry) > _MOVED_PX:
                shown = clip_track(frames(), finer)
                pieces = max(pieces, find(shown), key=_evidence)
            pieces, geometry = settled(pieces, shown), finer
        return shown, Alignment(candidate, pieces, geometry, reference)

    geometry = known or geometry
    for option in [*near[:1], geometry] if known is None else [known]:
        shown, alignment = laid(option)
        if alignment.pieces:
            return alignment
    if known is None and (part := part_shown(pairs, candidate.mirrored)) is not None:
        _, alignment = laid(part)
        # What is a little off in place and in speed makes up for the one with the other.
        if alignment.pieces and _plain_or_exact(alignment.pieces):
            return alignment
    likely = in_span(lambda track, length: filter(None, [likely_piece(track, kept, length)]), shown, span)
    if likely and known is None:
        # Pairs of other moments, or few points, may have laid it askew: those of the likeliest moment do better.
        closer = refined(geometry, candidate, likely, reference, working, settings)
        if apart(closer, geometry) > _MOVED_PX:
            geometry = closer
            shown, alignment = laid(closer)
            # What was laid for a line must not be what confirms that line's speed.
            if alignment.pieces and _plain_or_exact(alignment.pieces):
                return alignment
    # What moves much may be what was altered; then the rest tells the moment, if only faintly.
    pieces = at_plain_speed(find(shown, FAINT_FLOOR))
    if pieces and moves(shown) and not _plain_or_exact(pieces):
        pieces = ()
    elif pieces:
        pieces = settled(pieces, shown)
    elif not moves(shown, FAINT_FLOOR) and (geometry.inliers or same_by_hash(candidate)):
        # Were it the same moment, some of what moves would agree; only where nothing does are looks to go by.
        pieces = in_span(lambda track, length: filter(None, [place_still(track, kept, length)]), shown, span)
    if pieces and known is None:
        geometry = refined(geometry, candidate, pieces, reference, working, settings)
    return Alignment(candidate, pieces, geometry, reference)


def _plain_or_exact(pieces: tuple[Piece, ...]) -> bool:
    return all(piece.speed == 1 or piece.score >= EXACT_THROUGHOUT for piece in pieces)


def _evidence(pieces: tuple[Piece, ...]) -> float:
    """Seconds explained, weighed by how well."""
    return sum(piece.length * piece.score for piece in pieces)
