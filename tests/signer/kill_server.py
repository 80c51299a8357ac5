"""Signs on request in a child that may kill itself at its n-th call; run as a program by the test of killed runs.

The moment is counted in calls (of Python functions, and from the C2PA library back into Python for every block that
it writes), not in time: so it can be repeated exactly, and no step is too short to be hit.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

# Signing imports these late; here once, not in every child.
import iscc_core  # noqa: F401
import scipy.fftpack  # noqa: F401

from provenance.assets import Capture
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from signer.keys import load_key
from signer.sign import sign_file


def sign_and_die(order: dict[str, Any]) -> int:
    """Sign as ordered; returns how many calls that took, unless killed at number ``kill_at``."""
    settings = load_settings(Path(order["home"]))
    key = load_key(Path(order["keys"]), "development", None)
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1
            if calls == order["kill_at"]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    sign_file(
        Capture(Path(order["source"]), "t"),
        Path(order["target"]),
        key=key,
        settings=settings,
        anchors=load_anchors(settings.anchors),
        replace=order["replace"],
    )
    sys.setprofile(None)
    return calls


def serve() -> None:
    """One order a line in, one answer a line out: the calls made, or 0 where the child was killed."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, str(sign_and_die(json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            calls = answer.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        sys.stdout.write((calls if calls else "0" if killed else "failed") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
