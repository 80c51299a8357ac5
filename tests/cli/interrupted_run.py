"""Runs ``provenance`` and presses Ctrl-C when it first enters a function: ``interrupted_run.py FUNCTION WORD…``.

The moment is a place in the program, not a time: so it can be repeated exactly.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from provenance.cli import main


def press_at(function: str) -> None:
    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and function in (frame.f_code.co_name, frame.f_code.co_qualname):
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)

    sys.setprofile(watch)


if __name__ == "__main__":
    # A shell's background jobs are started deaf to Ctrl-C, and hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    press_at(sys.argv[1])
    main(sys.argv[2:])
