"""The search index against brute force, and its bounds."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from postgres import BACKENDS
from sqlalchemy import text
from synthetic_assets import add_asset, flip, frame_prints, frame_query, sound_prints, sound_query

from provenance.catalog import Nomination, Query
from provenance.errors import RegistryError
from provenance.fingerprints import brief_sound
from provenance.fingerprints.pdq import hamming
from provenance.fingerprints.values import Fingerprints, SoundPrint
from registry import index
from registry.bands import DEFAULT
from registry.frame_hits import MAX_DISTANCE
from registry.store import Registry

pytestmark = BACKENDS

RNG = np.random.default_rng()


@pytest.fixture(autouse=True)
def _same_numbers_whatever_ran_before() -> None:
    RNG.bit_generator.state = np.random.default_rng(20261122).bit_generator.state


def random_hashes(*shape: int) -> NDArray[np.uint8]:
    return RNG.integers(0, 256, (*shape, 32), dtype=np.uint8)


def nominate(registry: Registry, query: Query, limit: int = 10, viewer: str | None = None) -> list[Nomination]:
    with registry.reading() as session:
        return index.nominate(session, query, limit, viewer=viewer, now=registry.now())


def test_the_index_finds_what_brute_force_finds(registry: Registry) -> None:
    """Recall against brute force, over pairs of every distance from 0 to 31 alike: .94 at least, and 1 up to 7.

    Thirty moments, so that all are asked about, of six readings each, so that they are too many for probes.
    """
    stored = {f"{number:026d}": random_hashes(100, 2) for number in range(10)}
    for asset_id, hashes in stored.items():
        add_asset(registry, asset_id, frame_prints(hashes))
    sources = np.concatenate([hashes[:, view] for hashes in stored.values() for view in (0, 1)])
    recalls = []
    for bits in range(32):
        asked = flip(RNG.choice(sources, 180, replace=False), bits, RNG)
        expected = {
            (number, asset_id, frame * 500, view)
            for asset_id, hashes in stored.items()
            for number, frame, view in np.argwhere(hamming(asked[:, None, None], hashes[None]) <= MAX_DISTANCE).tolist()
        }
        found = {
            (number, nomination.asset_id, time, view)
            for nomination in nominate(registry, frame_query(asked, at_once=6))
            for number, time, view, *_ in nomination.hits.tolist()
        }
        assert found <= expected
        assert len(expected) == len(asked)
        recalls.append(len(found) / len(expected))
    assert recalls[:8] == [1.0] * 8
    assert np.mean(recalls) >= 0.94
    assert recalls[31] >= 0.55


def test_hits_tell_distance_and_rarity_as_brute_force_does(registry: Registry) -> None:
    hashes = random_hashes(50)
    add_asset(registry, "a", frame_prints(hashes))
    asked = flip(hashes, 12, RNG)
    (nomination,) = nominate(registry, frame_query(asked))
    assert len(nomination.hits) == 50
    for number, time, _, distance, rarity in nomination.hits.tolist():
        assert distance == 12
        assert hamming(asked[number], hashes[time // 500]) == 12
        assert rarity == 1000


def test_a_clip_of_distant_frames_still_finds_its_original(registry: Registry) -> None:
    for number in range(20):
        add_asset(registry, f"other{number}", frame_prints(random_hashes(50)))
    hashes = random_hashes(60)
    add_asset(registry, "original", frame_prints(hashes))
    found = nominate(registry, frame_query(flip(hashes[20:50], 48, RNG)))
    assert found[0].asset_id == "original"
    # One pair in five at that distance shares a band; with one bit flipped, three in four do.
    assert len(found[0].hits) >= 18


@pytest.mark.parametrize("bits", [31, 40, 48])
def test_a_single_picture_far_away_is_found(registry: Registry, bits: int) -> None:
    hashes = random_hashes(40)
    for number in range(40):
        add_asset(registry, f"{number:03d}", frame_prints(hashes[number : number + 1]))
    for number, asked in enumerate(flip(hashes, bits, RNG)):
        found = nominate(registry, frame_query(np.stack([asked, *random_hashes(3)]), at_once=4))
        assert [nomination.asset_id for nomination in found] == [f"{number:03d}"]
        assert found[0].hits[0].tolist() == [0, 0, 0, bits, 1000]


def test_a_clip_of_several_originals_finds_them_all(registry: Registry) -> None:
    """Two seconds of another original in half a minute, between moments that are surely of the first."""
    first, second = random_hashes(240), random_hashes(240)
    add_asset(registry, "first", frame_prints(first))
    add_asset(registry, "second", frame_prints(second))
    for start in (0, 101, 224):
        clip = first.copy()
        clip[start : start + 16] = second[start : start + 16]
        found = nominate(registry, frame_query(clip, step_ms=125))
        assert [nomination.asset_id for nomination in found] == ["first", "second"]


def test_unrelated_frames_nominate_nothing(registry: Registry) -> None:
    for number in range(10):
        add_asset(registry, f"{number}", frame_prints(random_hashes(200, 4)))
    assert nominate(registry, frame_query(random_hashes(480))) == []


def test_an_empty_query_and_an_empty_registry_answer_nothing(registry: Registry) -> None:
    empty = frame_query(np.empty((0, 32), dtype=np.uint8))
    assert nominate(registry, empty) == []
    assert nominate(registry, frame_query(random_hashes(5))) == []
    assert nominate(registry, sound_query(np.arange(20, dtype=np.uint32))) == []


def test_equal_frames_of_a_clip_each_get_their_hits(registry: Registry) -> None:
    hashes = random_hashes(3)
    add_asset(registry, "a", frame_prints(hashes))
    asked = hashes[[0, 1, 0, 2, 0]]
    (nomination,) = nominate(registry, frame_query(asked))
    assert sorted(map(tuple, nomination.hits[:, :2].tolist())) == [(0, 0), (1, 500), (2, 0), (3, 1000), (4, 0)]


def test_several_readings_of_one_moment_vote_once(registry: Registry) -> None:
    hashes = random_hashes(1)
    add_asset(registry, "a", frame_prints(hashes))
    once = nominate(registry, frame_query(hashes))[0].votes
    many = replace(frame_query(np.repeat(hashes, 4, axis=0)), frame_times_ms=np.zeros(4, dtype=np.int64))
    assert nominate(registry, many)[0].votes == once


def test_flat_frames_are_not_indexed(registry: Registry) -> None:
    hashes = random_hashes(10)
    add_asset(registry, "black", frame_prints(hashes, quality=DEFAULT.min_quality - 1))
    add_asset(registry, "dim", frame_prints(random_hashes(10), quality=DEFAULT.min_quality))
    assert nominate(registry, frame_query(hashes)) == []


def test_a_shared_slate_counts_less_than_an_own_picture(registry: Registry) -> None:
    slate = random_hashes(5)
    own = {f"{number:03d}": random_hashes(5) for number in range(40)}
    for asset_id, hashes in own.items():
        add_asset(registry, asset_id, frame_prints(np.concatenate([slate, hashes])))
    found = nominate(registry, frame_query(np.concatenate([slate, own["017"]])), limit=3)
    assert found[0].asset_id == "017"
    assert found[0].votes > 10 * found[1].votes
    assert len(found) == 3


def test_equally_likely_assets_are_named_in_the_order_of_registration(registry: Registry) -> None:
    hashes = random_hashes(10)
    names = ["third?", "first?", "second?"]
    for asset_id in names:
        add_asset(registry, asset_id, frame_prints(hashes))
    found = nominate(registry, frame_query(hashes))
    assert [nomination.asset_id for nomination in found] == names
    assert len({nomination.votes for nomination in found}) == 1
    assert {int(rarity) for rarity in found[0].hits[:, 4]} == {333}


def test_a_key_that_everybody_has_is_not_looked_up_and_grows_no_more(registry: Registry) -> None:
    with registry.writing() as session:
        session.execute(text("UPDATE index_versions SET max_key_rows = 30"))
    slate = random_hashes(1)
    for number in range(31):
        add_asset(registry, f"{number:03d}", frame_prints(slate))
        assert len(nominate(registry, frame_query(slate), limit=50)) == (number + 1 if number < 30 else 0)
    add_asset(registry, "one more", frame_prints(slate))
    with registry.reading() as session:
        rows = session.scalars(text("SELECT count(*) FROM bands_0 GROUP BY band_key"))
        assert max(rows) == 31


def test_a_long_still_scene_is_found_and_does_not_stop_list_itself(registry: Registry) -> None:
    scene = np.repeat(random_hashes(1), 6000, axis=0)
    noisy = scene ^ np.packbits(RNG.random((6000, 256)) < 0.02, axis=1)
    add_asset(registry, "still", frame_prints(noisy))
    add_asset(registry, "frozen", frame_prints(np.repeat(random_hashes(1), 6000, axis=0)))
    for moment in (0, 2999, 5999):
        found = nominate(registry, frame_query(noisy[moment : moment + 1]))
        assert [nomination.asset_id for nomination in found] == ["still"]
    found = nominate(registry, frame_query(np.concatenate([noisy[3000:3120], flip(noisy[:120], 4, RNG)])))
    assert [nomination.asset_id for nomination in found] == ["still"]


def test_hits_of_a_run_lie_in_the_frames_of_that_run(registry: Registry) -> None:
    held = np.repeat(random_hashes(4), 50, axis=0)
    add_asset(registry, "a", frame_prints(held))
    (nomination,) = nominate(registry, frame_query(held[60:61]))
    assert sorted(nomination.hits[:, 1].tolist()) == [500 * frame for frame in range(50, 100)]


def test_sound_alone_finds_its_original_where_it_sounds(registry: Registry) -> None:
    track = RNG.integers(0, 2**32, 800, dtype=np.uint32)
    add_asset(registry, "a", sound_prints(track))
    add_asset(registry, "b", sound_prints(RNG.integers(0, 2**32, 800, dtype=np.uint32)))
    (nomination,) = nominate(registry, sound_query(track[200:280]))
    assert nomination.asset_id == "a"
    assert nomination.hits.shape == (0, 5)
    assert (nomination.sound_hits[:, 1] - nomination.sound_hits[:, 0] * 125 == 25_000).all()


def test_silence_and_steady_tones_nominate_nothing(registry: Registry) -> None:
    silence = np.full(400, 627_964_279, dtype=np.uint32)
    add_asset(registry, "silent", sound_prints(silence, np.zeros(400, dtype=np.bool_)))
    add_asset(registry, "tone", sound_prints(silence + np.uint32(1)))
    assert nominate(registry, sound_query(silence)) == []
    assert nominate(registry, sound_query(silence[:4] + np.uint32(1))) == []


def test_scattered_sound_hits_do_not_count(registry: Registry) -> None:
    track = RNG.integers(0, 2**32, 800, dtype=np.uint32)
    add_asset(registry, "a", sound_prints(track))
    assert nominate(registry, sound_query(track[RNG.permutation(800)[:8] // 100 * 100])) == []


def test_a_query_with_times_weeks_apart_takes_no_more_room(registry: Registry) -> None:
    values = RNG.integers(0, 2**32, 30, dtype=np.uint32)
    brief = SoundPrint(brief_sound.ALGORITHM, values, np.ones(30, np.bool_), brief_sound.STEP_S)
    add_asset(registry, "a", Fingerprints(brief_sound=brief))
    times = np.append(np.arange(3) * 200, 2**31 - 1)
    query = replace(sound_query(values[:0]), brief=values[5:9], brief_times_ms=times)
    nominate(registry, query)
    tracemalloc.start()
    (nomination,) = nominate(registry, query)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert nomination.asset_id == "a"
    assert peak < 16 << 20


def test_picture_and_sound_add_up(registry: Registry) -> None:
    hashes, track = random_hashes(40), RNG.integers(0, 2**32, 400, dtype=np.uint32)
    both = Fingerprints(frames=frame_prints(hashes).frames, sound=sound_prints(track).sound)
    add_asset(registry, "picture only", frame_prints(hashes))
    add_asset(registry, "both", both)
    sound = sound_query(track[100:180])
    query = replace(frame_query(hashes), sound=sound.sound, sound_times_ms=sound.sound_times_ms)
    found = nominate(registry, query)
    assert [nomination.asset_id for nomination in found] == ["both", "picture only"]
    assert found[0].votes > found[1].votes


def test_sub_fingerprints_above_two_billion_are_found(registry: Registry) -> None:
    track = np.arange(2**32 - 100, 2**32, dtype=np.uint64).astype(np.uint32)
    add_asset(registry, "a", sound_prints(track))
    assert nominate(registry, sound_query(track))[0].asset_id == "a"


def test_more_frames_than_can_be_numbered_are_refused(registry: Registry) -> None:
    with pytest.raises(RegistryError) as caught:
        add_asset(registry, "a", frame_prints(np.zeros((1, 17, 32), dtype=np.uint8)))
    assert caught.value.code == "index.too_long"


def test_a_damaged_index_is_named(registry: Registry) -> None:
    hashes = random_hashes(3)
    add_asset(registry, "a", frame_prints(hashes))
    with registry.writing() as session:
        session.execute(text("DELETE FROM frames_0"))
    with pytest.raises(RegistryError) as caught:
        nominate(registry, frame_query(hashes))
    assert caught.value.code == "registry.corrupt"
