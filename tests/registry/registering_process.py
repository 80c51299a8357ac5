"""A process of its own that registers a file when told to, in children that can be killed or kept short of room.

Reads one JSON object a line: ``home``, ``signed``, ``anchors`` and one of ``delay_s`` (killed from outside then),
``statement`` (killed just before that statement or commit), ``room`` (bytes that a file may have). Answers each with
one line: ``killed``, ``registered`` or an error's code. Forks, so that only the first attempt pays for imports.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import iscc_core  # noqa: F401 - imported late by what registers; here once instead of in every child
import scipy.fftpack  # noqa: F401 - likewise
from sqlalchemy import Engine, event

from provenance.errors import ProvenanceError
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from registry.register import register
from registry.store import open_registry


def _register(order: dict[str, str]) -> str:
    anchors = load_anchors(Path(order["anchors"]))
    settings = load_settings(Path(order["home"]))

    def on_progress(_: float) -> None:
        # The decoder runs by now and keeps its own limits: what is short of room are blobs and database.
        if "room" in order:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(order["room"]), int(order["room"])))

    try:
        with open_registry(settings) as store:
            register(
                store,
                Path(order["signed"]),
                settings=settings,
                anchors=anchors,
                policy=SignedUnder(anchors),
                on_progress=on_progress,
            )
    except ProvenanceError as error:
        return error.code
    return "registered"


def _die_at_statement(number: int) -> None:
    left = number

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def _attempt(order: dict[str, str]) -> str:
    answers, answer = os.pipe()
    child = os.fork()
    if child == 0:
        if "statement" in order:
            _die_at_statement(int(order["statement"]))
        os.write(answer, _register(order).encode())
        os._exit(0)
    os.close(answer)
    if "delay_s" in order:
        time.sleep(float(order["delay_s"]))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    said = os.read(answers, 1000).decode()
    os.close(answers)
    return said if os.WIFEXITED(status) else "killed"


if __name__ == "__main__":
    for line in sys.stdin:
        print(_attempt(json.loads(line)), flush=True)  # noqa: T201
