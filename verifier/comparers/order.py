"""Is time as it was? Cuts, speed, order, repeats and foreign stretches, read off the pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
INSERTED_S = 0.3
"""The same where the original goes on afterwards as if there had been nothing."""

_Stretch = tuple[float, float]


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
    findings = [*_paces(pieces, asset_id), *_cuts(pieces, asset_id), *_returns(pieces, asset_id)]
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


def _paces(pieces: tuple[Piece, ...], asset_id: str) -> list[Finding]:
    findings = []
    for piece in pieces:
        if piece.speed < 0:
            kind, text = Kind.REVERSED, "This stretch runs backwards."
        elif piece.speed == 0:
            kind, text = Kind.FRAMES_REPEATED, f"One frame is held for {piece.length:.1f} s while the original moves."
        elif abs(piece.speed - 1) > SPEED_TOLERANCE:
            way = "slowed to" if piece.speed < 1 else "hurried to"
            kind, text = Kind.SPEED, f"The original is {way} {piece.speed:.0%} of its speed."
        else:
            continue
        where = clip_interval(piece), original_interval(piece)
        findings.append(Finding(kind, _score(piece), text, *where, asset_id=asset_id))
    return findings


def _cuts(pieces: tuple[Piece, ...], asset_id: str) -> list[Finding]:
    """Where more of the original is missing than something else is shown instead of, and is not shown elsewhere."""
    shown = [_shows(piece) for piece in pieces]
    findings = []
    for before, after in pairwise(_onward(pieces)):
        leaves, enters = before.original_time(before.end), after.original_time(after.start)
        instead = max(0.0, after.start - before.end) * before.speed
        missing = _without([(leaves, enters)], shown) if enters > leaves else []
        length = _length(missing) - instead
        if length > GAP_S:
            text = f"{length:.1f} s of the original are missing here."
            at = Interval.of(before.end, max(before.end, after.start))
            where = Interval.of(missing[0][0], missing[-1][1])
            score = min(_score(before), _score(after))
            findings.append(Finding(Kind.CUT, score, text, clip=at, original=where, asset_id=asset_id))
    return findings


def _returns(pieces: tuple[Piece, ...], asset_id: str) -> list[Finding]:
    """What was shown before and comes again, and what comes after what it was before."""
    findings = []
    for number, after in enumerate(pieces):
        earlier = [_shows(piece) for piece in pieces[:number]]
        reached = max((high for _, high in earlier), default=0.0)
        behind = [(low, min(high, reached)) for low, high in [_shows(after)] if low < reached]
        late = _without(behind, earlier)
        again = _without(behind, late)
        again_text = "The original's frames from here were shown before and come again."
        late_text = "What follows comes earlier in the original."
        for kind, text, parts in ((Kind.FRAMES_REPEATED, again_text, again), (Kind.REORDERED, late_text, late)):
            if after.speed <= 0 or _length(parts) <= GAP_S:
                continue
            # Lines are not exact: what is left over at an end is no part of its own.
            low = parts[0][0] if parts[0][0] - behind[0][0] > GAP_S else behind[0][0]
            high = parts[-1][1] if behind[0][1] - parts[-1][1] > GAP_S else behind[0][1]
            at = Interval.of((low - after.offset) / after.speed, (high - after.offset) / after.speed)
            where = Interval.of(max(0.0, low), max(0.0, high))
            findings.append(Finding(kind, _score(after), text, clip=at, original=where, asset_id=asset_id))
    return findings


def _foreign(pieces: tuple[Piece, ...], clip_s: float, asset_id: str) -> list[Finding]:
    edges = [0.0, *(edge for piece in pieces for edge in (piece.start, piece.end)), clip_s]
    findings = []
    for number, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        before, after = (pieces[number - 1], pieces[number]) if 0 < number < len(pieces) else (None, None)
        inserted = before and after and abs(after.original_time(end) - before.original_time(start)) < GAP_S
        if end - start >= (INSERTED_S if inserted else FOREIGN_S):
            text = f"{end - start:.1f} s here show nothing of this original."
            findings.append(Finding(Kind.FOREIGN_FOOTAGE, 0.8, text, clip=Interval.of(start, end), asset_id=asset_id))
    return findings


def name_sources(findings: Sequence[Finding], others: Sequence[tuple[str, tuple[Piece, ...]]]) -> list[Finding]:
    """The same findings, foreign footage called by the title of the other original that shows most of it.

    Args:
        others: titles and pieces of the originals laid on the clip besides the one that it is foreign to.
    """
    return [_named(finding, others) if finding.kind is Kind.FOREIGN_FOOTAGE else finding for finding in findings]


def _named(finding: Finding, others: Sequence[tuple[str, tuple[Piece, ...]]]) -> Finding:
    if finding.clip is None:
        return finding
    for title, pieces in others:
        if sum(finding.clip.overlap(Interval.of(p.start, p.end)) for p in pieces) > finding.clip.length / 2:
            text = f"{float(finding.clip.length):.1f} s here are not of this original but of “{title}”."
            return replace(finding, explanation=text)
    return finding


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


def _onward(pieces: tuple[Piece, ...]) -> list[Piece]:
    """The pieces that run forwards: what is held or turned round between them is said by itself."""
    return [piece for piece in pieces if piece.speed > 0]


def _shows(piece: Piece) -> _Stretch:
    """The original's seconds that a piece shows."""
    low, high = sorted((piece.original_time(piece.start), piece.original_time(piece.end)))
    return low, high


def _without(stretches: list[_Stretch], others: list[_Stretch]) -> list[_Stretch]:
    """What of some stretches lies in none of the others, in order; nothing shorter than ``GAP_S`` / 2."""
    left = stretches
    for low, high in others:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[1] - part[0] > GAP_S / 2
        ]
    return left


def _length(stretches: list[_Stretch]) -> float:
    return sum(end - start for start, end in stretches)
