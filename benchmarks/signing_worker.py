"""Signs one file in a process that is already warm, and prints what it cost: see ``benchmarks.signing_cost``.

``python -m benchmarks.signing_worker HOME WARM SOURCE TARGET``. ``WARM`` is a tiny file of the same kind, signed first
so that imports and caches are paid for.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from provenance.assets import Capture
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from signer.home import make_development_home
from signer.keys import load_key
from signer.sign import sign_file


def processor_seconds() -> float:
    """User and system time of this process and its ended children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main(home: Path, warm: Path, source: Path, target: Path) -> None:
    """Sign ``warm``, then ``source`` with a clock running; print JSON: wall and cpu in s, the peak in MiB."""
    settings = load_settings(home)
    make_development_home(settings)
    anchors = load_anchors(settings.anchors)
    key = load_key(settings.keys, "development", None)

    def sign(path: Path) -> None:
        sign_file(Capture(path, path.name), target, key=key, settings=settings, anchors=anchors, replace=True)

    sign(warm)
    began, spent = time.perf_counter(), processor_seconds()
    sign(source)
    wall, cpu = time.perf_counter() - began, processor_seconds() - spent
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
