"""Merkle trees of RFC 6962 over tiles of 256 hashes: roots, proofs, and the checks of RFC 9162. No input or output.

A hash is 32 bytes. ``Tiles`` gives the hashes of a tile as one string of bytes; tile ``n`` of level ``l`` begins with
the hash of the leaves from ``n * 256 ** (l + 1)`` on, 256 ** l of them to each hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
TILE_WIDTH = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()

Tiles = Callable[[int, int], bytes]
"""Level and number of a tile -> its hashes, at least those that the tree in question has."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: bytes) -> bytes:
    """The hash of a full subtree: ``hashes`` are a power of two of them, side by side."""
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def root(tiles: Tiles, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return _hash(tiles, 0, size) if size else EMPTY_ROOT


def inclusion_proof(tiles: Tiles, index: int, size: int) -> list[bytes]:
    """The hashes beside the way from a leaf to the root, from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_hash(tiles, middle, end))
            end = middle
        else:
            proof.append(_hash(tiles, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(tiles: Tiles, old: int, new: int) -> list[bytes]:
    """The hashes that show the tree of ``old`` leaves to be what the tree of ``new`` leaves begins with."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in (0, new):
        return []
    proof = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_hash(tiles, middle, end))
            end = middle
        else:
            proof.append(_hash(tiles, start, middle))
            start = middle
    if start:
        proof.append(_hash(tiles, start, end))
    return proof[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf hash at that place of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for beside in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


@dataclass(slots=True)
class Frontier:
    """All that has to be kept of a tree to go on with it: the roots of its full subtrees, the largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes."""
        for leaf in leaves:
            found, rest = leaf, self.size
            while rest & 1:
                found, rest = node_hash(self.roots.pop(), found), rest >> 1
            self.roots.append(found)
            self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.roots:
            return EMPTY_ROOT
        found = self.roots[-1]
        for left in self.roots[-2::-1]:
            found = node_hash(left, found)
        return found


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _hash(tiles: Tiles, start: int, end: int) -> bytes:
    """The hash of the leaves from ``start`` to ``end``, a part of a tree as RFC 6962 divides it."""
    count = end - start
    if count & (count - 1):
        middle = start + _split(count)
        return node_hash(_hash(tiles, start, middle), _hash(tiles, middle, end))
    level = (count.bit_length() - 1) // 8
    unit = TILE_WIDTH**level
    number, place = divmod(start // unit, TILE_WIDTH)
    hashes = tiles(level, number)[place * HASH_BYTES : (place + count // unit) * HASH_BYTES]
    if len(hashes) != count // unit * HASH_BYTES:
        raise ValueError(f"tile {number} of level {level} is too short")
    return fold(hashes)
