"""Signing many small files: throughput per core, ratio to hashing and decoding alone, and going on after a kill.

``python -m benchmarks.batch [--pictures N] [--clips N] [--page FILE]``. The files are made here: noise pictures of
640 x 480 and one-second clips, no two alike. *Hashing and decoding alone* is SHA-256 of each file and one FFmpeg
process that decodes it to nothing, one file after the other: what nobody can do without.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import recipes
from benchmarks.machine import describe
from provenance.files import sha256_file
from provenance.settings import load_settings
from signer.home import make_development_home

DEFAULT_PICTURES = 950
DEFAULT_CLIPS = 50
_KILL_AFTER_SHARE = 0.4
"""Share of the files that are signed when the interrupted run is killed."""
_QUIET_LOAD = 3.5
"""Runnable processes, on average, up to which the machine is taken to be the benchmark's own."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and processor time, the children's too, in s."""

    wall: float
    cpu: float


class _Clock:
    def __enter__(self) -> _Clock:
        self._wall, self._cpu = time.perf_counter(), _spent()
        return self

    def __exit__(self, *_: object) -> None:
        self.cost = Cost(time.perf_counter() - self._wall, _spent() - self._cpu)


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def make_files(folder: Path, pictures: int, clips: int) -> list[Path]:
    """Distinct files, seeded."""
    folder.mkdir()
    paths = []
    for seed in range(pictures):
        noise = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), dtype=np.uint8)
        path = folder / f"picture-{seed:05}.jpg"
        path.write_bytes(
            cv2.imencode(".jpg", cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC))[1].tobytes()
        )
        paths.append(path)
    for seed in range(clips):
        path = folder / f"clip-{seed:05}.mp4"
        source = f"testsrc2=size=320x240:rate=25:duration=1,hue=h={seed}"
        recipes.ffmpeg(["-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "veryfast"], path)
        paths.append(path)
    return paths


def alone(paths: list[Path]) -> Cost:
    """Hash and decode each file, and nothing else."""
    with _Clock() as clock:
        for path in paths:
            sha256_file(path)
            command = [recipes.binary(), "-nostdin", "-v", "error", "-i", str(path), "-f", "null", "-"]
            subprocess.run(command, check=True)
    return clock.cost


def command(home: Path, files: Path, out: Path, jobs: int) -> list[str]:
    words = ["sign", str(files), "-o", str(out), "--jobs", str(jobs), "--json-lines"]
    return [sys.executable, "-m", "provenance.cli", "--home", str(home), *words]


def sign(home: Path, files: Path, out: Path, jobs: int) -> tuple[Cost, dict[str, Any]]:
    """One whole run; its cost and its summary."""
    with _Clock() as clock:
        done = subprocess.run(command(home, files, out, jobs), capture_output=True, text=True, check=True)
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["summary"]
    return clock.cost, summary


def interrupted(home: Path, files: Path, out: Path, count: int) -> tuple[int, int, dict[str, Any], int]:
    """Kill a run midway (SIGKILL) and go on: outputs at the kill, of these unchanged after, summary, assets twice."""
    with subprocess.Popen(
        command(home, files, out, 2), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe to the command")
        for _ in range(int(count * _KILL_AFTER_SHARE)):
            process.stdout.readline()
        process.kill()
    # The workers see that their parent is gone and end; the file that one was at may still be finished.
    time.sleep(5)
    before = {path: sha256_file(path) for path in out.rglob("*.signed.*")}
    _, summary = sign(home, files, out, 2)
    unchanged = sum(sha256_file(path) == digest for path, digest in before.items())
    again = subprocess.run(command(home, files, out, 2), capture_output=True, text=True, check=True)
    assets = Counter(json.loads(line).get("asset_id") for line in again.stdout.splitlines()[:-1])
    twice = sum(number > 1 for number in assets.values())
    return len(before), unchanged, summary, twice


def page(pictures: int, clips: int) -> tuple[str, bool]:
    """Measure; the page, and whether resuming was right."""
    count = pictures + clips
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        make_development_home(load_settings(home))
        paths = make_files(folder / "files", pictures, clips)
        bare = alone(paths)
        rows = [f"| hashing and decoding alone | {count / bare.wall:.1f} | {bare.wall:.1f} | {bare.cpu:.1f} | 1.00 | |"]
        for jobs in (1, 2):
            cost, summary = sign(home, folder / "files", folder / f"out-{jobs}", jobs)
            if summary["signed"] != count:
                raise RuntimeError(f"{summary['signed']} of {count} signed")
            rows.append(
                f"| signing, --jobs {jobs} | {count / cost.wall:.1f} | {cost.wall:.1f} | {cost.cpu:.1f} "
                f"| {cost.cpu / bare.cpu:.2f} | {count / cost.cpu:.2f} |"
            )
        nothing, _ = sign(home, folder / "files", folder / "out-2", 2)
        rows.append(
            f"| all of it done before | {count / nothing.wall:.1f} | {nothing.wall:.1f} | {nothing.cpu:.1f} | | |"
        )
        present, unchanged, summary, twice = interrupted(home, folder / "files", folder / "out-k", count)
        outputs = len(list((folder / "out-k").rglob("*.signed.*")))
        hidden = len([path for path in (folder / "out-k").rglob(".*") if path.is_file()])
    right = unchanged == present and summary["signed"] + present == outputs == count and not twice and not hidden
    lines = [
        "# Signing many small files",
        "",
        f"Written by `python -m benchmarks.batch --pictures {pictures} --clips {clips}`: {pictures} pictures of"
        f" 640 x 480 and {clips} clips of one second.",
        "",
        describe(),
        f"Load of the machine at the end: {os.getloadavg()[1]:.1f} over five minutes."
        + (" Others kept it busy: wall times say little." if os.getloadavg()[1] > _QUIET_LOAD else "")
        + (" Few files: start-up weighs heavily." if count < DEFAULT_PICTURES + DEFAULT_CLIPS else ""),
        "",
        "| | files a second | wall s | processor s | processor time, ratio | files per processor second |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "All rows are of one run on one machine: compare them with each other, not with other pages. *Files per"
        " processor second* is the throughput of one core.",
        "",
        "*Hashing and decoding alone*: SHA-256 of each file and one FFmpeg process that decodes it to nothing. Signing"
        " is the whole command, start-up included.",
        "",
        f"Killed (SIGKILL) after {_KILL_AFTER_SHARE:.0%}, then run again: {present} outputs were there, {unchanged} of"
        f" them unchanged afterwards; {summary['signed']} signed by the second run, {outputs} outputs of {count} files,"
        f" {twice} assets twice, {hidden} hidden files left: {'as it should be' if right else '**wrong**'}.",
        "",
    ]
    return "\n".join(lines), right


def main() -> int:
    """Measure and write the page; 1 if a file was signed twice or lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=DEFAULT_PICTURES)
    parser.add_argument("--clips", type=int, default=DEFAULT_CLIPS)
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks/batch.md"))
    options = parser.parse_args()
    text, right = page(options.pictures, options.clips)
    options.page.write_text(text)
    print(text)
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
