"""Building the index anew while it is in use: nothing is missed before, meanwhile or afterwards."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from postgres import BACKENDS
from sqlalchemy import text
from support.answering import answering
from synthetic_assets import add_asset, frame_prints, frame_query, sound_prints

from provenance.errors import RegistryError
from provenance.fingerprints.values import Fingerprints
from provenance.settings import Settings
from registry import index
from registry import reindex as reindexing
from registry.bands import DEFAULT
from registry.models import SLOTS
from registry.reindex import cancel, reindex
from registry.store import Registry, create_registry, open_registry
from registry.versions import BUILDING, CURRENT, current, versions

pytestmark = BACKENDS

WIDER = replace(DEFAULT, bands=20, band_bits=18)
ASSETS = 12


@pytest.fixture
def hashes() -> NDArray[np.uint8]:
    """uint8 (assets, frames, views, 32)."""
    return np.random.default_rng(20261124).integers(0, 256, (ASSETS, 40, 2, 32), dtype=np.uint8)


@pytest.fixture
def filled(registry: Registry, hashes: NDArray[np.uint8]) -> Registry:
    for number in range(ASSETS):
        add_asset(registry, name(number), prints_of(hashes, number))
    return registry


def name(number: int) -> str:
    return f"asset {number:02d}"


def prints_of(hashes: NDArray[np.uint8], number: int) -> Fingerprints:
    sound = np.random.default_rng(number).integers(0, 2**32, 100, dtype=np.uint32)
    return Fingerprints(frames=frame_prints(hashes[number]).frames, sound=sound_prints(sound).sound)


def found(registry: Registry, hashes: NDArray[np.uint8], number: int) -> list[str]:
    with registry.reading() as session:
        nominations = index.nominate(session, frame_query(hashes[number, :, 0]), 5, viewer=None, now=registry.now())
    return [nomination.asset_id for nomination in nominations]


@pytest.fixture(scope="module")
def build() -> Iterator[Callable[[dict[str, object]], int]]:
    """Build the index anew as ``reindexing_process`` is told to: the exit code of the process that did."""
    with answering(Path(__file__).with_name("reindexing_process.py")) as ask:
        yield lambda order: int(ask(order))


def check_all_found(registry: Registry, hashes: NDArray[np.uint8], count: int = ASSETS) -> None:
    for number in range(count):
        assert found(registry, hashes, number) == [name(number)]


def counts(registry: Registry, slot: int) -> list[int]:
    with registry.reading() as session:
        return [session.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one() for table in SLOTS[slot].all]


def test_a_new_version_replaces_the_old_and_finds_the_same(filled: Registry, hashes: NDArray[np.uint8]) -> None:
    before = counts(filled, 0)
    seen: list[float] = []
    done = reindex(filled, WIDER, on_progress=seen.append)
    assert (done.entered, done.version.state, done.version.parameters) == (ASSETS, CURRENT, WIDER)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    check_all_found(filled, hashes)
    assert counts(filled, 0) == [0] * len(before)
    # The same frames and sounds, in other bands.
    assert [counts(filled, 1)[at] for at in (0, 2)] == [before[at] for at in (0, 2)]
    assert counts(filled, 1)[1] > before[1]
    with filled.reading() as session:
        assert [version.number for version in versions(session)] == [done.version.number]
    again = reindex(filled)
    assert (again.version.tables.slot, again.version.parameters, again.entered) == (0, WIDER, ASSETS)
    check_all_found(filled, hashes)


def test_a_rebuilt_index_is_the_index_to_the_row(filled: Registry) -> None:
    def rows(slot: int) -> list[list[tuple[object, ...]]]:
        with filled.reading() as session:
            return [sorted(tuple(row) for row in session.execute(table.select())) for table in SLOTS[slot].all]

    before = rows(0)
    reindex(filled)
    assert rows(1) == before


def test_a_damaged_index_is_mended(filled: Registry, hashes: NDArray[np.uint8]) -> None:
    with filled.writing() as session:
        session.execute(text("DELETE FROM frames_0"))
    with pytest.raises(RegistryError):
        found(filled, hashes, 0)
    reindex(filled)
    check_all_found(filled, hashes)


def test_searches_and_registrations_go_on_while_it_is_built(
    filled: Registry, hashes: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "BATCH_ROWS", 1)
    new = np.random.default_rng(1).integers(0, 256, (ASSETS, 40, 2, 32), dtype=np.uint8)
    registered: list[int] = []

    def meanwhile(_: float) -> None:
        number = len(registered)
        check_all_found(filled, hashes)
        add_asset(filled, f"new {number}", prints_of(new, number))
        registered.append(number)
        assert found(filled, new, number) == [f"new {number}"]

    done = reindex(filled, WIDER, on_progress=meanwhile)
    assert (done.entered, len(registered)) == (ASSETS, ASSETS)
    check_all_found(filled, hashes)
    for number in registered:
        assert found(filled, new, number) == [f"new {number}"]
    assert counts(filled, 1)[0] == 2 * ASSETS * 80


def test_a_search_that_began_before_the_switch_ends_well(filled: Registry, hashes: NDArray[np.uint8]) -> None:
    def search(number: int) -> list[str]:
        nominations = index.nominate(session, frame_query(hashes[number, :, 0]), 5, viewer=None, now=filled.now())
        return [nomination.asset_id for nomination in nominations]

    building = threading.Thread(target=reindex, args=(filled, WIDER))
    with filled.reading() as session:
        assert search(0) == [name(0)]
        building.start()
        # On SQLite it ends meanwhile; on PostgreSQL it empties the old slot only when this search has ended.
        building.join(2)
        for number in range(ASSETS):
            assert search(number) == [name(number)]
        assert current(session).tables.slot == 0
    building.join(30)
    assert not building.is_alive()
    check_all_found(filled, hashes)
    assert sum(counts(filled, 0)) == 0


def test_an_interrupted_build_goes_on_where_it_stopped(
    filled: Registry, hashes: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "BATCH_ROWS", 1)
    steps = 0

    def stop(_: float) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(filled, WIDER, on_progress=stop)
    check_all_found(filled, hashes)
    with pytest.raises(RegistryError) as caught:
        reindex(filled, replace(WIDER, bands=22))
    assert caught.value.code == "index.other_build"
    assert reindex(filled).entered == ASSETS - 5
    with filled.reading() as session:
        assert current(session).parameters == WIDER
    check_all_found(filled, hashes)


def test_a_cancelled_build_leaves_the_old_index_and_nothing_else(
    filled: Registry, hashes: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not cancel(filled)
    monkeypatch.setattr(reindexing, "BATCH_ROWS", 1)
    with pytest.raises(RegistryError) as caught:
        # Cancelled by another process in mid-build.
        reindex(filled, WIDER, on_progress=lambda done: cancel(filled) if done > 0.3 else None)
    assert caught.value.code == "index.cancelled"
    check_all_found(filled, hashes)
    assert sum(counts(filled, 1)) == 0
    with filled.reading() as session:
        assert [version.state for version in versions(session)] == [CURRENT]


def test_a_build_that_is_killed_anywhere_loses_nothing(
    registry: Registry, settings: Settings, hashes: NDArray[np.uint8], build: Callable[[dict[str, object]], int]
) -> None:
    for number in range(ASSETS):
        add_asset(registry, name(number), prints_of(hashes, number))
    settings.home.mkdir(exist_ok=True)
    killed = 0
    bands = 20
    for statement in (3, 9, 14, 22, 31, 47, 60):
        bands += 1
        order = {"home": str(settings.home), "url": settings.database_url, "bands": bands, "statement": statement}
        killed += build(order) == -signal.SIGKILL
        with open_registry(settings) as survivor:
            check_all_found(survivor, hashes)
            with survivor.reading() as session:
                half_built = [version for version in versions(session) if version.state == BUILDING]
            reindex(survivor)
            check_all_found(survivor, hashes)
            if half_built:
                with survivor.reading() as session:
                    assert current(session).parameters == half_built[0].parameters
            assert sorted([sum(counts(survivor, 0)) > 0, sum(counts(survivor, 1)) > 0]) == [False, True]
    assert killed >= 5


def test_an_upgrade_builds_the_index(settings: Settings, hashes: NDArray[np.uint8]) -> None:
    with create_registry(settings) as registry:
        for number in range(ASSETS):
            add_asset(registry, name(number), prints_of(hashes, number))
        with registry.writing() as session:
            # As the migration leaves it.
            for table in SLOTS[0].all:
                session.execute(table.delete())
            session.execute(text(f"UPDATE index_versions SET state = 'building', built_to = 0, goal = {ASSETS}"))
        with pytest.raises(RegistryError) as caught:
            found(registry, hashes, 0)
        assert caught.value.code == "index.unfinished"
        with pytest.raises(RegistryError) as caught:
            cancel(registry)
        assert caught.value.code == "index.only_one"
    with create_registry(settings) as registry:
        check_all_found(registry, hashes)
