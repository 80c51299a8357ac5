"""Signing many files: what is finished stays, the rest goes to workers, and each outcome is told as it comes.

1. Each item is looked at: nothing at its target, finished before, to be settled by a worker, or in the way.
2. The journal notes that a target is begun; a worker signs; the journal notes what came of it.
3. Finished outputs are registered here, one after the other in order of finishing: the database has one writer.

Killed at any moment, a run leaves targets that are whole or absent, and a journal from which the next one goes on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from provenance.assets import Stamp
from provenance.errors import OutputError, ProvenanceError
from provenance.identity import identity_of
from provenance.settings import Settings
from signer.authorities import StampPolicy
from signer.journal import Begun, Finished, Journal
from signer.order import Order, Outcome, Signed, State, StoppedError, as_text
from signer.plan import Plan, Task, tidy
from signer.workers import Heard, Workers

if TYPE_CHECKING:
    from registry.register import Registered

JOURNAL = "signing.db"
_LOOK_EVERY_S = 0.2
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL}


class Registrar(Protocol):
    """Puts a signed output into the registry; ``address`` names which."""

    @property
    def address(self) -> str:
        """Where it registers."""

    def register(self, signed: Signed, stopped: Callable[[], bool]) -> Registered:
        """Register, or raise ``ProvenanceError``; ``StoppedError`` once ``stopped`` says so."""


class View(Protocol):
    """Is told how a batch gets on."""

    def advanced(self, source: Path, share: float) -> None:
        """A file is being signed; ``share`` of it is done (0-1)."""

    def came_out(self, outcome: Outcome) -> None:
        """Nothing more will happen to this file."""


Feed = Callable[[], Plan | None]
"""Says what is to be done besides, if anything; None where nothing will come any more."""


@dataclass(slots=True)
class Batch:
    """One run over a plan. ``registrar`` where the outputs are to be registered, too."""

    settings: Settings
    order: Order
    journal: Journal
    view: View
    registrar: Registrar | None = None
    _registering: list[tuple[Outcome, Future[Registered]]] = field(default_factory=list)
    _stopped: bool = False

    def run(self, plan: Plan, jobs: int, secret: str | None, feed: Feed | None = None, *, alone: bool = False) -> bool:
        """Carry the plan out; every item's outcome is told to the view. False where it was cancelled (Ctrl-C, SIGTERM).

        ``feed`` is asked a few times a second for what has come up meanwhile; the run goes on until it says None.

        ``secret`` opens the key. That it does was tried before: here every worker would try it. ``alone``: the plan
        has one file, which is signed in this process.

        Raises:
            ProvenanceError: the order cannot be carried out for any file.
        """
        more: Plan | None = plan
        waiting: deque[Task] = deque()
        workers: Workers[Task] = Workers(jobs, self.settings, self.order, secret, alone=alone)
        with ThreadPoolExecutor(1) as thread, workers, interrupts() as interrupted:
            try:
                while (more is not None or waiting or self._registering or workers.busy) and not interrupted.is_set():
                    if more is not None:
                        self._take(more, waiting, thread)
                        more = feed() if feed is not None else None
                    while waiting and workers.free and not interrupted.is_set():
                        self._begin(waiting.popleft(), workers)
                    for heard in workers.hear(_LOOK_EVERY_S):
                        self._heard(heard, thread)
                    self._registered()
                if interrupted.is_set():
                    self._stopped = True
                    for heard in workers.stop():
                        self._heard(heard, thread)
                    thread.shutdown()
                    self._registered()
            finally:
                self._stopped = True
        return not interrupted.is_set()

    def _take(self, plan: Plan, waiting: deque[Task], thread: ThreadPoolExecutor) -> None:
        for outcome in plan.refused:
            self.view.came_out(outcome)
        for item, signed, registering in plan.done:
            self._signed(Outcome(item.source, State.DONE_BEFORE, signed), thread, registering)
        waiting.extend(plan.tasks)

    def _begin(self, task: Task, workers: Workers[Task]) -> None:
        target = task.item.target
        try:
            if task.makes_folder:
                target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.view.came_out(Outcome(task.item.source, State.FAILED, error=_no_folder(target.parent, error)))
            return
        if task.begins:
            entry = Begun(task.source_identity, self.order.digest, identity_of(target))
            self.journal.begin(target, entry)
        self.view.advanced(task.item.source, 0.0)
        workers.give(task, task.message())

    def _heard(self, heard: Heard[Task], thread: ThreadPoolExecutor) -> None:
        source, target = heard.job.item.source, heard.job.item.target
        answer = heard.answer
        if heard.share is not None:
            self.view.advanced(source, heard.share)
        elif answer is None:
            tidy(target)
        elif answer.get("error"):
            if answer.get("died"):
                tidy(target)
            elif heard.job.begins:
                self.journal.abandon(target)
            self.view.came_out(Outcome(source, State.FAILED, error=ProvenanceError(**answer["error"])))
        else:
            sidecar = Path(answer["sidecar"]) if answer["sidecar"] else None
            stamp = Stamp(**answer["stamp"]) if answer["stamp"] else None
            notes = (*answer["notes"], *self._stamped(source, target, stamp))
            signed = Signed(target, sidecar, answer["asset_id"], answer["reference_sha256"], notes, stamp)
            self.journal.finish(source, target, self._finished(heard.job, answer, signed))
            state = State.SIGNED if answer["fresh"] else State.DONE_BEFORE
            self._signed(Outcome(source, state, signed), thread, self.registrar is not None)

    def _stamped(self, source: Path, target: Path, stamp: Stamp | None) -> tuple[str, ...]:
        """Note what is due of a target; in words."""
        if stamp is None or stamp.authority is not None or self.order.tsa_policy != StampPolicy.QUEUE:
            self.journal.settle(target)
            return ()
        self.journal.owe(source, target, as_text(self.order))
        return ("it waits for its time stamp, and is not registered before: provenance restamp",)

    def _finished(self, task: Task, answer: dict[str, Any], signed: Signed) -> Finished:
        target = identity_of(task.item.target) or ""
        before = self.journal.finished(task.item.target)
        same = before is not None and before.signed.asset_id == signed.asset_id
        where = before.registered_in if before is not None and same else None
        return Finished(task.source_identity, answer["source_sha256"], self.order.digest, target, signed, where)

    def _signed(self, outcome: Outcome, thread: ThreadPoolExecutor, registering: bool) -> None:
        signed, registrar = outcome.signed, self.registrar
        if registrar is None or signed is None or self.journal.owes(signed.path):
            # What will be signed again is another asset then: only that one is registered.
            self.view.came_out(outcome)
        elif not registering:
            self.view.came_out(replace(outcome, registered=False))
        elif not self._stopped:
            future = thread.submit(registrar.register, signed, lambda: self._stopped)
            self._registering.append((outcome, future))

    def _registered(self) -> None:
        """Tell of those whose registration has ended."""
        for outcome, future in [pair for pair in self._registering if pair[1].done()]:
            self._registering.remove((outcome, future))
            try:
                done = future.result()
            except StoppedError:
                continue
            except ProvenanceError as error:
                self.view.came_out(replace(outcome, state=State.FAILED, error=error))
            else:
                if self.registrar is not None and outcome.signed is not None:
                    self.journal.registered(outcome.signed.path, self.registrar.address)
                self.view.came_out(replace(outcome, registered=done.created, receipt=done.receipt))


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Note the first Ctrl-C or SIGTERM instead of ending at any point whatever: no file is lost between being signed
    and noted.

    The second one interrupts as ever.
    """
    noted = threading.Event()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(_number: int, _frame: FrameType | None) -> None:
        noted.set()
        restore()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        restore()


@contextmanager
def locked(roots: Sequence[Path]) -> Iterator[None]:
    """Keep other batches out of the output folders, made if need be, while the block runs. Leaves no file behind.

    Raises:
        OutputError: ``batch.locked``: another batch is at work there.
    """
    with ExitStack() as stack:
        for root in sorted({root.resolve() for root in roots}):
            try:
                root.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _no_folder(root, error) from error
            handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _NO_LOCKS:
                    # No locks on this file system: outputs are still never written over.
                    continue
                raise OutputError(
                    "batch.locked",
                    f"another run is at work in {root}",
                    expected="one run at a time for a folder",
                    hint="wait for it to end, then run this again: what is finished then is not done again",
                ) from error
        yield


def _no_folder(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        "output.folder",
        f"the folder {folder} cannot be made",
        found=error.strerror or type(error).__name__,
        hint="check the permissions, or name another output",
    )
