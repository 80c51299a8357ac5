"""What extraction costs, as a ratio to decoding the same file with the same FFmpeg; and memory over an hour."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.recipes import ffmpeg
from benchmarks.signing_cost import base_footage, decode, footage

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
SECONDS = 30
RUNS = 5
LONG_SIDE = 320
"""Width of the hour: decoding it at 720p would take longer than all else, and memory does not depend on it."""
LENGTHS = (60, 3600)
TARGET_RATIO = 1.35
FLAT = 1.1
FINGERPRINTS = "fingerprints"
KINDS = {
    FINGERPRINTS: "fingerprints alone, as they are signed",
    "original": "with the reference copy (`sign`)",
    "clip": "of a clip, with its working copy (`verify`)",
}
"""What is extracted. The target is that of fingerprints; what a copy adds has its own in the benchmark of signing, and
local features of films are taken once, when they are registered."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of all runs, in s: decoding with FFmpeg's own choice of threads, with one, and extracting."""

    size: str
    kind: str
    decode_cpu: float
    single_cpu: float
    cpu: float
    decode_wall: float
    wall: float

    @property
    def ratio(self) -> float:
        """Processor time over that of decoding."""
        return self.cpu / self.decode_cpu


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks in MiB of the program itself and of its largest child, for a file of so many seconds."""

    kind: str
    seconds: int
    own_mib: float
    child_mib: float


def measure(work: Path, *, hour: bool) -> tuple[list[Cost], list[Memory]]:
    """Decoding and extraction in turns, on 30 s of each size; memory on a minute and an hour of a small one."""
    work.mkdir(parents=True, exist_ok=True)
    base = _made(work / "base.mp4", base_footage)
    warm = work / "warm.mp4"
    ffmpeg(["-i", str(base), "-t", "1", "-c", "copy"], warm)
    costs = []
    for name, (width, height) in SIZES.items():
        video = ["-c:v", "libx264", "-preset", "fast", "-b:v", f"{3_500_000 * height // 720}", "-g", "50"]
        size = ["-vf", f"scale={width}:{height}:flags=lanczos"]
        cut = ["-i", str(base), "-t", str(SECONDS), *size, *video, "-c:a", "copy"]
        path = _made(work / f"{name}.mp4", partial(ffmpeg, cut))
        costs += [_cost(name, kind, path, warm) for kind in KINDS]
    return costs, _memory(work, base, warm) if hour else []


def _made(path: Path, make: Callable[[Path], None]) -> Path:
    """The file, made unless it is there, and there only when it is whole."""
    if not path.exists():
        beside = path.with_name(f"part-{path.name}")
        make(beside)
        beside.rename(path)
    return path


def _cost(size: str, kind: str, path: Path, warm: Path) -> Cost:
    decoded, single, extracted = [], [], []
    for _ in range(RUNS):
        decoded.append(decode(path))
        single.append(decode(path, threads=1))
        extracted.append(_extract(kind, path, warm))
        print(f"{size}, {kind}: decode {decoded[-1].cpu:.2f} cpu s, extract {extracted[-1]['cpu']:.2f}", flush=True)
    return Cost(
        size,
        kind,
        statistics.median(one.cpu for one in decoded),
        statistics.median(one.cpu for one in single),
        statistics.median(one["cpu"] for one in extracted),
        statistics.median(one.wall for one in decoded),
        statistics.median(one["wall"] for one in extracted),
    )


def _memory(work: Path, base: Path, warm: Path) -> list[Memory]:
    shrunk = ["-i", str(base), "-vf", f"scale={LONG_SIDE}:-2", "-c:v", "libx264", "-crf", "26", "-c:a", "copy"]
    small = _made(work / "small.mp4", partial(ffmpeg, shrunk))
    found = []
    for kind in KINDS:
        for seconds in LENGTHS:
            path = _made(work / f"small-{seconds}.mp4", partial(footage, small, seconds))
            said = _extract(kind, path, warm)
            found.append(Memory(kind, seconds, said["own_mib"], said["child_mib"]))
            print(f"{kind}, {seconds} s: {said['own_mib']:.0f} + {said['child_mib']:.0f} MiB", flush=True)
    return found


def _extract(kind: str, path: Path, warm: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.identify.extraction", kind, str(path), str(warm)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def _verdict(cost: Cost) -> str:
    if cost.kind != FINGERPRINTS:
        return ""
    return f"{'met' if cost.ratio <= TARGET_RATIO else '**short**'}: ≤ {TARGET_RATIO}"


def section(costs: Sequence[Cost], memory: Sequence[Memory]) -> str:
    """The part of the page about cost."""
    lines = [
        "## What extraction costs",
        "",
        f"{SECONDS} s of H.264 with sound; processor seconds with all children, medians of {RUNS} runs, decoding and",
        "extraction in turns. Decoding is `ffmpeg -i FILE -f null -` with its own choice of threads, and with one.",
        "",
        "| footage | of | decode cpu s | one thread | extract cpu s | **ratio** | to one thread | wall ratio | |",
        "|" + "---|" * 9,
    ]
    lines += [
        f"| {c.size} | {KINDS[c.kind]} | {c.decode_cpu:.2f} | {c.single_cpu:.2f} | {c.cpu:.2f} | **{c.ratio:.2f}** "
        f"| {c.cpu / c.single_cpu:.2f} | {c.wall / c.decode_wall:.2f} "
        f"| {_verdict(c)} |"
        for c in costs
    ]
    if memory:
        lines += ["", f"Memory, footage {LONG_SIDE} pixels wide:", ""]
        lines += ["| of | seconds | program MiB | largest child MiB | |", "|---|---|---|---|---|"]
    for one in memory:
        first = next(m for m in memory if m.kind == one.kind)
        growth = (one.own_mib + one.child_mib) / (first.own_mib + first.child_mib)
        said = "" if one is first else f"{growth:.2f} x: {'flat' if growth <= FLAT else '**grows**'}"
        lines.append(f"| {KINDS[one.kind]} | {one.seconds} | {one.own_mib:.0f} | {one.child_mib:.0f} | {said} |")
    return "\n".join(lines)
