"""Verify one clip in a warm process: ``python -m benchmarks.alter.verifying HOME CLIP WARM [--children]``.

With ``--children`` their memory is watched, which takes a share of the processor: such a run is not timed.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from pathlib import Path

from benchmarks.alter.ask import ask
from benchmarks.identify.newsroom import Newsroom

_SAMPLE_S = 0.02


class Children(threading.Thread):
    """Watches this process's children: ``peak``, in MiB, is the most that they held together.

    What the system keeps of ended children would not do: one that has not yet become another program counts as large
    as this one.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0

    def run(self) -> None:
        own = Path("/proc/self/cmdline").read_bytes()
        while True:
            held = 0.0
            for folder in map(Path, [f"/proc/{pid}" for pid in _descendants("self")]):
                try:
                    if (folder / "cmdline").read_bytes() != own:
                        held += int((folder / "statm").read_text().split()[1]) * resource.getpagesize() / 2**20
                except (OSError, IndexError):
                    continue
            self.peak = max(self.peak, held)
            time.sleep(_SAMPLE_S)


def _descendants(pid: str) -> list[str]:
    found: list[str] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += task.read_text().split()
        except OSError:
            continue
    return [*found, *(below for child in found for below in _descendants(child))]


def main(home: Path, clip: Path, warm: Path, *, watched: bool) -> None:
    """Verify ``warm``, then ``clip``; print JSON: verdict, wall and processor seconds, peaks in MiB."""
    room = Newsroom(home, json.loads((home / "originals.json").read_text()))
    ask(warm, room)
    children = Children()
    if watched:
        children.start()
    said = ask(clip, room)
    own, child = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, children.peak
    whole = {"verdict": said.verdict, "wall": said.wall, "cpu": said.cpu, "decode_cpu": said.decode_cpu}
    print(json.dumps({**whole, "own_mib": own, "child_mib": child}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), watched=sys.argv[4:] == ["--children"])
