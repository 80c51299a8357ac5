"""Keeping a watched folder signed: what has arrived goes to the batch, what fails is tried again or set aside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.identity import identity_of
from signer.batch import View
from signer.inputs import Found, Item, signed_name
from signer.journal import Journal
from signer.order import Order, Outcome, State
from signer.plan import Plan, make_plan
from signer.watch import Arrivals
from signer.watch_letters import Letters

_FIRST_PAUSE_S = 30.0
_LONGEST_PAUSE_S = 600.0
_MOST_ATTEMPTS = 3
_LIVES = {"batch.worker_died", "system.memory"}
"""Failures that may lie in the file or not: tried three times."""
_CHANGED = {"media.changed", "media.missing"}
"""The file has not arrived after all, or is gone again."""
_PLACES = ("system.", "output.", "batch.", "keys.", "upload.", "request.")
_PLACE_CODES = {"sign.timestamp", "registry.absent", "registry.busy", "registry.database", "registry.unreachable",
                "registry.write", "registry.answer", "registry.login"}  # fmt: skip
"""Failures that do not lie in the file: tried again for as long as it takes."""
_FINAL = {"output.exists", "output.outdated", "output.is_source", "output.special"}

_NOTHING = Plan((), (), ())


@dataclass(slots=True)
class _Failed:
    attempts: int
    again_at: float


@dataclass(slots=True)
class Intake:
    """The feed and the view of a batch over a watched folder.

    ``target_root``: where signed files go; None: beside. ``once``: end when all that is there has been looked at.
    """

    arrivals: Arrivals
    letters: Letters
    order: Order
    journal: Journal
    view: View
    target_root: Path | None
    address: str | None
    once: bool
    _next_look: float = 0.0
    _looks_end: float | None = None
    _open: set[Path] = field(default_factory=set)
    _failed: dict[Path, _Failed] = field(default_factory=dict)

    def feed(self) -> Plan | None:
        """What has arrived since it was last asked; None where nothing more is waited for."""
        clock, pace = self.arrivals.clock(), self.arrivals.pace
        if self._looks_end is None:
            self._looks_end = clock + pace.settle_s
        if clock < self._next_look:
            return _NOTHING
        self._next_look = clock + pace.interval_s
        plan = self._plan(clock)
        over = clock > self._looks_end or not self.arrivals.waiting
        return None if self.once and over and not (plan.tasks or plan.done or plan.refused) else plan

    def advanced(self, source: Path, share: float) -> None:
        """See ``View``."""
        self.view.advanced(source, share)

    def came_out(self, outcome: Outcome) -> None:
        """See ``View``; what failed is tried again later, or becomes a dead letter."""
        source = outcome.source
        self._open.discard(source)
        if outcome.error is None:
            self._failed.pop(source, None)
            self.letters.withdraw(source)
        else:
            outcome = replace(outcome, reason=self._set_aside(source, outcome.error))
        self.view.came_out(outcome)

    def _plan(self, clock: float) -> Plan:
        items = [path for path, failed in self._failed.items() if failed.again_at <= clock and path not in self._open]
        for what in self.arrivals.look():
            if what.skipped is not None:
                self.view.came_out(Outcome(what.path, State.SKIPPED, reason=what.skipped))
            elif self.letters.hold(what.path):
                self.view.came_out(Outcome(what.path, State.SKIPPED, reason="a dead letter from before"))
            elif what.error is not None:
                self.came_out(Outcome(what.path, State.FAILED, error=what.error))
            elif (before := self._moved(what.path)) is not None:
                self.view.came_out(Outcome(what.path, State.SKIPPED, reason=f"signed before as {before}"))
            elif what.path not in self._open:
                items.append(what.path)
        if not items:
            return _NOTHING
        self._open.update(items)
        found = Found(tuple(Item(path, self._target(path)) for path in items), (), False, ())
        return make_plan(found, self.order, self.journal, force=False, address=self.address)

    def _moved(self, path: Path) -> Path | None:
        """What a file was called when it was signed, if it was renamed since: one and the same is signed once."""
        identity = identity_of(path)
        before = self.journal.signed_before(identity) if identity is not None else None
        return before if before is not None and not before.exists() else None

    def _target(self, path: Path) -> Path:
        root, folder = self.target_root, self.arrivals.folder
        return (path.parent if root is None else root / path.parent.relative_to(folder)) / signed_name(path)

    def _set_aside(self, source: Path, error: ProvenanceError) -> str:
        """Decide what becomes of a file that failed; in words."""
        attempts = self._failed[source].attempts + 1 if source in self._failed else 1
        if error.code in _CHANGED:
            self._failed.pop(source, None)
            self.arrivals.forget(source)
            return "it is waited for again"
        if _may_pass(error.code) and (error.code not in _LIVES or attempts < _MOST_ATTEMPTS):
            pause = min(_FIRST_PAUSE_S * 2 ** (attempts - 1), _LONGEST_PAUSE_S)
            return self._again(source, attempts, pause)
        self._failed.pop(source, None)
        try:
            return f"set aside, see {self.letters.write(source, error, attempts)}"
        except ProvenanceError as refused:
            # Watching goes on, and so does trying to say what is wrong with this one.
            self.view.came_out(Outcome(source, State.FAILED, error=refused))
            return self._again(source, attempts, _LONGEST_PAUSE_S)

    def _again(self, source: Path, attempts: int, pause_s: float) -> str:
        self._failed[source] = _Failed(attempts, self.arrivals.clock() + pause_s)
        return "the next run tries again" if self.once else f"it is tried again in {pause_s:.0f} s"


def _may_pass(code: str) -> bool:
    """Whether a failure may be gone the next time though the file is the same."""
    return code not in _FINAL and (code in _PLACE_CODES or code.startswith(_PLACES))
