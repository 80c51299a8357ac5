"""Runs ``provenance`` and presses Ctrl-C when it first enters a function: ``interrupted_run.py FUNCTION WORD…``.

The moment is a place in the program, not a time: so it can be repeated exactly. Without arguments it reads a JSON
object a line (``function``, ``words``, ``folder``, ``said``) and answers each with a line, the exit code; it forks, so
that imports are paid for once. ``folder`` is where it runs and keeps temporary files; ``said`` takes stdout and stderr.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from provenance.cli import main


def press_at(function: str) -> None:
    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and function in (frame.f_code.co_name, frame.f_code.co_qualname):
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)

    sys.setprofile(watch)


def run(function: str, words: list[str]) -> None:
    # A shell's background jobs are started deaf to Ctrl-C, and hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    press_at(function)
    main(words)


def _run_in(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    os.environ["TMPDIR"] = order["folder"]
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(order["said"]) / name, os.O_WRONLY | os.O_CREAT, 0o600), number)
    run(order["function"], order["words"])


def serve() -> None:
    # What `verify` imports when it is called, or later.
    import scipy.fftpack  # noqa: F401

    import verifier.cli
    import verifier.face_detector  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run_in(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], sys.argv[2:])
    else:
        serve()
