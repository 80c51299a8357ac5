"""Roots and proofs are those of RFC 6962 and 9162: against the definition, and against another implementation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from registry.log import merkle
from registry.log.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    Frontier,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    leaf_hash,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]
SIZES = st.one_of(st.integers(1, 600), st.integers(65_000, 70_000))


def naive_root(leaves: list[bytes]) -> bytes:
    """Word for word what RFC 6962, 2.1 says."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_inclusion(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_inclusion(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_consistency(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*naive_consistency(old, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_consistency(old - split, leaves[split:], False), naive_root(leaves[:split])]


def tiles_of(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """Tiles as the specification defines them, each hash from the leaves below it."""
    cache: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        if (level, number) not in cache:
            unit = TILE_WIDTH**level
            places = range(number * TILE_WIDTH, min((number + 1) * TILE_WIDTH, len(leaves) // unit))
            cache[level, number] = b"".join(naive_root(leaves[n * unit : (n + 1) * unit]) for n in places)
        return cache[level, number]

    return tile


TILES = tiles_of(LEAVES)


@pytest.mark.parametrize("size", [*range(10), 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000])
def test_a_root_is_the_hash_that_the_rfc_defines(size: int) -> None:
    assert merkle.root(TILES, size) == naive_root(LEAVES[:size])
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.root == naive_root(LEAVES[:size])


@given(SIZES, st.data())
def test_a_leaf_is_proved_at_its_place_and_nowhere_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = merkle.root(TILES, size), inclusion_proof(TILES, index, size)
    if size <= 600:
        assert proof == naive_inclusion(index, LEAVES[:size])
    InclusionProof(index, size, proof).check(LEAVES[index], root)
    assert includes(LEAVES[index], index, size, proof, root)
    assert not includes(LEAVES[index], index, size, [*proof, root], root)
    assert not includes(LEAVES[-1], index, size, proof, root)
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        assert not includes(LEAVES[index], other, size, proof, root)
        assert not includes(LEAVES[index], index, size, proof[:-1], root)


@given(SIZES, st.data())
def test_a_tree_is_proved_to_begin_with_an_older_one(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    before, after, proof = merkle.root(TILES, old), merkle.root(TILES, new), consistency_proof(TILES, old, new)
    if old > 0 and new <= 600:
        assert proof == naive_consistency(old, LEAVES[:new])
    ConsistencyProof(old, new, proof).check(before, after)
    assert consistent(old, before, new, after, proof)
    changed = bytes(HASH_BYTES)
    assert not consistent(old, changed, new, after, proof)
    assert not consistent(old, before, new, changed, proof) or old == 0
    assert not consistent(old, before, new, after, [*proof, changed])
    for place in range(len(proof)):
        assert not consistent(old, before, new, after, [*proof[:place], changed, *proof[place + 1 :]])


@given(st.lists(st.integers(0, 300), max_size=8))
def test_a_frontier_goes_on_where_it_stopped(steps: list[int]) -> None:
    frontier = Frontier()
    for step in steps:
        frontier = Frontier(frontier.size, list(frontier.roots))
        frontier.extend(LEAVES[frontier.size : frontier.size + step])
        assert frontier.root == merkle.root(TILES, frontier.size)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    for arguments in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(TILES, *arguments)
    with pytest.raises(ValueError, match="does not begin"):
        consistency_proof(TILES, 6, 5)
    with pytest.raises(ValueError, match="too short"):
        merkle.root(lambda _level, _number: b"", 3)
    assert not includes(LEAVES[0], 0, 0, [], LEAVES[0])
    assert not consistent(6, LEAVES[0], 5, LEAVES[0], [])
