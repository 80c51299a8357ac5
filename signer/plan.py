"""What is to be done about each file of a batch: nothing, signing, or settling what a killed run left."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.errors import OutputError
from provenance.files import finish_pair, sweep
from provenance.identity import identity_of
from signer.authorities import StampPolicy
from signer.inputs import Found, Item
from signer.journal import Finished, Journal
from signer.order import Order, Outcome, Signed, State, outdated


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of each item: ``tasks`` for workers, ``done`` before, ``refused`` without any work."""

    tasks: tuple[Task, ...]
    done: tuple[tuple[Item, Signed, bool], ...]
    refused: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A file for a worker. ``settle``: something stands at the target, and only its content can tell what it is."""

    item: Item
    replace: bool
    source_identity: str
    settle: dict[str, str | None] | None = None
    makes_folder: bool = True

    @property
    def begins(self) -> bool:
        """Whether the journal is to note it as begun; it has where a killed run's work is settled."""
        return self.settle is None or self.settle["asset_id"] is not None

    def message(self) -> dict[str, Any]:
        """The task as a worker takes it."""
        places = {"source": str(self.item.source), "target": str(self.item.target)}
        return {**places, "replace": self.replace, "settle": self.settle}


def make_plan(
    found: Found, order: Order, journal: Journal, *, force: bool, address: str | None, dry: bool = False
) -> Plan:
    """Decide what is to be done. ``address``: the registry to register in, if any.

    A single named file is always signed: an output that is in its way is an error, as ever. Without ``dry``, what
    killed runs left beside the targets is put in order.
    """
    tasks, done, refused = [], [], []
    for item in found.items:
        if not dry and journal.begun(item.target) is not None:
            tidy(item.target)
        looked = _alone(item, force) if found.single else _look(item, order, journal, force)
        if isinstance(looked, Task):
            tasks.append(looked)
        elif isinstance(looked, Finished):
            done.append((item, looked.signed, address is not None and looked.registered_in != address))
        else:
            refused.append(Outcome(item.source, State.FAILED, error=looked))
    return Plan(tuple(tasks), tuple(done), tuple(refused))


def _alone(item: Item, force: bool) -> Task:
    return Task(item, force, identity_of(item.source) or "", makes_folder=False)


def _look(item: Item, order: Order, journal: Journal, force: bool) -> Task | Finished | OutputError:
    source, target = identity_of(item.source) or "", identity_of(item.target)
    begun, finished = journal.begun(item.target), journal.finished(item.target)
    if target is None and not os.path.lexists(item.target):
        return Task(item, force, source)
    if begun is not None and begun.target_before != target:
        # A run was killed after the target got its name, or while it did.
        if begun.source_identity == source and begun.order_digest == order.digest:
            if order.tsa_policy == StampPolicy.QUEUE:
                # Nobody noted whether it waits for its time stamp.
                return Task(item, True, source)
            return Task(item, force, source, {"asset_id": None, "source_sha256": None})
        return Task(item, force, source) if force else outdated(item.source, item.target)
    if finished is None:
        return Task(item, force, source) if force else _foreign(item)
    if finished.order_digest != order.digest:
        return Task(item, force, source) if force else outdated(item.source, item.target)
    sidecar = finished.signed.sidecar
    if finished.source_identity == source and finished.target_identity == target and (not sidecar or sidecar.exists()):
        return finished
    known: dict[str, str | None] = {"asset_id": finished.signed.asset_id, "source_sha256": finished.source_sha256}
    return Task(item, force, source, known)


def _foreign(item: Item) -> OutputError:
    return OutputError(
        "output.exists",
        f"{item.target} exists already, and was not made from {item.source.name} with this home",
        expected="a name that is free, or an output of an earlier run",
        hint="`provenance sign --force` replaces it; or name another output folder",
    )


def tidy(target: Path) -> None:
    """Finish or remove what a killed run left beside a target."""
    # Here and not at the top: it is rarely needed, and brings in all that signs.
    from signer.sign import sidecar_path

    if target.parent.is_dir():
        finish_pair(target, sidecar_path(target))
        sweep(sidecar_path(target))
        sweep(target)
