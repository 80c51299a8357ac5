"""Receipts: the proof that an event is in a log, for those who keep it. No input or output."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provenance.errors import LogError
from registry.log.leaves import MAX_LEAF_BYTES, SCHEMA
from registry.log.merkle import HASH_BYTES, includes, leaf_hash
from registry.log.notes import MAX_NOTE_BYTES, Checkpoint, Verifier, read_checkpoint

_MOST_HASHES = 64
"""In the proof of the largest tree that can be counted."""
_MOST_ENTRIES = 2**63


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an event is in the log: its leaf, its place, and the proof for a signed checkpoint."""

    leaf: bytes
    leaf_index: int
    tree_size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def as_json(self) -> dict[str, Any]:
        """The receipt as a JSON object; hashes in base64."""
        return {
            "leaf": self.leaf.decode("ascii"),
            "leaf_index": self.leaf_index,
            "tree_size": self.tree_size,
            "proof": [base64.b64encode(piece).decode("ascii") for piece in self.proof],
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """What a leaf says. ``subject``: an asset's id, or a revoked certificate's fingerprint. ``manifest`` and
    ``detail``: SHA-256, hex; see ``leaves``."""

    subject: str
    number: int
    kind: str
    at: str
    manifest: str | None
    detail: str


def read_receipt(told: Any) -> Receipt:
    """The receipt in a JSON value, as ``as_json`` makes it. Nothing is checked yet but its form.

    Raises:
        LogError: it is none (``log.receipt_format``).
    """
    try:
        leaf, checkpoint = told["leaf"].encode("ascii"), told["checkpoint"]
        note = checkpoint.encode()
        index, size = told["leaf_index"], told["tree_size"]
        proof = tuple(base64.b64decode(piece, validate=True) for piece in told["proof"][: _MOST_HASHES + 1])
        if not (type(index) is type(size) is int and 0 <= index < size < _MOST_ENTRIES):
            raise ValueError("no place in a tree")  # noqa: TRY301 - one border for all
        if len(leaf) > MAX_LEAF_BYTES or len(note) > MAX_NOTE_BYTES:
            raise ValueError("an entry or a checkpoint that is too long")  # noqa: TRY301
        if len(proof) > _MOST_HASHES or any(len(piece) != HASH_BYTES for piece in proof):
            raise ValueError("something else than hashes")  # noqa: TRY301
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise LogError(
            "log.receipt_format",
            "this is no receipt of a registry's log",
            expected="leaf, leaf_index, tree_size, proof and checkpoint",
            found=str(error)[:200],
            hint="take it as the registry gave it: `receipt` in what `provenance register --json` prints",
        ) from error
    return Receipt(leaf, index, size, proof, checkpoint)


def require_logged(receipt: Receipt, verifier: Verifier) -> tuple[Entry, Checkpoint]:
    """The entry that a receipt proves, and the signed checkpoint of the tree that it is in.

    Raises:
        LogError: the checkpoint is not signed by this key (``log.format``, ``log.unknown_key``, ``log.signature``), or
            the entry is not in its tree (``log.receipt``).
    """
    checkpoint = read_checkpoint(receipt.checkpoint.encode(), verifier)
    there = includes(leaf_hash(receipt.leaf), receipt.leaf_index, receipt.tree_size, receipt.proof, checkpoint.root)
    if checkpoint.size != receipt.tree_size or not there:
        raise LogError(
            "log.receipt",
            "the receipt does not show the entry to be in the log",
            expected=f"a proof for the root {checkpoint.root.hex()} of {checkpoint.size} entries",
            found=f"one that leads elsewhere, for entry {receipt.leaf_index} of {receipt.tree_size}",
            hint="keep it as it is, and ask the registry for another: /v1/assets/ID/receipt",
        )
    return _entry(receipt.leaf), checkpoint


def _entry(leaf: bytes) -> Entry:
    try:
        said = json.loads(leaf)
        if said["schema"] != SCHEMA:
            raise ValueError("another schema")  # noqa: TRY301 - one border for all
        subject = said["asset"] if "asset" in said else said["certificate"]
        entry = Entry(subject, said["number"], said["kind"], said["at"], said.get("manifest"), said["detail"])
        texts = [entry.subject, entry.kind, entry.at, entry.detail, entry.manifest or ""]
        if type(entry.number) is not int or not all(isinstance(text, str) for text in texts):
            raise ValueError("fields of another type")  # noqa: TRY301
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LogError(
            "log.entry",
            "the entry is in the log, but it is none that this version knows",
            expected=f"an entry of {SCHEMA}",
            found=str(error)[:200],
        ) from error
    return entry


def require_same_event(
    entry: Entry, subject: str, number: int, kind: str, at: str | None = None, manifest: str | None = None
) -> None:
    """Hold an entry against the event that it is to be of. ``at``, ``manifest``: None where that is not known.

    Raises:
        LogError: it is another's (``log.other_entry``).
    """
    told: Mapping[str, tuple[object, object]] = {
        "subject": (subject, entry.subject),
        "number": (number, entry.number),
        "kind": (kind, entry.kind),
        "time": (at, entry.at),
        "manifest": (manifest, entry.manifest),
    }
    for name, (expected, found) in told.items():
        if expected is not None and expected != found:
            raise LogError(
                "log.other_entry",
                f"the entry in the log is not that of this event: its {name} differs",
                expected=str(expected)[:200],
                found=str(found)[:200],
                hint="ask the registry's operator, and keep what was served",
            )
