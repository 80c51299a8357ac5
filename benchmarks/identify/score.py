"""What an answer is worth: pure functions of what is true and what was said, with unit tests of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.identify.ours import Answer, Found
from benchmarks.identify.truth import Matrix, TruePiece, Truth

BOUNDARY_S = 0.25
"""How far a cut may be from where it is said to be."""
_STEP_S = 0.02
_MAX_ERROR_S = 5.0
"""Larger errors are another moment, not a worse one: counted as this."""


@dataclass(frozen=True, slots=True)
class Score:
    """One answer against its truth.

    ``found``: every original that is in the clip was found. ``wrong``: accepted assets that are not in it.
    ``placed``: share, 0-1, of the clip's registered footage that lies in a found piece of its original.
    ``error_ms``: median over those moments of the distance between the original's moment said and the true one;
    ``speed_error``: largest relative error of a speed; ``boundaries``: distance in s from each true inner boundary to
    the nearest one said; ``corner``: largest distance of a corner of the original's frame from where it is, as a share
    of the clip's width. None where nothing could be measured.
    """

    found: bool
    wrong: tuple[str, ...]
    placed: float
    error_ms: float | None
    speed_error: float | None
    boundaries: tuple[float, ...]
    corner: float | None
    doubt: bool


def score(truth: Truth, answer: Answer) -> Score:
    """Hold an answer to what is true."""
    assets = truth.assets
    said = {one.asset: one for one in answer.found}
    errors, speeds, asked = [], [], 0
    for piece in truth.pieces:
        if piece.asset is None:
            continue
        moments = np.arange(piece.start + _STEP_S / 2, piece.end, _STEP_S)
        asked += len(moments)
        one = said.get(piece.asset)
        if one is not None:
            here, rates = _errors(piece, one, moments)
            errors += here
            speeds += rates
    return Score(
        found=bool(assets) and all(asset in said for asset in assets),
        wrong=tuple(sorted(set(said) - set(assets))),
        placed=len(errors) / asked if asked else 0.0,
        error_ms=1000 * float(np.median(errors)) if errors else None,
        speed_error=float(np.median(speeds)) if speeds else None,
        boundaries=_boundaries(truth, answer) if said else (),
        corner=_corner(truth, said[assets[0]]) if len(assets) == 1 and assets[0] in said else None,
        doubt=answer.doubt is not None,
    )


def _errors(true: TruePiece, one: Found, moments: np.ndarray) -> tuple[list[float], list[float]]:
    """For each moment that a found piece covers: its time error in s and the error of the speed there."""
    errors, rates = [], []
    for piece in one.pieces:
        inside = moments[(moments >= piece.start) & (moments < piece.end)]
        meant = true.speed * inside + true.offset
        # A still has no speed and one moment: it is not asked for the time.
        given = piece.speed * inside + piece.offset if piece.speed else meant
        errors += np.minimum(np.abs(given - meant), _MAX_ERROR_S).tolist()
        rates += [abs(piece.speed / true.speed - 1) if piece.speed else 0.0] * len(inside)
    return errors, rates


def _boundaries(truth: Truth, answer: Answer) -> tuple[float, ...]:
    """How far each inner boundary is from the nearest edge of a found piece, in s."""
    edges = [edge for one in answer.found for piece in one.pieces for edge in (piece.start, piece.end)]
    inner = [piece.start for piece in truth.pieces[1:]]
    return tuple(min((abs(edge - cut) for edge in edges), default=_MAX_ERROR_S) for cut in inner)


def _corner(truth: Truth, one: Found) -> float | None:
    if truth.matrix is None or one.matrix is None or one.by_sound:
        return None
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], float).T
    meant, given = (_project(np.array(matrix).reshape(3, 3), corners) for matrix in (truth.matrix, one.matrix))
    return float(np.hypot(*(meant - given)).max())


def _project(matrix: Matrix, points: np.ndarray) -> np.ndarray:
    moved = matrix @ points
    return np.asarray(moved[:2] / moved[2])


def micro_average_precision(ranked: Sequence[tuple[float, bool]], positives: int) -> float:
    """Area under precision over recall of all (query, original) pairs ranked by score, as copy detection is judged.

    Args:
        ranked: score of a pair and whether it is a true one; pairs without a score are left out. Among equal scores
            the false ones come first.
        positives: number of true pairs, found or not.
    """
    ordered = sorted(ranked, key=lambda pair: (-pair[0], pair[1]))
    hits, total = 0, 0.0
    for place, (_, true) in enumerate(ordered, start=1):
        if true:
            hits += 1
            total += hits / place
    return total / positives if positives else 0.0


def threshold(false_scores: Sequence[float]) -> float:
    """The score that must be exceeded for none of these false pairs to be accepted."""
    return max(false_scores, default=float("-inf"))


def share(values: Sequence[bool]) -> float:
    """Share of true values, 0-1; NaN for none."""
    return sum(values) / len(values) if values else float("nan")


def percentile(values: Sequence[float], percent: float) -> float:
    """Of the values, by linear interpolation; NaN for none."""
    return float(np.percentile(values, percent)) if len(values) else float("nan")
