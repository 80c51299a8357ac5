"""The program that examines one clip, in a process of its own: what kills it costs one attempt.

``python -P -m provenance.importing registry.checks.child DESCRIPTOR``. The task comes over that socket as JSON, and so
do progress and answer go back; what is large goes into files of the folder that the task names. The end of the socket,
by whatever cause, means: stop, and leave nothing running.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from provenance.context import error_as_json
from provenance.errors import ProvenanceError
from provenance.importing import imports_that_stay
from provenance.settings import Settings
from registry.catalog import LocalCatalog
from registry.checks.examiner import load_examiner
from registry.store import open_registry

STOPS_WITHIN_S = 2.0
"""After which a child that was told to stop ends at once."""
REPORT, PAGE = "report.json", "report.html"
_TELL_EVERY_S = 0.2


class StoppedError(BaseException):
    """Nobody waits for the answer any more. Not an ``Exception``: nothing on the way may take it for a fault."""


def carry_out(task: dict[str, Any], on_progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Examine the clip; an error is an answer, too."""
    settings, folder = Settings(**task["settings"]), Path(task["folder"])
    try:
        with imports_that_stay():
            examiner = load_examiner()
        with open_registry(settings) as registry:
            examined = examiner.examine(
                Path(task["clip"]),
                catalog=LocalCatalog(registry),
                settings=settings,
                folder=folder,
                preview=settings.checks.previews,
                budget=task["budget"],
                on_progress=on_progress,
            )
        (folder / REPORT).write_text(json.dumps(examined.report), encoding="utf-8")
        (folder / PAGE).write_text(examined.page, encoding="utf-8")
    except ProvenanceError as error:
        return error_as_json(error)
    except MemoryError:
        return error_as_json(ProvenanceError("system.memory", "there was not enough memory to examine the clip"))
    except OSError as error:
        found = error.strerror or type(error).__name__
        return error_as_json(ProvenanceError("system.io", "the system refused to read or write", found=found))
    preview = [str(examined.preview[0]), examined.preview[1]] if examined.preview else None
    return {"done": {"preview": preview}}


def serve(line: Connection) -> None:
    """Carry out the one task that comes over the line."""
    task = json.loads(line.recv_bytes())
    stop = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(line, stop), daemon=True).start()
    told, said = 0.0, ""

    def on_progress(share: float, doing: str) -> None:
        nonlocal told, said
        if stop.is_set():
            raise StoppedError
        if doing != said or time.monotonic() >= told + _TELL_EVERY_S:
            told, said = time.monotonic(), doing
            line.send_bytes(json.dumps({"share": share, "doing": doing}).encode())

    try:
        answer = carry_out(task, on_progress)
    except StoppedError:
        return
    line.send_bytes(json.dumps(answer).encode())


def _wait_for_the_end(line: Connection, stop: threading.Event) -> None:
    try:
        while line.recv_bytes():
            pass
    except (EOFError, OSError):
        pass
    stop.set()
    time.sleep(STOPS_WITHIN_S)
    os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Serve on the descriptor given."""
    # Ctrl-C is the parent's to deal with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve(Connection(int(arguments[0])))
    except (BrokenPipeError, ConnectionResetError, EOFError):
        # The parent is gone, and with it whoever waits for the answer.
        sys.exit(1)
