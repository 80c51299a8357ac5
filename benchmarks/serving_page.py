"""What came of load on a served registry, and the page that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.machine import describe
from benchmarks.serving_home import SETTINGS
from benchmarks.serving_load import Row

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_QUIET_LOAD = 0.5
"""Runnable processes up to which the machine is taken to have been idle."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Checks that were asked for while workers were killed: how asking was answered, how each accepted one ended."""

    kills: int
    statuses: dict[str, int]
    ends: dict[str, int]


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of load. ``acknowledged``: registrations that the server confirmed; ``kept``: of these those that are
    found afterwards, over HTTP and with their proof in the log. ``server_cores``: processor time in time."""

    name: str
    seconds: float
    reading: list[Row]
    writing: Row
    acknowledged: int
    kept: int
    server_cores: float
    checked: Checked | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much load, and for how long. ``kill_every_s``: how long a worker lives."""

    readers: int
    seconds: float
    kill_every_s: float


def wrong(phase: Phase) -> list[str]:
    """What must not be, in words."""
    found = [f"{count} answers {status}" for status, count in phase.reading[-1].statuses.items() if status != "200"]
    found += [f"{n} registrations {status}" for status, n in phase.writing.statuses.items() if status != "201"]
    if phase.kept < phase.acknowledged:
        found.append(f"{phase.acknowledged - phase.kept} of {phase.acknowledged} registrations lost")
    if phase.checked is not None:
        asked = Counter(phase.checked.statuses)
        found += [f"{n} checks refused with {status}" for status, n in asked.items() if status not in ("200", "202")]
        found += [f"{n} checks {end}" for end, n in phase.checked.ends.items() if end != "done"]
    return found


def page(done: Mapping[str, Sequence[Phase]], hashes: int, bounds: Bounds, load: float) -> str:
    """The page as Markdown: a section for each database. ``load``: of the machine before, over five minutes."""
    command = f"python -m benchmarks.serving{' --postgresql' if 'postgresql' in done else ''}"
    lines = [
        "# A registry under load",
        "",
        f"Written by `{command}`. The server is `provenance serve`, one process, with {hashes:,} made-up frame hashes"
        " ([how they are made](search.md)). The load is one other process on the same machine, over loopback:"
        f" {bounds.readers} readers of `/matches/byBinding`, each of whom asks again as soon as it has its answer, and"
        " a writer that registers signed files with a token, one after the other: small pictures, and clips of one"
        " second. Then the same again while clips are sent to be checked, and the worker that examines them"
        f" (`provenance worker`) is killed with SIGKILL after {bounds.kill_every_s:g} s, again and again.",
        "",
        describe(),
        f"Load of the machine before the run: {load:.1f} over five minutes."
        + (" Others kept it busy: rates and times are worse than an idle machine's." if load > _QUIET_LOAD else ""),
        "",
        "Settings that differ from the default ones (writer and asker are one address, and would be slowed down; what"
        " a dead worker held is taken up sooner):",
        "",
        "```toml",
        SETTINGS.strip(),
        "```",
    ]
    for backend, phases in done.items():
        lines += ["", f"## {_NAMES[backend]}"]
        for phase in phases:
            lines += ["", *_section(phase)]
    lines += ["", _WORDS]
    return "\n".join([*lines, ""])


def _section(phase: Phase) -> list[str]:
    lines = [f"### {phase.name.capitalize()}, {phase.seconds:.0f} s", "", _HEAD]
    for row in (*phase.reading, phase.writing):
        statuses = ", ".join(f"{count:,} × {status}" for status, count in row.statuses.items())
        lines.append(
            f"| {row.kind} | {row.per_s:.1f} | {row.median_ms:.0f} | {row.high_ms:.0f} | {row.longest_ms:.0f}"
            f" | {statuses} | {row.right:.3f} |"
        )
    lines += ["", f"Registrations acknowledged: {phase.acknowledged}, found afterwards with their proof: {phase.kept}."]
    lines.append(f"The server used {phase.server_cores:.2f} of a core.")
    if phase.checked is not None:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(phase.checked.ends.items()))
        accepted = sum(phase.checked.ends.values())
        lines.append(f"Workers killed: {phase.checked.kills}. Checks accepted: {accepted}; of these {ends}.")
    found = wrong(phase)
    lines += ["", f"**Not as it should be:** {'; '.join(found)}." if found else "No error, nothing lost."]
    return lines


_HEAD = """| request | a second | median ms | 99 % ms | longest ms | answers | right |
|---|---|---|---|---|---|---|"""
_WORDS = """*Right*: the original that the question was made from is named first, or none where none is registered; for
the writer, that the file was registered anew. Times are the client's, from before the request to the read answer, with
the client taking its share of the same processor. All readers wait all the time, so a median is about their number
divided by the rate: more of it is waiting for a turn than work.

What bounds the rate is the processor: the server is one process of Python, which uses one core at most. The dearest
question is that for frames nobody registered: their keys are looked up with flipped bits, too
([ADR 3](../adr/0003-band-index.md)). A server process answers 40 requests at a time with 15 connections to its
database; one that gets none within 30 s would be refused with 503 (`registry.busy`). A registration decodes its file in
a process of its own, which gets what the others leave.

Checks that were accepted are waited for after the load, for a minute at most, with a worker that nobody kills; a check
fails by design (`check.worker_died`) when three workers in turn died of it."""
