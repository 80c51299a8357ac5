"""From what stands out of a picture to findings: where it begins and ends, in time and in the frame."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.report import Finding, Kind
from verifier.comparers.picture import BLOCK, Excess
from verifier.comparers.regions import changes, compare_regions
from verifier.comparers.steps import Steps
from verifier.timing import Piece

SIZE = (480, 272)
NO_STEPS = Steps(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32))
PIECE = Piece(0.0, 60.0, 1.0, 100.0, 0.95)


def excess_of(level: NDArray[np.float32], still: NDArray[np.float32], seen: float) -> Excess:
    """Of windows of half a second, a quarter apart."""
    starts = np.arange(len(level)) / 4
    return Excess(np.stack([starts, starts + 0.5], axis=1), level, still, np.zeros(len(level)), NO_STEPS, 0.0, 26, seen)


def finding(start: float, end: float, seen: float) -> Finding:
    """Of something still in the corner from ``start`` to ``end``, looked at until ``seen``."""
    middles = np.arange(0, seen, 0.25) + 0.25
    level = np.zeros((len(middles), SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.float32)
    there = (middles >= start) & (middles <= end)
    level[there, 1:3, 24:28] = 5.0
    still = np.full(level.shape, 8.0, np.float32)
    still[there, 1:3, 24:28] = 0.5
    (found,) = compare_regions(PIECE, excess_of(level, still, seen), SIZE, "asset")
    return found


@pytest.mark.parametrize(
    ("start", "end", "seen", "kind"),
    [
        (0.0, 60.0, 60.0, Kind.OVERLAY),
        (0.0, 60.0, 20.0, Kind.OVERLAY),
        (3.0, 60.0, 20.0, Kind.OVERLAY),
        (3.0, 12.0, 20.0, Kind.REGION),
        (15.0, 60.0, 20.0, Kind.REGION),
    ],
    ids=["throughout", "so far", "nearly so far", "gone again", "from later on"],
)
def test_what_may_stay_for_good_is_judged_as_if_it_did(start: float, end: float, seen: float, kind: Kind) -> None:
    found = finding(start, end, seen)
    assert found.kind is kind
    assert found.clip is not None
    assert float(found.clip.end) == pytest.approx(min(end, seen), abs=0.3)
    assert float(found.clip.start) == pytest.approx(start, abs=0.3)
    assert found.original is not None
    assert float(found.original.end) == pytest.approx(100 + min(end, seen), abs=0.3)


def test_half_a_second_at_the_end_is_a_change_of_a_part_and_none_of_the_whole() -> None:
    def said(rows: slice, columns: slice) -> int:
        level = np.zeros((9, SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.float32)
        level[-2:, rows, columns] = 4.0
        still = np.full(level.shape, 5.0, np.float32)
        return len(compare_regions(Piece(0.0, 2.5, 1.0, 0.0, 1.0), excess_of(level, still, 2.5), SIZE, "asset"))

    assert said(slice(2, 5), slice(2, 6)) == 1
    assert said(slice(None), slice(None)) == 0, "a clip may fade out"


BOARD = slice(10, 14), slice(4, 20)
WINDOWS = 32


@pytest.mark.parametrize(
    ("rows", "columns", "first", "stop", "found"),
    [
        (slice(6, 10), slice(8, 13), 8, 12, 2),
        (slice(6, 10), slice(8, 13), 8, 26, 1),
        (slice(9, 10), slice(8, 13), 8, 12, 1),
        (slice(11, 13), slice(8, 13), 8, 12, 1),
        (slice(10, 14), slice(20, 24), 28, 32, 1),
    ],
    ids=["a second above it", "as long as it", "its skirt", "a faint place of it", "it grows"],
)
def test_what_is_changed_for_a_second_beside_what_stays_is_a_change_of_its_own(
    rows: slice, columns: slice, first: int, stop: int, found: int
) -> None:
    level = np.zeros((WINDOWS, SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.float32)
    level[:, *BOARD] = 7.0
    level[first:stop, rows, columns] = 3.0
    still = np.full(level.shape, 5.0, np.float32)
    said = changes(excess_of(level, still, 8.25))
    assert len(said) == found
    assert said[0].blocks[BOARD].all()
    if found > 1:
        assert (said[1].first, said[1].last) == (first, stop - 1)
        assert said[1].blocks[rows, columns].mean() >= 0.75
        assert not said[1].blocks[BOARD].any()
