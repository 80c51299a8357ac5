"""Meta's TMK+PDQF, where its programs have been built: ``make tmk-hash-video tmk-two-level-score`` in ``tmk/cpp`` of
https://github.com/facebook/ThreatExchange."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.recipes import binary

NAME = "TMK+PDQF (Meta)"


def fingerprint(programs: Path, path: Path, target: Path) -> Path:
    """The video's ``.tmk`` file, made unless it is there."""
    if not target.exists():
        beside = target.with_suffix(".part")
        command = [programs / "tmk-hash-video", "-f", binary(), "-i", path.absolute(), "-o", beside]
        subprocess.run([str(part) for part in command], capture_output=True, check=True)
        beside.rename(target)
    return target


def scores(programs: Path, query: Path, originals: Mapping[str, Path]) -> dict[str, float]:
    """The second-level score of the query with each original by name, 0-1."""
    names = {str(path): name for name, path in originals.items()}
    command = [programs / "tmk-two-level-score", "--c1", "-1", "--c2", "-1", query, *originals.values()]
    said = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        _, level2, one, other = line.split(" ", 3)
        if str(query) in (one, other):
            found[names[other if one == str(query) else one]] = float(level2)
    return found
