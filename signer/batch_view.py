"""How a batch looks: one progress display on stderr, a line or an object per file on stdout, a summary at the end."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.console import safe, stderr, stdout, warn
from provenance.context import error_as_json, error_as_text
from signer.order import Outcome, State

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PLAIN_EVERY_S = 5.0
_SKIPPED_SHOWN = 20


class Form(StrEnum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"
    JSON_LINES = "json_lines"


@dataclass(slots=True)
class Tally:
    """Counts of a run over ``total`` files. ``cancelled``: it was ended by Ctrl-C."""

    total: int
    dry: bool = False
    cancelled: bool = False
    counts: Counter[State] = field(default_factory=Counter)
    registered: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> int:
        """Files to which nothing more will happen."""
        return sum(self.counts.values()) - self.counts[State.SKIPPED]

    @property
    def done(self) -> int:
        """Files that are as they should be: signed now or before."""
        return self.counts[State.SIGNED] + self.counts[State.DONE_BEFORE]

    def as_json(self) -> dict[str, Any]:
        """The counts for programs."""
        return {
            "dry_run": self.dry,
            "cancelled": self.cancelled,
            "files": self.total,
            **{state.value: self.counts[state] for state in State},
            "newly_registered": self.registered,
            "left": self.total - self.ended,
            "seconds": round(time.monotonic() - self.began, 3),
        }


class Screen:
    """The view of a batch in one of the forms.

    ``single``: there is one file. ``endless``: files come as they come, and what went wrong is told at once.
    """

    def __init__(self, form: Form, tally: Tally, *, single: bool = False, endless: bool = False) -> None:
        self._form = form
        self._endless = endless
        self._tally = tally
        self._single = single
        self._outcomes: list[Outcome] = []
        self._bar: Progress | None = None
        self._rows: dict[Path, TaskID] = {}
        self._plain_at = time.monotonic()

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Show progress while the block runs: a display on a terminal, else now and then a plain line."""
        if self._form is Form.JSON or not sys.stderr.isatty():
            yield
            return
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        name = TextColumn("{task.description}", markup=False)
        columns = (name, BarColumn(), TaskProgressColumn())
        # What is printed meanwhile goes above the display, unless it does not go to the terminal at all.
        with Progress(
            *columns, Remaining(), console=stderr(), transient=True, redirect_stdout=sys.stdout.isatty()
        ) as bar:
            self._bar = bar
            if not (self._single or self._endless):
                self._whole = bar.add_task(f"0 of {self._tally.total}", total=self._tally.total)
            yield
        self._bar = None

    def advanced(self, source: Path, share: float) -> None:
        """A file is being signed; ``share`` of it is done (0-1)."""
        if self._bar is None:
            return
        if source not in self._rows:
            self._rows[source] = self._bar.add_task(safe(source.name, limit=60), total=1.0)
        self._bar.update(self._rows[source], completed=min(max(share, 0.0), 1.0))

    def came_out(self, outcome: Outcome) -> None:
        """Nothing more will happen to this file."""
        self._tally.counts[outcome.state] += 1
        self._tally.registered += outcome.registered is True
        for note in outcome.signed.notes if outcome.signed else ():
            warn(f"{outcome.source}: {note}")
        if self._form is Form.JSON_LINES:
            sys.stdout.write(json.dumps(_as_json(outcome)) + "\n")
            sys.stdout.flush()
        elif self._form is Form.TEXT:
            self._print(outcome)
        if self._endless:
            self._tally.total += outcome.state is not State.SKIPPED
            self._tell(outcome)
        elif self._form is Form.JSON or outcome.state in (State.FAILED, State.SKIPPED):
            self._outcomes.append(outcome)
        self._show_count(outcome.source)

    def finish(self) -> None:
        """List what failed and what was skipped, and sum up."""
        tally = self._tally
        if self._form is Form.JSON:
            results = [_as_json(outcome) for outcome in self._outcomes]
            sys.stdout.write(
                json.dumps(
                    {"failed": tally.counts[State.FAILED], "summary": tally.as_json(), "results": results}, indent=2
                )
                + "\n"
            )
        else:
            self._list()
            if self._form is Form.JSON_LINES:
                sys.stdout.write(json.dumps({"summary": tally.as_json()}) + "\n")
            elif not (self._single or self._endless):
                self._table()
        if tally.cancelled:
            left = tally.total - tally.ended
            message = f"cancelled: {tally.done} done, {left} left; run the same command again to go on"
            stderr().print(message, soft_wrap=True)

    def _print(self, outcome: Outcome) -> None:
        console, signed = stdout(), outcome.signed
        words = {State.SIGNED: "signed", State.DONE_BEFORE: "done before:", State.FAILED: "signed"}.get(outcome.state)
        if outcome.state is State.TO_SIGN:
            console.print(f"would sign {safe(outcome.source)}{safe(f' as {outcome.reason}')}", soft_wrap=True)
        if signed is None or words is None or (outcome.state is State.DONE_BEFORE and not outcome.registered):
            return
        console.print(f"{words} {safe(outcome.source)} as {safe(signed.path)}", soft_wrap=True)
        if signed.sidecar is not None:
            console.print(f"  credential  {safe(signed.sidecar)} (keep it beside the file)", soft_wrap=True)
        console.print(f"  asset       {signed.asset_id}", soft_wrap=True)
        if signed.stamp is not None:
            console.print(f"  time stamp  {safe(signed.stamp.authority or 'none')}", soft_wrap=True)
        if outcome.registered is not None:
            place = f", entry {outcome.receipt.leaf_index} of the log" if outcome.receipt else ""
            console.print(f"  registered  {'yes' if outcome.registered else 'it was already'}{place}", soft_wrap=True)

    def _show_count(self, source: Path) -> None:
        tally = self._tally
        if self._bar is not None:
            if source in self._rows:
                self._bar.remove_task(self._rows.pop(source))
            if not (self._single or self._endless):
                self._bar.update(self._whole, completed=tally.ended, description=f"{tally.ended} of {tally.total}")
        elif self._form is not Form.JSON and not (self._single or self._endless or tally.dry):
            now = time.monotonic()
            if now >= self._plain_at + _PLAIN_EVERY_S:
                self._plain_at = now
                failed = tally.counts[State.FAILED]
                rate = tally.counts[State.SIGNED] / (now - tally.began)
                line = f"{tally.ended} of {tally.total}, {failed} failed, {rate:.1f} signed a second"
                stderr().print(line, soft_wrap=True)

    def _list(self) -> None:
        skipped = [outcome for outcome in self._outcomes if outcome.state is State.SKIPPED]
        for outcome in skipped[:_SKIPPED_SHOWN]:
            self._tell(outcome)
        if len(skipped) > _SKIPPED_SHOWN:
            stderr().print(f"skipped {len(skipped) - _SKIPPED_SHOWN} more; --json-lines lists all", soft_wrap=True)
        for outcome in self._outcomes:
            if outcome.state is not State.SKIPPED:
                self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            doing = "registering" if outcome.signed else "signing"
            stderr().print(f"{doing} {safe(outcome.source)}: {error_as_text(outcome.error)}", soft_wrap=True)
            if outcome.reason is not None:
                stderr().print(f"  then:     {safe(outcome.reason)}", soft_wrap=True)
        elif outcome.state is State.SKIPPED:
            stderr().print(f"skipped {safe(outcome.source)}: {safe(outcome.reason or '')}", soft_wrap=True)

    def _table(self) -> None:
        from rich.table import Table

        tally, counts = self._tally, self._tally.counts
        rows = [
            ("to sign", counts[State.TO_SIGN]),
            ("signed", counts[State.SIGNED]),
            ("done before", counts[State.DONE_BEFORE]),
            ("newly registered", tally.registered),
            ("failed", counts[State.FAILED]),
            ("left", tally.total - tally.ended),
            ("skipped", counts[State.SKIPPED]),
        ]
        table = Table(show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for words, count in rows:
            if count:
                table.add_row(words, str(count))
        if table.row_count:
            stdout().print(table)
        if not tally.dry:
            stdout().print(f"{tally.done} of {tally.total} done", soft_wrap=True)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return outcome.as_json() | (error_as_json(outcome.error) if outcome.error is not None else {"error": None})
