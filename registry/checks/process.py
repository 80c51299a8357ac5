"""The process that examines one clip, seen from the worker: started, heard, stopped."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from provenance.child_environment import child_environment
from provenance.errors import ProvenanceError
from provenance.settings import Settings
from registry.checks.child import STOPS_WITHIN_S


@dataclass(frozen=True, slots=True)
class Heard:
    """News of an examination: how far it is (``share`` 0-1, ``doing`` in words), or in ``answer`` how it ended.

    An answer is ``{"done": {"preview": [path, media type] | null}}``, ``{"error": {…}}`` or ``{"died": how}``.
    """

    share: float = 0.0
    doing: str = ""
    answer: dict[str, Any] | None = None


class Examination:
    """A running child; a context manager, after which it is gone."""

    def __init__(self, settings: Settings, clip: Path, folder: Path, budget: float) -> None:
        limits = replace(settings.limits, max_seconds=min(settings.limits.max_seconds, settings.checks.max_seconds))
        bounded = settings.model_copy(update={"limits": limits})
        task = {"settings": bounded.model_dump(), "clip": str(clip), "folder": str(folder), "budget": budget}
        ours, theirs = socket.socketpair()
        with ours, theirs:
            # -P: a home may hold a file named like one of our modules. A group of its own: Ctrl-C goes to the parent.
            self._process = subprocess.Popen(  # noqa: S603  (our own program and a number)
                [sys.executable, "-P", "-m", "provenance.importing", "registry.checks.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=child_environment(),
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
            self._line = Connection(ours.detach())
        self._line.send_bytes(json.dumps(task, default=str).encode())

    def hear(self, timeout_s: float) -> Heard | None:
        """The next news, after waiting for it at most that long; None where there is none."""
        try:
            if not self._line.poll(timeout_s):
                return None
            message: dict[str, Any] = json.loads(self._line.recv_bytes())
        except (EOFError, OSError):
            return Heard(answer={"died": self._how_it_ended()})
        if "share" in message:
            return Heard(float(message["share"]), str(message["doing"]))
        return Heard(answer=message)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        try:
            # Told by the end of the line, it ends its decoders and removes its files.
            self._process.wait(STOPS_WITHIN_S / 2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def error_of(answer: dict[str, Any]) -> ProvenanceError:
    """The error in an answer, with the child's own code and words."""
    return ProvenanceError(**answer["error"])
