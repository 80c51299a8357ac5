"""Index keys: stable for ever, and complete."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from registry.bands import (
    DEFAULT,
    MAX_FRAMES,
    MAX_RUN,
    MAX_VIEWS,
    IndexParameters,
    band_keys,
    frame_numbers,
    pack_places,
    permutation,
    probe_count,
    probes,
    runs,
    sketches,
    spread,
    unpack_places,
    views,
)


def test_keys_of_a_known_hash_never_change() -> None:
    known = np.arange(32, dtype=np.uint8).reshape(1, 32)
    assert (DEFAULT.bands, DEFAULT.band_bits) == (16, 20)
    assert sketches(known).tolist() == [1082210376]
    assert band_keys(known)[0, :4].tolist() == [301057, 1311254, 2232368, 3598920]


def test_the_permutation_moves_every_bit_to_one_place() -> None:
    order = permutation(DEFAULT.seed)
    assert sorted(order) == list(range(256))
    neighbours = np.abs(np.diff(np.array(order)))
    assert (neighbours == 1).mean() < 0.05


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255), max_size=7))
@settings(max_examples=200, deadline=None)
def test_hashes_within_seven_bits_share_a_key(value: bytes, flipped: set[int]) -> None:
    a = np.frombuffer(value, dtype=np.uint8)
    bits = np.unpackbits(a)
    bits[list(flipped)] ^= 1
    keys = band_keys(np.stack([a, np.packbits(bits)]))
    assert (keys[0] == keys[1]).any()
    assert (keys[0] >> 20 == np.arange(16)).all()


@given(st.integers(0, MAX_VIEWS - 1), st.integers(0, MAX_FRAMES - 1), st.integers(1, MAX_RUN))
def test_places_hold_view_position_and_length_in_32_bits(view: int, position: int, length: int) -> None:
    frames = frame_numbers(view, np.array([position], dtype=np.int64))
    places = pack_places(frames, np.array([length], dtype=np.int64))
    assert -(2**31) <= places[0] < 2**31
    first, run = unpack_places(places)
    assert (first.tolist(), run.tolist(), views(first).tolist()) == (frames.tolist(), [length], [view])


def test_long_stretches_are_cut_into_runs_that_can_be_stored() -> None:
    keys = np.zeros((MAX_RUN * 2 + 5, 1), dtype=np.int64)
    keys[7] = 1
    key, start, length = runs(keys, max_runs=100)
    assert list(zip(key.tolist(), start.tolist(), length.tolist(), strict=True)) == [
        (0, 0, 7),
        (0, 8, MAX_RUN),
        (0, 8 + MAX_RUN, MAX_RUN - 3),
        (1, 7, 1),
    ]


@pytest.mark.parametrize(("flips", "count"), [(0, 1), (1, 21), (2, 211)])
def test_probes_are_all_keys_within_so_many_bits_of_the_same_band(flips: int, count: int) -> None:
    keys = band_keys(np.random.default_rng(5).integers(0, 256, (3, 32), dtype=np.uint8))
    found = probes(keys, flips, DEFAULT).reshape(3, 16, count)
    assert probe_count(flips, DEFAULT) == 16 * count
    assert (found >> 20 == np.arange(16)[:, None]).all()
    assert (np.bitwise_count(found ^ keys[:, :, None]) <= flips).all()
    assert all(len(np.unique(row)) == count for row in found.reshape(-1, count))


def test_more_bits_than_a_hash_has_are_taken_again_in_another_order() -> None:
    wide = IndexParameters(bands=24, band_bits=20)
    hashes = np.random.default_rng(5).integers(0, 256, (50, 32), dtype=np.uint8)
    keys = band_keys(hashes, wide)
    assert (keys >> 20 == np.arange(24)).all()
    for bit in range(256):
        flipped = np.unpackbits(hashes[:1], axis=1)
        flipped[0, bit] ^= 1
        changed = (band_keys(np.packbits(flipped, axis=1), wide) != keys[:1]).sum()
        assert 1 <= changed <= 2


@pytest.mark.parametrize(("bands", "bits"), [(0, 16), (65, 16), (16, 7), (16, 25)])
def test_bands_that_cannot_be_numbered_are_refused(bands: int, bits: int) -> None:
    with pytest.raises(ValueError, match="cannot be numbered"):
        IndexParameters(bands=bands, band_bits=bits)


def test_sketches_of_near_hashes_are_near() -> None:
    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 256, (4000, 32), dtype=np.uint8)
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.choice(256, 48, replace=False)] ^= 1
    distance = np.bitwise_count(sketches(hashes) ^ sketches(np.packbits(bits, axis=1)))
    assert np.mean(distance) == pytest.approx(6, abs=0.1)
    assert np.mean(np.bitwise_count(sketches(hashes[:-1]) ^ sketches(hashes[1:]))) == pytest.approx(16, abs=0.2)


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
    key, _, _ = runs(band_keys(noisy), DEFAULT.max_runs)
    assert np.unique(key, return_counts=True)[1].max() == DEFAULT.max_runs
