"""A process that builds the index anew in children that are killed just before a given statement or commit.

Reads one JSON object a line: ``home``, ``url``, ``bands``, ``statement``. Answers each with a line, the child's exit
code. Forks, so that imports are paid for once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, event

from provenance.settings import load_settings
from registry import reindex
from registry.bands import DEFAULT
from registry.store import open_registry


def build(order: dict[str, str | int | None]) -> None:
    left = int(order["statement"] or 0)

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    reindex.BATCH_ROWS = 1
    with open_registry(load_settings(Path(str(order["home"])), database_url=order["url"])) as registry:
        event.listen(Engine, "before_cursor_execute", count)
        event.listen(Engine, "commit", count)
        reindex.reindex(registry, replace(DEFAULT, bands=int(order["bands"] or 0), band_bits=18))


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            build(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201
