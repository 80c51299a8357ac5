"""What a report is worth: pure functions of what is true and what was said, with unit tests of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from benchmarks.alter.ask import Named, Said
from benchmarks.alter.truth import Box, Stretch, Truth, inside_frame

LEAST_IOU = 0.3
"""Overlap of boxes from which a region counts as hit, if its centre lies in the true one, too."""
_Z = 1.96
"""Standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Score:
    """One report against its truth.

    ``called``: altered was said (or, where that counts, the original named and nothing said of its picture).
    ``kind``: every change was called by a right word; ``strays``: altering words that are not right ones;
    ``time``: intersection over union with the true stretches, ``region``: hit or not; None where nothing is to be
    measured. ``top``: the highest score of an altering finding, 0-1. ``sure``: a match or altered was said.
    """

    called: bool
    kind: bool
    strays: tuple[str, ...]
    time: float | None
    region: bool | None
    top: float
    named: bool
    sure: bool


def score(truth: Truth, said: Said) -> Score:
    """Hold a report to what is true."""
    altered = said.verdict == "altered"
    excused = not altered and truth.unknown_counts and said.verdict in ("unknown", "inconclusive")
    excused = excused and any(asset in said.matches for asset in truth.assets)
    called = altered or excused
    right = {word for group in truth.kinds for word in group}
    words = {finding.kind for finding in said.altering}
    meant = [finding for finding in said.altering if finding.kind in right]
    measured = called and not excused
    return Score(
        called,
        excused or (called and all(words & set(group) for group in truth.kinds)),
        tuple(sorted(words - right)),
        temporal_iou(truth, meant) if measured else None,
        region_hit(truth, meant) if measured else None,
        max((finding.score for finding in said.altering), default=0.0),
        bool(truth.assets) and set(truth.assets) <= set(said.matches),
        said.verdict in ("match", "altered", "authentic"),
    )


def temporal_iou(truth: Truth, findings: Sequence[Named]) -> float | None:
    """Of the true stretches and those of the findings together; of the original's, for what has none in the clip.

    The best of the readings counts; 0 where no finding has a right word; None where truth knows no time.
    """
    if truth.missing:
        said = [finding.original for finding in findings if finding.original is not None]
        return iou(truth.missing, said)
    if not truth.readings:
        return None
    said = [finding.clip for finding in findings if finding.clip is not None]
    return max(iou(reading, said) for reading in truth.readings)


def iou(one: Sequence[Stretch], other: Sequence[Stretch]) -> float:
    """Shared time over all time of two sets of stretches, 0-1."""
    edges = sorted({edge for stretch in (*one, *other) for edge in stretch})
    shared = either = 0.0
    for left, right in pairwise(edges):
        here = [any(a <= left and right <= b for a, b in some) for some in (one, other)]
        shared += (right - left) * all(here)
        either += (right - left) * any(here)
    return shared / either if either else 0.0


def region_hit(truth: Truth, findings: Sequence[Named]) -> bool | None:
    """Whether the surest finding with a right word and a region is where the change is; None for no part of a frame."""
    if truth.box is None or (seen := inside_frame(truth.box)) is None:
        return None
    placed = [finding for finding in findings if finding.region is not None]
    if not placed:
        return False
    region = max(placed, key=lambda finding: finding.score).region
    return region is not None and overlap(seen, region) >= LEAST_IOU and _holds(seen, region)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    shared = inside_frame(one, other)
    inner = shared[2] * shared[3] if shared else 0.0
    outer = one[2] * one[3] + other[2] * other[3] - inner
    return inner / outer if outer else 0.0


def _holds(box: Box, other: Box) -> bool:
    """Whether the middle of the other lies in the box."""
    x, y = other[0] + other[2] / 2, other[1] + other[3] / 2
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of a share, after Wilson (1927); all of 0-1 for none."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, _Z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def roc(altered: Sequence[float], untouched: Sequence[float]) -> list[tuple[float, float]]:
    """False alarms and detections, 0-1, for every threshold, from the highest down: (0, 0) to (1, 1)."""
    points = [(0.0, 0.0)]
    for threshold in sorted({*altered, *untouched}, reverse=True):
        false = sum(value >= threshold for value in untouched) / max(1, len(untouched))
        points.append((false, sum(value >= threshold for value in altered) / max(1, len(altered))))
    return points if points[-1] == (1.0, 1.0) else [*points, (1.0, 1.0)]


def area(points: Sequence[tuple[float, float]]) -> float:
    """Under a ROC, by trapezia."""
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
