"""Outputs that were signed without a time stamp for the time being: which there are, and what is done about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from provenance.errors import OutputError, ProvenanceError
from provenance.identity import identity_of
from signer.authorities import StampPolicy
from signer.inputs import Item
from signer.journal import Journal
from signer.order import Order, Outcome, State, from_text, outdated, require_pinned
from signer.plan import Plan, Task


def plans(journal: Journal) -> Iterator[tuple[Order, Plan, list[Outcome]]]:
    """What is to be signed anew, order by order; and the outputs of which nothing is due any more, taken off the list.

    A stamp is over the signature, so that it cannot be added: each is signed again, from its source.
    """
    for text, group in groupby(journal.owed(), key=lambda owed: owed.order):
        order = replace(from_text(text), tsa_policy=StampPolicy.REQUIRE.value)
        changed = _changed(order)
        tasks, refused, gone = [], [], []
        for owed in group:
            finished = journal.finished(owed.target)
            if finished is None or finished.target_identity != identity_of(owed.target):
                journal.settle(owed.target)
                gone.append(Outcome(owed.source, State.SKIPPED, reason=f"{owed.target} is another file now, or gone"))
            elif finished.source_identity != identity_of(owed.source):
                refused.append(Outcome(owed.source, State.FAILED, error=outdated(owed.source, owed.target)))
            elif changed is not None:
                refused.append(Outcome(owed.source, State.FAILED, error=changed))
            else:
                tasks.append(Task(Item(owed.source, owed.target), True, finished.source_identity))
        yield order, Plan(tuple(tasks), (), tuple(refused)), gone


def _changed(order: Order) -> OutputError | None:
    try:
        require_pinned(order)
    except OutputError as error:
        return error
    return None


def failures(plan: Plan, error: ProvenanceError) -> Iterator[Outcome]:
    """What came of a plan that could not be begun, file by file."""
    yield from plan.refused
    yield from (Outcome(task.item.source, State.FAILED, error=error) for task in plan.tasks)


def roots(plan: Plan) -> list[Path]:
    """The folders that a plan writes to."""
    return sorted({task.item.target.parent for task in plan.tasks})
