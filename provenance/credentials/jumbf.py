"""As much JUMBF (ISO 19566-5) as is needed to find a box by its label, and to part a manifest store."""

from __future__ import annotations

from collections.abc import Iterator

_MAX_BOXES = 20_000


class JumbfError(ValueError):
    """The bytes are not a manifest store."""


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each box directly inside ``data``; ends where the boxes no longer fit."""
    for kind, start, head, end in _spans(data):
        yield kind, data[start + head : end]


def superboxes(data: bytes, label: str) -> Iterator[bytes]:
    """The contents of the superboxes with this label directly inside ``data``."""
    for kind, content in boxes(data):
        if kind == b"jumb" and label_of(content) == label:
            yield content


def label_of(superbox: bytes) -> str | None:
    """The label in a superbox's description, or None."""
    description = next(boxes(superbox), None)
    if description is None or description[0] != b"jumd" or len(description[1]) < 18:
        return None
    content = description[1]
    if not content[16] & 2:
        return None
    return content[17:].split(b"\0", 1)[0].decode("utf-8", errors="replace")


def assertion_labels(store: bytes) -> Iterator[tuple[str | None, str | None]]:
    """The labels of manifest and assertion, for each assertion that is in a manifest store."""
    for content in superboxes(store, "c2pa"):
        for manifest in (inner for kind, inner in boxes(content) if kind == b"jumb"):
            for kept in superboxes(manifest, "c2pa.assertions"):
                yield from ((label_of(manifest), label_of(inner)) for kind, inner in boxes(kept) if kind == b"jumb")


def active_only(store: bytes) -> bytes:
    """The manifest store with its active manifest alone, which is the last one in it.

    Raises:
        JumbfError: the bytes are no store, or hold no manifest.
    """
    for kind, content in boxes(store):
        if kind != b"jumb" or label_of(content) != "c2pa":
            continue
        pieces = [(inner, content[start:end]) for inner, start, _, end in _spans(content)]
        manifests = [piece for inner, piece in pieces if inner == b"jumb"]
        if manifests:
            body = pieces[0][1] + manifests[-1]
            return (len(body) + 8).to_bytes(4, "big") + b"jumb" + body
    raise JumbfError("no manifest in the store")


def _spans(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Type, start, length of the header, and end of each box."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at + 8 > len(data):
            return
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            return
        yield kind, at, head, at + size
        at += size
