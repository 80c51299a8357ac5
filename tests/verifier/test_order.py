"""What the pieces say about time becomes the right findings."""

from __future__ import annotations

import pytest

from provenance.report import Kind
from verifier.comparers.order import compare_order
from verifier.timing import Piece


def piece(start: float, end: float, original: float, speed: float = 1.0) -> Piece:
    return Piece(start, end, speed, original - speed * start, 0.9)


def kinds(*pieces: Piece, clip_s: float | None = None, original_s: float = 20.0) -> list[Kind]:
    length = pieces[-1].end if clip_s is None else clip_s
    return [f.kind for f in compare_order(pieces, length, original_s, "a")]


def test_the_whole_original_has_no_findings() -> None:
    assert kinds(piece(0, 20, 0)) == []


def test_missing_ends_are_a_trim() -> None:
    (finding,) = compare_order((piece(0, 10, 5),), 10, 20, "a")
    assert finding.kind is Kind.TRIMMED
    assert finding.original is not None
    assert finding.original.as_seconds() == [5, 15]
    assert "5.0 s at the start and 5.0 s at the end" in finding.explanation


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((piece(0, 10, 0, 1.3), piece(10, 14, 13, 1.3)), {Kind.SPEED}),
        ((piece(0, 5, 0), piece(5, 12, 8)), {Kind.CUT}),
        ((piece(0, 5, 10), piece(5, 9, 2)), {Kind.REORDERED}),
        ((piece(0, 6, 2), piece(6, 9, 3)), {Kind.FRAMES_REPEATED}),
        ((piece(0, 6, 8, -1.0),), {Kind.REVERSED}),
        ((piece(0, 4, 0), piece(6, 10, 6)), {Kind.FOREIGN_FOOTAGE}),
    ],
)
def test_time_findings(pieces: tuple[Piece, ...], expected: set[Kind]) -> None:
    assert set(kinds(*pieces)) - {Kind.TRIMMED} == expected


def test_a_dropped_frame_or_two_is_no_cut() -> None:
    assert Kind.CUT not in kinds(piece(0, 5, 0), piece(5, 10, 5.08))


def test_what_a_second_original_leaves_open_is_not_said_twice() -> None:
    found = compare_order((piece(4, 6, 0),), 10, 20, "b", primary=False)
    assert found == []
