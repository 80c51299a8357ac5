"""What the pieces say about time becomes the right findings."""

from __future__ import annotations

import pytest

from provenance.report import Kind
from verifier.comparers.order import compare_order, name_sources
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


def found(*pieces: Piece, clip_s: float | None = None) -> list[tuple[Kind, list[float], list[float]]]:
    """Kind, clip seconds and original seconds of what is said about time."""
    length = pieces[-1].end if clip_s is None else clip_s
    said = [f for f in compare_order(pieces, length, 20.0, "a") if f.kind is not Kind.TRIMMED]
    return [
        (f.kind, f.clip.as_seconds() if f.clip else [], f.original.as_seconds() if f.original else []) for f in said
    ]


def test_parts_that_change_places_are_reordered_and_nothing_is_cut() -> None:
    pieces = piece(0, 4, 0), piece(4, 5, 5), piece(5, 6, 4), piece(6, 20, 6)
    assert found(*pieces) == [(Kind.REORDERED, [5, 6], [4, 5])]


def test_a_loop_is_as_long_as_what_comes_again() -> None:
    assert found(piece(0, 6, 2), piece(6, 12, 5)) == [(Kind.FRAMES_REPEATED, [6, 9], [5, 8])]
    thrice = piece(0, 6, 2), piece(6, 7, 7), piece(7, 12, 7)
    assert found(*thrice) == [(Kind.FRAMES_REPEATED, [6, 7], [7, 8]), (Kind.FRAMES_REPEATED, [7, 8], [7, 8])]


def test_a_frame_held_is_repeated_and_what_it_hides_is_no_cut() -> None:
    assert found(piece(0, 4, 1), piece(4, 4.5, 5, 0.0), piece(4.5, 9, 5.5)) == [
        (Kind.FRAMES_REPEATED, [4, 4.5], [5, 5])
    ]


def test_a_stretch_turned_round_is_reversed_and_nothing_is_cut() -> None:
    assert found(piece(0, 4, 1), piece(4, 5, 6, -1.0), piece(5, 9, 6)) == [(Kind.REVERSED, [4, 5], [5, 6])]


def test_a_gap_between_slowed_stretches_is_a_cut() -> None:
    pieces = piece(0, 4, 0), piece(4, 5, 4, 0.5), piece(5, 6, 5.5, 0.5), piece(6, 9, 6)
    kinds_found = [(kind, clip) for kind, clip, _ in found(*pieces)]
    assert kinds_found == [(Kind.SPEED, [4, 5]), (Kind.SPEED, [5, 6]), (Kind.CUT, [5, 5])]


def test_what_was_put_in_is_foreign_sooner_than_what_lies_over() -> None:
    assert found(piece(0, 4, 0), piece(4.5, 9, 4)) == [(Kind.FOREIGN_FOOTAGE, [4, 4.5], [])]
    assert found(piece(0, 4, 0), piece(4.5, 9, 4.5)) == []


def test_a_dropped_frame_or_two_is_no_cut() -> None:
    assert Kind.CUT not in kinds(piece(0, 5, 0), piece(5, 10, 5.08))


def test_what_a_second_original_leaves_open_is_not_said_twice() -> None:
    found = compare_order((piece(4, 6, 0),), 10, 20, "b", primary=False)
    assert found == []


def test_footage_of_another_original_is_called_by_its_title() -> None:
    findings = compare_order((piece(0, 4, 0), piece(7, 9, 4)), 12, 20, "a")
    named = name_sources(findings, [("Harbour", (piece(4.2, 7, 0),))])
    texts = {f.clip.as_seconds()[0]: f.explanation for f in named if f.kind is Kind.FOREIGN_FOOTAGE and f.clip}
    assert "“Harbour”" in texts[4]
    assert "nothing of this original" in texts[9]
    assert [f for f in named if f.kind is not Kind.FOREIGN_FOOTAGE] == [
        f for f in findings if f.kind is not Kind.FOREIGN_FOOTAGE
    ]
