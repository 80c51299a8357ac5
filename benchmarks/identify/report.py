"""Results in words: a line each, and a summary by recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.run import Result
from benchmarks.identify.score import BOUNDARY_S, Score, micro_average_precision, percentile, score, share

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


def summary(results: Sequence[Result], halves: tuple[Sequence[Path], Sequence[Path]]) -> str:
    """Figures by recipe, and over each half."""
    second = {path.name for path in halves[1]}
    lines = [f"{'recipe':20} {'n':>3} {'found':>6} {'wrong':>5} {'p50 ms':>7} {'p90 ms':>7} {'speed':>6} {'corner':>7}"]
    for name in BY_NAME:
        some = [result for result in results if result.recipe == name]
        if some:
            lines.append(f"{name:20} {figures(some)}")
    for word, some in (
        ("first half", [r for r in results if r.clip not in second]),
        ("second half", [r for r in results if r.clip in second]),
        ("all", list(results)),
    ):
        for group in ("benign", "edit", "sound"):
            those = [r for r in some if BY_NAME[r.recipe].group == group]
            if those:
                lines.append(f"{f'{word}: {group}':20} {figures(those)}")
    lines += _more(results)
    return "\n".join(lines)


def figures(results: Sequence[Result]) -> str:
    """The columns of a summary line."""
    scores = [score(result.truth, result.with_own) for result in results]
    errors = _known(s.error_ms for s in scores)
    speeds = _known(s.speed_error for s in scores)
    corners = _known(s.corner for s in scores)
    found = share([s.found for s in scores])
    wrong = sum(bool(s.wrong) for s in scores)
    return (
        f"{len(results):3} {found:6.1%} {wrong:5} {percentile(errors, 50):7.0f} {percentile(errors, 90):7.0f} "
        f"{percentile(speeds, 90):6.1%} {percentile(corners, 50):7.2%}"
    )


def _more(results: Sequence[Result]) -> list[str]:
    scores = [score(result.truth, result.with_own) for result in results]
    cuts = [distance for s in scores for distance in s.boundaries]
    accepted = [result for result in results if result.without.found]
    sure = [result for result in accepted if result.without.doubt is None]
    ranked, positives = pairs(results)
    lines = [
        f"inner boundaries within {BOUNDARY_S} s: {share([d <= BOUNDARY_S for d in cuts]):.1%} of {len(cuts)}",
        f"unrelated accepted: {len(accepted)} of {len(results)} clips, {len(sure)} of them without doubt",
        f"micro average precision: {micro_average_precision(ranked, positives):.4f}",
        f"time per clip: wall {percentile([r.read_wall + r.with_own.wall for r in results], 50):.1f} s, "
        f"processor {percentile([r.read_cpu + r.with_own.cpu for r in results], 50):.1f} s (medians)",
    ]
    missed = [f"{r.clip} {r.recipe}" for r, s in zip(results, scores, strict=True) if not s.found]
    return [*lines, f"missed: {len(missed)}", *(f"  {name}" for name in missed)]


def pairs(results: Sequence[Result]) -> tuple[list[tuple[float, bool]], int]:
    """All pairs of a query and an original that have a score, and the number of true pairs."""
    ranked = [
        (value, asset in result.truth.assets) for result in results for asset, value in result.with_own.scores.items()
    ]
    return ranked, sum(len(result.truth.assets) for result in results)


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Every result with its truth, answers and score."""
    return [
        {
            "clip": result.clip,
            "recipe": result.recipe,
            "truth": result.truth.as_json(),
            "with_own": result.with_own.as_json(),
            "without": result.without.as_json(),
            "score": _plain(score(result.truth, result.with_own)),
            "read_wall": result.read_wall,
            "read_cpu": result.read_cpu,
        }
        for result in results
    ]


def _plain(got: Score) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(got)


def _known(values: Any) -> list[float]:
    return [value for value in values if value is not None]


def _ms(value: float | None) -> str:
    return _NONE if value is None else f"{value:.0f} ms"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"
