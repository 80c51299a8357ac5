"""The figures of a run: what each group of clips scored, and how that stands to what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.relations import relation
from benchmarks.identify.run import Result
from benchmarks.identify.score import BOUNDARY_S, percentile, score, share

TARGET_FOUND, TARGET_LEAST = 0.99, 0.9
TARGET_HARD = 0.01
TARGET_MEDIAN_MS, TARGET_P90_MS = 40, 120
TARGET_SPEED = 0.01
TARGET_BOUNDARIES = 0.9


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some results. ``unsure``: found, but the verdict could only be inconclusive. ``false``: clips laid on footage
    that is not in them while their own was registered; shares 0-1, times in s unless named otherwise."""

    count: int
    found: float
    unsure: int
    false: int
    errors_ms: tuple[float, ...]
    speeds: tuple[float, ...]
    boundaries: tuple[float, ...]
    corners: tuple[float, ...]
    placed: float
    wall: float
    cpu: float

    @property
    def boundary_share(self) -> float:
        return share([distance <= BOUNDARY_S for distance in self.boundaries])


def figures(results: Sequence[Result]) -> Figures:
    """Everything that tables show of a group of results."""
    scores = [score(result.truth, result.with_own) for result in results]
    hits = [s for s in scores if s.found]
    return Figures(
        len(results),
        share([s.found for s in scores]),
        sum(s.doubt for s in hits),
        sum(bool(s.wrong) for s in scores),
        _known(s.error_ms for s in hits),
        _known(s.speed_error for s in hits),
        tuple(distance for s in scores for distance in s.boundaries),
        _known(s.corner for s in hits),
        percentile([s.placed for s in hits], 50),
        percentile([r.read_wall + r.with_own.wall for r in results], 50),
        percentile([r.read_cpu + r.with_own.cpu for r in results], 50),
    )


@dataclass(frozen=True, slots=True)
class FalseMatches:
    """Clips asked about without their original: how many were laid on unrelated footage, and on the same series.

    ``hard_pairs``: a clip and another one of its series, or a clip and the other half of its own.
    """

    clips: int
    accepted: int
    hard_pairs: int
    hard_accepted: int
    hard_unsure: int


def false_matches(results: Sequence[Result], halves: Sequence[Result], names: Sequence[str]) -> FalseMatches:
    """Count what was accepted that must not be.

    Args:
        halves: queries from the second half of clips of which the first half is registered.
        names: all registered originals.
    """
    accepted = hard_pairs = hard = unsure = 0
    for result in results:
        kinds = {name: relation(result.truth.assets, result.clip, name) for name in names}
        said = [found.asset for found in result.without.found]
        accepted += any(kinds[asset] == "other" for asset in said)
        hard_pairs += sum(kind == "hard" for kind in kinds.values())
        close = sum(kinds[asset] == "hard" for asset in said)
        hard += close
        unsure += close if result.without.doubt is not None else 0
    for result in halves:
        hard_pairs += 1
        hard += bool(result.with_own.found)
        unsure += bool(result.with_own.found) and result.with_own.doubt is not None
    return FalseMatches(len(results), accepted, hard_pairs, hard - unsure, unsure)


def targets(results: Sequence[Result], false: FalseMatches) -> list[tuple[str, str, bool]]:
    """What is asked, what was measured, whether it is met."""
    benign = [result for result in results if BY_NAME[result.recipe].group == "benign"]
    whole, edits = figures(benign), figures([r for r in results if BY_NAME[r.recipe].group == "edit"])
    names = dict.fromkeys(result.recipe for result in benign)
    by_name = {name: figures([r for r in benign if r.recipe == name]).found for name in names}
    worst = min(by_name, key=lambda name: by_name[name], default="")
    median, p90 = percentile(whole.errors_ms, 50), percentile(whole.errors_ms, 90)
    speed = percentile(whole.speeds, 90)
    hard = false.hard_accepted / false.hard_pairs if false.hard_pairs else 0.0
    return [
        (f"benign copies found ≥ {TARGET_FOUND:.0%}", f"{whole.found:.1%}", whole.found >= TARGET_FOUND),
        ("none matched with unrelated footage", f"{false.accepted} of {false.clips}", not false.accepted),
        (f"no distortion under {TARGET_LEAST:.0%}", f"{worst}: {by_name[worst]:.0%}", by_name[worst] >= TARGET_LEAST),
        (f"hard pairs accepted ≤ {TARGET_HARD:.0%}", f"{hard:.1%} of {false.hard_pairs}", hard <= TARGET_HARD),
        (f"alignment error, median ≤ {TARGET_MEDIAN_MS} ms", f"{median:.0f} ms", median <= TARGET_MEDIAN_MS),
        (f"alignment error, 90 % ≤ {TARGET_P90_MS} ms", f"{p90:.0f} ms", p90 <= TARGET_P90_MS),
        (f"speed within {TARGET_SPEED:.0%} (90 % of clips)", f"{speed:.2%}", speed <= TARGET_SPEED),
        (
            f"boundaries within {BOUNDARY_S} s for {TARGET_BOUNDARIES:.0%}",
            f"{edits.boundary_share:.1%} of {len(edits.boundaries)}",
            edits.boundary_share >= TARGET_BOUNDARIES,
        ),
    ]


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(value for value in values if value is not None)
