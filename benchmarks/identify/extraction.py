"""Fingerprint one file in a warm process: ``python -m benchmarks.identify.extraction KIND FILE WARM``.

``KIND``: ``fingerprints``, ``original`` or ``clip``.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.signing_worker import processor_seconds
from provenance.fingerprints.extract import fingerprint, fingerprint_clip
from provenance.media.values import Limits


def extract(kind: str, path: Path) -> None:
    """Fingerprints alone, as they are signed; or with a copy: as ``sign`` does of an original (the reference
    copy), or as ``verify`` does of a clip (the working copy)."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "clip":
            fingerprint_clip(path, Path(folder), limits=Limits())
        else:
            fingerprint(path, Path(folder), limits=Limits(), reference=kind == "original")


def main(kind: str, path: Path, warm: Path) -> None:
    """Extract ``warm``, then ``path`` with a clock running; print JSON: wall and cpu in s, the peaks in MiB."""
    extract(kind, warm)
    began, spent = time.perf_counter(), processor_seconds()
    extract(kind, path)
    wall, cpu = time.perf_counter() - began, processor_seconds() - spent
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"wall": wall, "cpu": cpu, "own_mib": own, "child_mib": child}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
