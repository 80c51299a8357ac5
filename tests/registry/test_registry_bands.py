"""Index keys: stable for ever, and complete."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from registry.bands import (
    CURRENT,
    MAX_FRAMES,
    MAX_VIEWS,
    asset_numbers,
    band_keys,
    pack_frame_id,
    permutation,
    runs,
    spread,
    views,
)


def test_keys_of_a_known_hash_never_change() -> None:
    known = np.arange(32, dtype=np.uint8).reshape(1, 32)
    assert CURRENT.version == 1
    assert band_keys(known)[0, :4].tolist() == [18816, 70658, 136737, 197382]


def test_the_permutation_moves_every_bit_to_one_place() -> None:
    order = permutation(CURRENT.seed)
    assert sorted(order) == list(range(256))
    neighbours = np.abs(np.diff(np.array(order)))
    assert (neighbours == 1).mean() < 0.05


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255), max_size=15))
@settings(max_examples=200, deadline=None)
def test_hashes_within_fifteen_bits_share_a_key(value: bytes, flipped: set[int]) -> None:
    a = np.frombuffer(value, dtype=np.uint8)
    bits = np.unpackbits(a)
    bits[list(flipped)] ^= 1
    keys = band_keys(np.stack([a, np.packbits(bits)]))
    assert (keys[0] == keys[1]).any()
    assert (keys[0] >> 16 == np.arange(16)).all()


@given(st.integers(1, 2**38), st.integers(0, MAX_VIEWS - 1), st.integers(0, MAX_FRAMES - 1))
def test_frame_numbers_hold_asset_and_view(asset_no: int, view: int, position: int) -> None:
    ids = np.array([pack_frame_id(asset_no, view, position)], dtype=np.int64)
    assert asset_numbers(ids)[0] == asset_no
    assert views(ids)[0] == view
    assert ids[0] & (MAX_FRAMES - 1) == position


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_runs_cover_every_frame_under_every_key(rows: list[tuple[int, int]]) -> None:
    keys = np.array(rows, dtype=np.int64) | np.array([0, 1 << 16])
    key, start, length = runs(keys, max_runs=1000)
    expanded = {(int(k), int(p)) for k, s, n in zip(key, start, length, strict=True) for p in range(s, s + n)}
    assert expanded == {(int(k), position) for position, row in enumerate(keys) for k in row}
    assert length.sum() == keys.size


@given(st.lists(st.integers(0, 5), max_size=200), st.integers(1, 10))
def test_thinning_keeps_what_is_allowed_and_spreads_it(groups: list[int], most: int) -> None:
    ordered: NDArray[np.int64] = np.sort(np.array(groups, dtype=np.int64))
    kept = spread(ordered, most)
    for group in set(groups):
        places = np.flatnonzero(kept[ordered == group])
        size = groups.count(group)
        assert len(places) == min(size, most)
        assert np.diff(places).max(initial=0) <= -(-size // most)


def test_one_still_view_does_not_fill_its_keys() -> None:
    rng = np.random.default_rng(7)
    still = np.repeat(rng.integers(0, 256, (1, 32), dtype=np.uint8), 5000, axis=0)
    noisy = still ^ np.packbits(rng.random((5000, 256)) < 0.02, axis=1)
    key, _, _ = runs(band_keys(noisy), CURRENT.max_runs)
    assert np.unique(key, return_counts=True)[1].max() == CURRENT.max_runs
