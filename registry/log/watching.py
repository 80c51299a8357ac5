"""Looking at a log: with the key that is given or was pinned, against what was seen the last time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from provenance.errors import RegistryError
from registry.log.audit import Audited, Seen, audit, follow
from registry.log.notes import Verifier, read_vkey
from registry.log.paths import KEY
from registry.log.seen import Memory
from registry.log.sources import LogSource


@dataclass(frozen=True, slots=True)
class Look:
    """A log that holds. ``first``: its key was taken from itself just now; ``before``: what was seen the last time."""

    audited: Audited
    verifier: Verifier
    first: bool
    before: Seen | None

    def as_json(self) -> dict[str, Any]:
        """The look as a JSON object."""
        checkpoint = self.audited.checkpoint
        return {
            "holds": True,
            "key": self.verifier.vkey,
            "key_pinned_now": self.first,
            "entries": checkpoint.size,
            "root": checkpoint.root.hex(),
            "read": dict(sorted(self.audited.entries.items())),
            "seen_before": self.before.size if self.before else None,
        }


def look(
    source: LogSource,
    memory: Memory,
    given: Verifier | None,
    *,
    now: str,
    whole: bool,
    on_progress: Callable[[float], None] | None = None,
) -> Look:
    """Check a log and remember it. ``whole``: all of it; else only what came since the last time.

    Raises:
        LogError: it does not hold; what was seen before stays remembered.
        RegistryError: it cannot be read now, or shows no key and none is known (``log.no_key``).
    """
    kept = memory.recall()
    verifier, first = _key(source, kept[0] if kept else None, given)
    before = kept[1] if kept else None
    if whole or before is None:
        audited = audit(source, verifier, before, on_progress=on_progress)
    else:
        audited = follow(source, verifier, before)
    memory.keep(verifier, audited, now)
    return Look(audited, verifier, first, before)


def key_of(source: LogSource, memory: Memory, given: Verifier | None = None) -> tuple[Verifier, bool]:
    """The key that a log is held against: the one given, else the pinned one, else (True) the one that it shows now.

    Raises:
        RegistryError: it shows none, or cannot be read now.
    """
    kept = memory.recall()
    return _key(source, kept[0] if kept else None, given)


def _key(source: LogSource, pinned: Verifier | None, given: Verifier | None) -> tuple[Verifier, bool]:
    known = given or pinned
    return (known, False) if known else (_shown(source), True)


def _shown(source: LogSource) -> Verifier:
    """The key that the log itself shows: all there is at first sight."""
    data = source.read(KEY)
    if data is None:
        raise RegistryError(
            "log.no_key",
            "there is no log here, or nothing is in it yet: it shows no key, and none is known",
            expected="a verifier key",
            found="none",
            hint="check the address; a registry has a log once something is registered",
        )
    return read_vkey(data.decode("utf-8", "replace").strip())
