"""What verifying a longer clip costs: 30 s of 720p against real time, and memory over an hour."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.identify.cost import FLAT, LONG_SIDE, SECONDS, _made
from benchmarks.identify.newsroom import Newsroom, newsroom
from benchmarks.recipes import ffmpeg, platform_copy
from benchmarks.signing_cost import base_footage, footage

LINES = 720
LENGTHS = (60, 600, 3600)
RUNS = 3
TARGET_PACE = 4.0
TARGET_MIB = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one clip: its length and what verifying it took, medians in s; peaks of the program and its children."""

    name: str
    seconds: int
    verdict: str
    wall: float
    cpu: float
    decode_cpu: float
    own_mib: float
    child_mib: float

    @property
    def pace(self) -> float:
        """Seconds of clip verified in a second."""
        return self.seconds / self.wall

    @property
    def mib(self) -> float:
        return self.own_mib + self.child_mib


def measure(work: Path, *, hour: bool) -> list[Cost]:
    """A copy of 30 s of 720p, identification included; and copies of a minute, ten and an hour of a small picture.

    What ``work`` holds of earlier runs is kept beside what is measured anew.
    """
    work.mkdir(parents=True, exist_ok=True)
    kept = work / "costs.json"
    costs = {c["name"]: Cost(**c) for c in json.loads(kept.read_text())} if kept.exists() else {}
    base, originals = _made(work / "base.mp4", base_footage), work / "originals"
    originals.mkdir(exist_ok=True)
    cut = ["-i", str(base), "-t", f"{SECONDS}", "-c", "copy"]
    named = {f"{SECONDS} s of {LINES}p": (_made(originals / "whole.mp4", partial(ffmpeg, cut)), SECONDS, LINES)}
    if hour:
        shrunk = ["-i", str(base), "-vf", f"scale={LONG_SIDE}:-2", "-c:v", "libx264", "-crf", "22", "-c:a", "copy"]
        small = _made(work / "small.mp4", partial(ffmpeg, shrunk))
        for length in LENGTHS:
            path = _made(originals / f"small-{length}.mp4", partial(footage, small, length))
            named[f"{length} s, {LONG_SIDE} pixels wide"] = path, length, LONG_SIDE * 9 // 16
    room = newsroom(work, [path for path, _, _ in named.values()])
    warm = work / "warm.mp4"
    ffmpeg(["-i", str(base), "-t", "2", "-c", "copy"], warm)
    for name, (path, length, lines) in named.items():
        clip = _made(work / f"copy-{path.name}", partial(platform_copy, path, height=lines, crf=28))
        watched = _verify(room, clip, warm, "--children")
        # Watching takes a share of the processor: what is held against a target of time runs without.
        runs = [_verify(room, clip, warm) for _ in range(RUNS)] if length == SECONDS else [watched]
        middle = {key: statistics.median(float(run[key]) for run in runs) for key in runs[0] if key != "verdict"}
        middle |= {key: float(watched[key]) for key in ("own_mib", "child_mib")}
        cost = Cost(name, length, str(runs[0]["verdict"]), **middle)
        print(f"{name}: {cost.wall:.1f} s, {cost.mib:.0f} MiB, {cost.verdict}", flush=True)
        costs[name] = cost
        kept.write_text(json.dumps([asdict(one) for one in costs.values()], indent=1))
    return sorted(costs.values(), key=lambda one: one.seconds)


def section(costs: Sequence[Cost]) -> str:
    """The part of the page about longer clips."""
    head = ["clip", "verdict", "wall s", "× real time", "", "cpu ÷ decode", "program MiB", "children MiB", ""]
    lines = [
        "## A longer clip",
        "",
        "A copy of registered footage, verified in a warm process, identification included, nothing else running.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for one in costs:
        paced = one.seconds == SECONDS
        met = f"{_met(one.pace >= TARGET_PACE)}: ≥ {TARGET_PACE:g}" if paced else ""
        memory = f"{_met(one.mib < TARGET_MIB)}: < {TARGET_MIB}"
        if one.seconds in LENGTHS[1:]:
            growth = one.mib / next(other.mib for other in costs if other.seconds == LENGTHS[0])
            memory += f"; {growth:.2f} × that of a minute: {'flat' if growth <= FLAT else '**grows**'}"
        ratio = one.cpu / one.decode_cpu
        cells = [one.name, one.verdict, f"{one.wall:.1f}", f"{one.pace:.1f}", met, f"{ratio:.1f}"]
        lines.append("| " + " | ".join([*cells, f"{one.own_mib:.0f}", f"{one.child_mib:.0f}", memory]) + " |")
    return "\n".join(lines)


def _verify(room: Newsroom, clip: Path, warm: Path, *options: str) -> dict[str, str | float]:
    command = [sys.executable, "-m", "benchmarks.alter.verifying", str(room.home), str(clip), str(warm), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, str | float] = json.loads(done.stdout)
    return found


def _met(met: bool) -> str:
    return "met" if met else "**short**"
