"""How long `provenance --help` and `--version` take: the cost a person pays at every command.

Prints one row per command: the fastest of several runs, which is what the program costs, and the median, which is
what a person waits. Fails above the budget.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.demo import executable

BUDGET_S = 0.4
RUNS = 15


def measure(*words: str, runs: int = RUNS) -> tuple[float, float]:
    """Fastest and median wall time in seconds of ``provenance WORDS``."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([executable(), *words], capture_output=True, check=True)
        times.append(time.perf_counter() - began)
    return min(times), statistics.median(times)


def main() -> int:
    """Print the rows; 1 if `--help` is over its budget."""
    print("| command | fastest s | median s | budget s |\n|---|---|---|---|")
    medians = {}
    for word in ("--help", "--version"):
        fastest, medians[word] = measure(word)
        print(f"| `provenance {word}` | {fastest:.3f} | {medians[word]:.3f} | {BUDGET_S} |")
    return int(medians["--help"] > BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
