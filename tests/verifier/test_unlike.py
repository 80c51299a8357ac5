"""What stands out of a picture that is unlike throughout is no part of its own; layers and large parts are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from provenance.report import Finding, Kind, Region
from provenance.times import Interval
from verifier.comparers.picture import BLOCK, Excess
from verifier.comparers.steps import Steps
from verifier.comparers.unlike import UNLIKE, as_one, is_unlike
from verifier.geometry import Geometry
from verifier.timing import Piece

SIZE = (480, 360)
SEEN = (0, 60, 480, 300)
"""A letterboxed picture: what of the frame shows the original, in pixels."""
GEOMETRY = Geometry(np.diag([1.0, 1.0, 1.0]), SIZE, SIZE, 40, within=SEEN)
PIECE = Piece(2.0, 10.0, 1.0, 100.0, 0.95)


def excess_of(bulk: list[float]) -> Excess:
    starts = 2 + np.arange(len(bulk)) / 4
    level = np.zeros((len(bulk), SIZE[1] // BLOCK, SIZE[0] // BLOCK), np.float32)
    steps = Steps(np.zeros(0), np.zeros(0, np.float32), np.zeros(0, np.float32))
    times = np.stack([starts, starts + 0.5], axis=1)
    return Excess(times, level, level, np.array(bulk), steps, 0.0, 46, PIECE.end)


def part(start: float, end: float, region: Region, score: float, kind: Kind = Kind.REGION) -> Finding:
    return Finding(kind, score, "", clip=Interval.of(start, end), region=region, asset_id="asset")


SMALL = part(3.0, 3.5, Region(0.1, 0.3, 0.1, 0.1), 0.9)
LONG = part(4.0, 9.0, Region(0.5, 0.3, 0.4, 0.4), 0.8)
LOGO = part(2.0, 10.0, Region(0.8, 0.2, 0.1, 0.1), 0.9, Kind.OVERLAY)
THROUGHOUT = excess_of([2.5] * 31)


def test_parts_are_one_of_all_that_shows_the_original() -> None:
    one, logo = as_one([SMALL, LOGO, LONG], THROUGHOUT, GEOMETRY, PIECE)
    assert logo is LOGO
    assert (one.kind, one.score, one.asset_id) == (Kind.REGION, 0.9, "asset")
    assert one.region is not None
    assert [one.region.x, one.region.y, one.region.w, one.region.h] == pytest.approx([0, 1 / 6, 1, 2 / 3])
    assert one.clip == Interval.of(2.0, 10.0)
    assert one.original is not None
    assert [float(one.original.start), float(one.original.end)] == pytest.approx([102.0, 110.0])
    assert "12 times" in one.explanation


@pytest.mark.parametrize(
    ("bulk", "stretch"),
    [
        ([2.0] * 31, (2.0, 10.0)),
        ([0.1] * 8 + [2.0] * 20 + [0.1] * 3, (3.0, 9.25)),
        ([2.0] * 20 + [0.1] * 11, (2.0, 9.0)),
    ],
    ids=["throughout", "in the middle", "at first, and a part later"],
)
def test_it_lasts_for_as_long_as_the_picture_is_unlike_or_a_part_stands_out(
    bulk: list[float], stretch: tuple[float, float]
) -> None:
    (one,) = as_one([SMALL, LONG], excess_of(bulk), GEOMETRY, PIECE)
    assert one.clip == Interval.of(*stretch)


@pytest.mark.parametrize(
    "findings",
    [[LOGO], [], [replace(LONG, region=Region(0.0, 0.1, 0.7, 0.8)), SMALL]],
    ids=["a logo", "nothing", "most of it replaced"],
)
def test_layers_and_large_parts_stay_what_they_are(findings: list[Finding]) -> None:
    assert as_one(findings, THROUGHOUT, GEOMETRY, PIECE) == findings


def test_a_picture_is_unlike_only_if_it_is_for_most_of_the_time() -> None:
    assert is_unlike(THROUGHOUT)
    assert is_unlike(excess_of([UNLIKE + 0.1] * 16 + [0.0] * 15))
    assert not is_unlike(excess_of([2.5] * 15 + [0.0] * 16))
    assert not is_unlike(excess_of([UNLIKE - 0.1] * 31))
