"""Receipts that somebody has kept: found in the files that they came in, and checked without the registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.errors import LogError, RegistryError
from registry.log.notes import Checkpoint, Verifier
from registry.log.receipts import Entry, read_receipt, require_logged, require_same_event

MAX_FILE_BYTES = 64 << 20
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt that holds: the entry, its place, and the signed checkpoint of the tree that it is in."""

    entry: Entry
    leaf_index: int
    checkpoint: Checkpoint
    verifier: Verifier

    def as_json(self) -> dict[str, Any]:
        """What the receipt shows, as a JSON object."""
        return {
            "holds": True,
            "subject": self.entry.subject,
            "number": self.entry.number,
            "kind": self.entry.kind,
            "at": self.entry.at,
            "manifest": self.entry.manifest,
            "leaf_index": self.leaf_index,
            "tree_size": self.checkpoint.size,
            "root": self.checkpoint.root.hex(),
            "key": self.verifier.vkey,
        }


def receipts_in(path: Path) -> list[Any]:
    """The receipts in a JSON file, unread, each in the object that it came with.

    Raises:
        RegistryError: there is none (``log.no_receipt``).
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    try:
        found = list(_found(json.loads(data), _MAX_DEPTH)) if len(data) <= MAX_FILE_BYTES else []
    except (ValueError, RecursionError):
        found = []
    if not found:
        raise RegistryError(
            "log.no_receipt",
            f"there is no receipt in {path.name}",
            expected="JSON as `provenance register --json` prints it, or /v1/assets/ID/receipt answers",
            hint="an asset that waits for the log has none yet: ask for it again",
        )
    return found


def check_kept(told: Any, keys: Sequence[Verifier]) -> Kept:
    """Check one of what ``receipts_in`` found. ``keys``: those that are known; the one of the log's name counts.

    Raises:
        LogError: it does not hold.
        RegistryError: no key of its log is known (``log.no_key``).
    """
    receipt = read_receipt(told.get("receipt", told))
    origin = receipt.checkpoint.partition("\n")[0]
    fitting = [key for key in keys if key.name == origin]
    if not fitting:
        raise RegistryError(
            "log.no_key",
            "no key of the log that gave this receipt is known",
            expected=f"a key of {origin[:200]}",
            found=", ".join(key.name for key in keys) or "none",
            hint="give it with --key, from a place other than the log; or pin it: `provenance log check ADDRESS`",
        )
    wrong: LogError | None = None
    for key in fitting:
        try:
            entry, checkpoint = require_logged(receipt, key)
        except LogError as error:
            wrong = wrong or error
            continue
        asset_id = told.get("asset_id")
        require_same_event(entry, asset_id if isinstance(asset_id, str) else entry.subject, entry.number, entry.kind)
        return Kept(entry, receipt.leaf_index, checkpoint, key)
    raise wrong or AssertionError("there was a key")


def _found(value: Any, depth: int) -> Iterator[Any]:
    """Objects with a receipt, or that are one: alone, in a list, or in the list ``results``."""
    if isinstance(value, dict):
        if "leaf" in value or isinstance(value.get("receipt"), dict):
            yield value
        elif depth and isinstance(value.get("results"), list):
            yield from _found(value["results"], depth - 1)
    elif isinstance(value, list) and depth:
        for each in value:
            yield from _found(each, depth - 1)
