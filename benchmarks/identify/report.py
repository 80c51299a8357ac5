"""Results in words: a line each, and a summary by recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.figures import false_matches, figures
from benchmarks.identify.run import Result
from benchmarks.identify.score import BOUNDARY_S, percentile, score

_NONE = "–"


def line(result: Result) -> str:
    """One result for people."""
    got = score(result.truth, result.with_own)
    wrong = score(result.truth, result.without).wrong
    word = "found " if got.found else "MISSED"
    parts = [f"{word} {result.clip:26.26} {result.recipe:19}"]
    parts.append(f"{_ms(got.error_ms):>8} speed {_percent(got.speed_error):>6} placed {got.placed:4.0%}")
    parts.append(f"corner {_percent(got.corner):>6}")
    if len(result.truth.pieces) > 1:
        parts.append("cuts " + " ".join(f"{distance:.2f}" for distance in got.boundaries))
    if got.wrong:
        parts.append(f"WRONG {' '.join(got.wrong)}")
    if wrong:
        parts.append(f"ACCEPTED WITHOUT ITS ORIGINAL {' '.join(wrong)}")
    if got.doubt:
        parts.append("doubt")
    parts.append(f"{result.read_wall + result.with_own.wall:.1f} s")
    return "  ".join(parts)


def summary(results: Sequence[Result], others: Sequence[Result], second: frozenset[str], names: Sequence[str]) -> str:
    """Figures by recipe, and over each half.

    Args:
        others: queries of other moments of clips, in a registry of their own.
        second: names of the clips of the second half. names: all registered originals.
    """
    lines = [f"{'recipe':20} {'n':>3} {'found':>6} {'wrong':>5} {'p50 ms':>7} {'p90 ms':>7} {'speed':>6} {'corner':>7}"]
    for name in BY_NAME:
        some = [result for result in results if result.recipe == name]
        if some:
            lines.append(f"{name:20} {_figures(some)}")
    for word, some in (
        ("first half", [r for r in results if r.clip not in second]),
        ("second half", [r for r in results if r.clip in second]),
        ("all", list(results)),
    ):
        for group in ("benign", "edit", "sound"):
            those = [r for r in some if BY_NAME[r.recipe].group == group]
            if those:
                lines.append(f"{f'{word}: {group}':20} {_figures(those)}")
    f, wrong = figures(results), false_matches(results, others, names)
    lines += [
        f"inner boundaries within {BOUNDARY_S} s: {f.boundary_share:.1%} of {len(f.boundaries)}",
        f"laid on unrelated footage: {wrong.accepted} of {wrong.clips} clips without their original",
        f"hard pairs: {wrong.hard_pairs}, accepted {wrong.hard_accepted}, found but inconclusive {wrong.hard_unsure}",
        f"time per clip: wall {f.wall:.1f} s, processor {f.cpu:.1f} s (medians)",
    ]
    missed = [f"{r.clip} {r.recipe}" for r in results if not score(r.truth, r.with_own).found]
    return "\n".join([*lines, f"missed: {len(missed)}", *(f"  {name}" for name in missed)])


def _figures(results: Sequence[Result]) -> str:
    """The columns of a summary line."""
    f = figures(results)
    return (
        f"{f.count:3} {f.found:6.1%} {f.false:5} {percentile(f.errors_ms, 50):7.0f} {percentile(f.errors_ms, 90):7.0f} "
        f"{percentile(f.speeds, 90):6.1%} {percentile(f.corners, 50):7.2%}"
    )


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Every result with its truth, answers and score."""
    return [
        {
            "clip": result.clip,
            "recipe": result.recipe,
            "truth": result.truth.as_json(),
            "with_own": result.with_own.as_json(),
            "without": result.without.as_json(),
            "score": asdict(score(result.truth, result.with_own)),
            "read_wall": result.read_wall,
            "read_cpu": result.read_cpu,
        }
        for result in results
    ]


def _ms(value: float | None) -> str:
    return _NONE if value is None else f"{value:.0f} ms"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"
