"""Workers of a batch, seen from the parent: started, given one job at a time, heard, stopped.

Each is a process, so that one which is killed or runs out of memory takes one file with it, not the batch. A file that
is alone can be signed by a thread of this process: there are no others to keep from harm, and another interpreter
would import all of it again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from provenance.child_environment import child_environment
from provenance.errors import ProvenanceError
from provenance.settings import Settings
from signer.key_stores import PASSPHRASE, PIN
from signer.order import STOP_WITHIN_S, Order

Job = TypeVar("Job")

_IDLE_ENDS_WITHIN_S = 2.0
_SECRETS = {PASSPHRASE.variable, PIN.variable}


@dataclass(frozen=True, slots=True)
class Heard(Generic[Job]):
    """News of a job: ``share`` done (0-1), or its ``answer`` as ``worker.Bench.do`` gives it, or neither: stopped."""

    job: Job
    share: float | None = None
    answer: dict[str, Any] | None = None


class Workers(Generic[Job]):
    """Up to ``count`` workers; a context manager, after which none is left.

    ``nice``: by how much other work goes before theirs, as for nice(2). ``alone``: one worker, in this process. It
    cannot be killed: what does not stop when told to is left behind, and signs nothing any more.
    """

    def __init__(
        self, count: int, settings: Settings, order: Order, secret: str | None, *, nice: int = 0, alone: bool = False
    ) -> None:
        self._count = 1 if alone else count
        self._runs = _Thread if alone else _Process
        opening = {"settings": settings.model_dump(), "order": asdict(order), "secret": secret, "nice": nice}
        self._opening = json.dumps(opening, default=str).encode()
        self._all: list[_Worker[Job]] = []
        self._proven = False

    def __enter__(self) -> Workers[Job]:
        return self

    def __exit__(self, *_: object) -> None:
        deque(self.stop(within_s=0.0), maxlen=0)

    @property
    def free(self) -> int:
        """How many jobs can be given now."""
        return self._count - self.busy

    @property
    def busy(self) -> int:
        """How many jobs are not answered yet."""
        return sum(worker.job is not None for worker in self._all)

    def give(self, job: Job, message: dict[str, Any]) -> None:
        """Give a job to a worker that has none; one is started if need be. Only where ``free`` is not 0."""
        worker = next((w for w in self._all if w.job is None), None)
        if worker is None:
            worker = _Worker(self._opening, self._runs)
            self._all.append(worker)
        worker.give(job, message)

    def hear(self, timeout_s: float) -> Iterator[Heard[Job]]:
        """What came in, after waiting for it at most that long.

        Raises:
            ProvenanceError: the order cannot be carried out for any file, or workers cannot be started.
        """
        ready = wait([worker.line for worker in self._all], timeout_s)
        for worker in [w for w in self._all if w.line in ready]:
            heard = self._hear(worker)
            if heard is not None:
                yield heard

    def stop(self, within_s: float = STOP_WITHIN_S) -> Iterator[Heard[Job]]:
        """Tell all to stop; yield what those come to that have a job. Then none is left.

        A worker that is still there after ``within_s`` is killed.
        """
        for worker in self._all:
            worker.tell_to_stop()
        deadline = time.monotonic() + within_s
        while self._all and (left := deadline - time.monotonic()) > 0:
            ready = wait([worker.line for worker in self._all], left)
            for worker in [w for w in self._all if w.line in ready]:
                message, job = worker.read(), worker.job
                if message is None:
                    self._remove(worker)
                elif "share" in message or "ready" in message:
                    continue
                else:
                    worker.job = None
                if job is not None:
                    yield Heard(job, answer=message)
        for worker in list(self._all):
            self._remove(worker, patience_s=_IDLE_ENDS_WITHIN_S if worker.job is None else 0.0)
            if worker.job is not None:
                yield Heard(worker.job)

    def _hear(self, worker: _Worker[Job]) -> Heard[Job] | None:
        message, job = worker.read(), worker.job
        if message is None:
            self._remove(worker)
            if not self._proven:
                raise _cannot_start(worker.how_it_ended)
            return Heard(job, answer=_died(worker.how_it_ended)) if job is not None else None
        if not worker.ready:
            if "error" in message:
                raise ProvenanceError(**message["error"])
            worker.ready = self._proven = True
            return None
        if job is None:
            return None
        if "share" in message:
            return Heard(job, share=float(message["share"]))
        worker.job = None
        return Heard(job, answer=message)

    def _remove(self, worker: _Worker[Job], patience_s: float = _IDLE_ENDS_WITHIN_S) -> None:
        worker.end(patience_s)
        self._all.remove(worker)


class _Process:
    """Serves at the other end of a worker's line, in a process of its own."""

    def __init__(self, theirs: socket.socket) -> None:
        with theirs:
            # -P: a folder of footage may hold a file named like one of our modules. A group of its own: Ctrl-C goes to
            # the parent alone, which then stops its workers in good order.
            self._process = subprocess.Popen(  # noqa: S603  (our own program and a number)
                [sys.executable, "-P", "-m", "provenance.importing", "signer.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=child_environment(_SECRETS.__contains__),
                pass_fds=[theirs.fileno()],
                process_group=0,
            )

    def end(self, patience_s: float) -> None:
        try:
            self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def how_it_ended(self) -> str:
        code = self._process.returncode or 0
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


class _Thread:
    """The same in a thread."""

    how_it_ended = "an error that was not foreseen"

    def __init__(self, theirs: socket.socket) -> None:
        self._theirs = theirs
        # A daemon: one that hangs in a library must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # Here and not at the top: a batch's parent does without all that signs.
        from signer.worker import serve

        with self._theirs:
            try:
                serve(Connection(os.dup(self._theirs.fileno())))
            finally:
                # Not closed alone: there are two descriptors, and who waits for jobs reads from the other.
                with suppress(OSError):
                    self._theirs.shutdown(socket.SHUT_RDWR)

    def end(self, patience_s: float) -> None:
        self._thread.join(patience_s)


class _Worker(Generic[Job]):
    def __init__(self, opening: bytes, runs: type[_Process | _Thread]) -> None:
        ours, theirs = socket.socketpair()
        self._program = runs(theirs)
        self._socket = ours
        self.line = Connection(os.dup(ours.fileno()))
        self.ready = False
        self.job: Job | None = None
        self._send(opening)

    def give(self, job: Job, message: dict[str, Any]) -> None:
        self.job = job
        self._send(json.dumps(message).encode())

    def read(self) -> dict[str, Any] | None:
        """One message; None where the worker is gone."""
        try:
            message: dict[str, Any] = json.loads(self.line.recv_bytes())
        except (EOFError, OSError):
            return None
        return message

    def tell_to_stop(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def end(self, patience_s: float) -> None:
        """Let go of it; kill it if it still runs after that time."""
        self.line.close()
        self._socket.close()
        self._program.end(patience_s)

    @property
    def how_it_ended(self) -> str:
        return self._program.how_it_ended

    def _send(self, data: bytes) -> None:
        try:
            self.line.send_bytes(data)
        except OSError:
            # It is gone; the next read says so.
            return


def _died(how: str) -> dict[str, Any]:
    return {
        "error": {
            "code": "batch.worker_died",
            "message": "the worker died while it was signing this file",
            "expected": "an answer",
            "found": how,
            "hint": "where memory is short, fewer --jobs; then run the same command again",
        },
        "died": True,
    }


def _cannot_start(how: str) -> ProvenanceError:
    return ProvenanceError(
        "batch.no_worker",
        "a worker process could not be started",
        found=how,
        hint="free memory, or check the installation with provenance --version",
    )
