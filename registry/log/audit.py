"""Auditing a log from outside: nothing that it says is believed but what its signed checkpoint binds.

1. The checkpoint is signed by the key we know.
2. It has no fewer entries than were seen before.
3. All entries together give the root that was signed, and those seen before the root that was signed then.
4. The tiles that proofs are made from are those of the entries.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provenance.errors import LogError, RegistryError
from registry.log.fetching import TileCheck, entries_of, withheld
from registry.log.merkle import Frontier, leaf_hash
from registry.log.notes import Checkpoint, Verifier, read_checkpoint
from registry.log.paths import CHECKPOINT
from registry.log.sources import LogSource

KINDS = frozenset(("registered", "withdrawn", "superseded", "released", "reference_added", "conflict", "key_revoked"))
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Seen:
    """A tree that was seen before: its size, its root, and what it takes to go on with it (``Frontier.roots``)."""

    size: int
    root: bytes
    roots: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Audited:
    """A log that holds. ``entries``: how many were read, by kind; ``seen``: to be kept for the next time."""

    checkpoint: Checkpoint
    entries: Mapping[str, int]
    seen: Seen


def audit(
    source: LogSource,
    verifier: Verifier,
    seen: Seen | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Audited:
    """Read a log from its first entry on and check all of it.

    Raises:
        LogError: it does not hold: ``log.unknown_key``, ``log.signature``, ``log.rolled_back``, ``log.forked``,
            ``log.entries``, ``log.tiles``, ``log.withheld``, ``log.format``.
        RegistryError: it cannot be read now.
    """
    checkpoint = _checkpoint(source, verifier, seen)
    frontier, tiles, kinds = Frontier(), TileCheck(source, checkpoint.size), Counter[str]()
    forked = False
    for entries in entries_of(source, 0, checkpoint.size):
        hashes = [leaf_hash(entry) for entry in entries]
        kinds.update(map(_kind, entries))
        tiles.add(hashes)
        if seen is not None and frontier.size < seen.size <= frontier.size + len(hashes):
            before, hashes = hashes[: seen.size - frontier.size], hashes[seen.size - frontier.size :]
            frontier.extend(before)
            forked = frontier.root != seen.root
        frontier.extend(hashes)
        if on_progress is not None:
            on_progress(frontier.size / checkpoint.size)
    if frontier.root != checkpoint.root:
        raise LogError(
            "log.entries",
            "the log's entries are not those whose root was signed",
            expected=f"root {checkpoint.root.hex()} of {checkpoint.size} entries",
            found=frontier.root.hex(),
            hint="keep what was served: an entry was changed, or taken out",
        )
    if forked and seen is not None:
        raise _forked(seen, checkpoint)
    tiles.finish()
    return Audited(checkpoint, kinds, _seen(checkpoint, frontier))


def follow(source: LogSource, verifier: Verifier, seen: Seen) -> Audited:
    """Check that a log goes on from where it was seen, reading only what came since.

    Raises:
        LogError, RegistryError: as ``audit``.
    """
    checkpoint = _checkpoint(source, verifier, seen)
    frontier, kinds = Frontier(seen.size, list(seen.roots)), Counter[str]()
    for entries in entries_of(source, seen.size, checkpoint.size):
        kinds.update(map(_kind, entries))
        frontier.extend(leaf_hash(entry) for entry in entries)
    if frontier.root != checkpoint.root:
        raise _forked(seen, checkpoint)
    return Audited(checkpoint, kinds, _seen(checkpoint, frontier))


def _seen(checkpoint: Checkpoint, frontier: Frontier) -> Seen:
    return Seen(checkpoint.size, checkpoint.root, tuple(frontier.roots))


def _checkpoint(source: LogSource, verifier: Verifier, seen: Seen | None) -> Checkpoint:
    data = source.read(CHECKPOINT)
    if data is None and seen is None:
        raise RegistryError(
            "log.empty",
            "there is no log here, or nothing is in it yet",
            expected="a checkpoint",
            found="none",
            hint="check the address; a registry has a log once something is registered",
        )
    checkpoint = read_checkpoint(data, verifier) if data is not None else None
    size = checkpoint.size if checkpoint else 0
    if seen is not None and size < seen.size:
        raise LogError(
            "log.rolled_back",
            "the log has fewer entries than it had before",
            expected=f"{seen.size} entries or more",
            found=f"{size}",
            hint="what it has said before was taken back; ask the operator, and keep the state file as evidence",
        )
    if checkpoint is None:
        raise withheld(CHECKPOINT)
    return checkpoint


def _kind(entry: bytes) -> str:
    try:
        kind = json.loads(entry)["kind"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return OTHER
    return kind if isinstance(kind, str) and kind in KINDS else OTHER


def _forked(seen: Seen, checkpoint: Checkpoint) -> LogError:
    return LogError(
        "log.forked",
        "the log does not go on from where it was seen before: it shows different histories",
        expected=f"a tree that begins with the {seen.size} entries of root {seen.root.hex()}",
        found=f"{checkpoint.size} entries of root {checkpoint.root.hex()}",
        hint="keep the state file and what was served: two signed checkpoints that contradict each other are proof",
    )
