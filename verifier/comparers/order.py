"""Is time as it was? Cuts, speed, order, repeats and foreign stretches, read off the pieces."""

from __future__ import annotations

from itertools import pairwise

from provenance.report import Finding, Kind
from provenance.times import Interval
from verifier.timing import Piece

SPEED_TOLERANCE = 0.015
"""Relative speed difference under which it is clocks and rounding (film at 24 shown at 25 is 0.042: that is said)."""
GAP_S = 0.2
"""Seconds of original missing between two pieces above which it is a cut; below, a transcoder dropped frames."""
FOREIGN_S = 0.6
"""Seconds of clip that no piece explains above which it is other footage."""


def compare_order(
    pieces: tuple[Piece, ...], clip_s: float, original_s: float | None, asset_id: str, *, primary: bool = True
) -> list[Finding]:
    """Findings about time.

    Args:
        pieces: in clip order, not overlapping.
        clip_s: the clip's duration.
        original_s: the original's duration; None for a still.
        primary: this is the clip's main original, so what it does not explain is foreign to it.
    """
    if not pieces:
        return []
    findings = [*_speeds(pieces, asset_id), *_joins(pieces, asset_id)]
    if primary:
        findings += _foreign(pieces, clip_s, asset_id)
    if primary and original_s is not None:
        findings += _trims(pieces, original_s, asset_id)
    return findings


def clip_interval(piece: Piece) -> Interval:
    """The piece's stretch of the clip."""
    return Interval.of(piece.start, piece.end)


def original_interval(piece: Piece, start: float | None = None, end: float | None = None) -> Interval:
    """The original's stretch behind a piece, or behind clip seconds [start, end) of it."""
    low, high = sorted(
        (
            piece.original_time(piece.start if start is None else start),
            piece.original_time(piece.end if end is None else end),
        )
    )
    return Interval.of(max(0.0, low), max(0.0, high))


def _speeds(pieces: tuple[Piece, ...], asset_id: str) -> list[Finding]:
    findings = []
    for piece in pieces:
        if piece.speed < 0:
            kind, text = Kind.REVERSED, "This stretch runs backwards."
        elif piece.speed > 0 and abs(piece.speed - 1) > SPEED_TOLERANCE:
            way = "slowed to" if piece.speed < 1 else "hurried to"
            kind, text = Kind.SPEED, f"The original is {way} {piece.speed:.0%} of its speed."
        else:
            continue
        where = clip_interval(piece), original_interval(piece)
        findings.append(Finding(kind, _score(piece), text, *where, asset_id=asset_id))
    return findings


def _joins(pieces: tuple[Piece, ...], asset_id: str) -> list[Finding]:
    findings = []
    for before, after in pairwise(pieces):
        if before.speed <= 0 or after.speed <= 0:
            continue
        leaves, enters = before.original_time(before.end), after.original_time(after.start)
        jump = enters - leaves
        at = Interval.of(before.end, max(before.end, after.start))
        score = min(_score(before), _score(after))
        missing = jump - (after.start - before.end)
        if missing > GAP_S:
            text = f"{missing:.1f} s of the original are missing here."
            findings.append(
                Finding(Kind.CUT, score, text, clip=at, original=Interval.of(leaves, enters), asset_id=asset_id)
            )
        elif jump < -GAP_S:
            again = Interval.of(max(0.0, enters), min(leaves, after.original_time(after.end)))
            repeated = any(
                original_interval(earlier).overlap(original_interval(after)) > GAP_S
                for earlier in pieces[: pieces.index(after)]
            )
            if repeated:
                text, kind = "The original's frames from here were shown before and come again.", Kind.FRAMES_REPEATED
            else:
                text, kind = "What follows comes earlier in the original.", Kind.REORDERED
            findings.append(Finding(kind, score, text, clip=clip_interval(after), original=again, asset_id=asset_id))
    return findings


def _foreign(pieces: tuple[Piece, ...], clip_s: float, asset_id: str) -> list[Finding]:
    edges = [0.0, *(edge for piece in pieces for edge in (piece.start, piece.end)), clip_s]
    findings = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= FOREIGN_S:
            text = f"{end - start:.1f} s here show nothing of this original."
            findings.append(Finding(Kind.FOREIGN_FOOTAGE, 0.8, text, clip=Interval.of(start, end), asset_id=asset_id))
    return findings


def _trims(pieces: tuple[Piece, ...], original_s: float, asset_id: str) -> list[Finding]:
    shown = [original_interval(piece) for piece in pieces]
    first, last = float(min(i.start for i in shown)), float(max(i.end for i in shown))
    missing = [f"{s:.1f} s at the {side}" for s, side in ((first, "start"), (original_s - last, "end")) if s > 0.3]
    if not missing:
        return []
    text = f"The clip leaves out {' and '.join(missing)} of the original."
    return [Finding(Kind.TRIMMED, 1.0, text, original=Interval.of(first, max(first, last)), asset_id=asset_id)]


def _score(piece: Piece) -> float:
    return min(1.0, max(0.0, piece.score))
