"""Verify one clip in a warm process: ``python -m benchmarks.alter.verifying HOME CLIP WARM``."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from benchmarks.alter.ask import ask
from benchmarks.identify.newsroom import Newsroom


def main(home: Path, clip: Path, warm: Path) -> None:
    """Verify ``warm``, then ``clip``; print JSON: verdict, wall and processor seconds, peaks in MiB."""
    room = Newsroom(home, json.loads((home / "originals.json").read_text()))
    ask(warm, room)
    said = ask(clip, room)
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    whole = {"verdict": said.verdict, "wall": said.wall, "cpu": said.cpu, "decode_cpu": said.decode_cpu}
    print(json.dumps({**whole, "own_mib": own, "child_mib": child}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
