"""What every implementation of the catalog port must do: in process and over HTTP, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from newsroom import Newsroom, make_clip
from postgres import BACKENDS
from serving import serving
from sqlalchemy import select

from provenance.assets import SignedAsset
from provenance.catalog import Catalog, Query
from provenance.errors import RegistryError
from provenance.fingerprints import brief_sound
from provenance.fingerprints.extract import fingerprint_clip
from provenance.fingerprints.values import Fingerprints, SoundPrint
from provenance.settings import Rates, Server, Settings
from registry.accounts import add_organisation, new_token
from registry.assets import release, supersede, withdraw
from registry.catalog import LocalCatalog
from registry.client.catalog import HttpCatalog
from registry.client.connection import Connection
from registry.indexing import enter, entries
from registry.models import IndexedAssetRow
from registry.server.app import create_app
from registry.store import Registry, open_registry
from registry.versions import versions

HERALD = "organisation:Herald"
NOTHING = Query(
    frames=np.empty((0, 32), dtype=np.uint8),
    frame_times_ms=np.empty(0, dtype=np.int64),
    frame_variants=np.empty(0, dtype=np.uint8),
    sound=np.empty(0, dtype=np.uint32),
    sound_times_ms=np.empty(0, dtype=np.int64),
)

pytestmark = BACKENDS

Opened = Callable[..., Catalog]

IMPLEMENTATIONS = ("local", "http")


@pytest.fixture(params=IMPLEMENTATIONS)
def catalog(
    request: pytest.FixtureRequest, registry: Registry, settings: Settings, newsroom: Newsroom, tmp_path: Path
) -> Iterator[Opened]:
    """Opens the catalog under test over the registry, for anybody or for an owner."""
    if request.param == "local":
        yield lambda viewer=None: LocalCatalog(registry, viewer)
        return
    unlimited = settings.model_copy(update={"server": Server(rates=Rates(nominations=0))})
    with serving(create_app(unlimited)) as client, ExitStack() as stack:

        def opened(viewer: str | None = None) -> Catalog:
            token = None
            if viewer:
                add_organisation(registry, viewer)
                _, token = new_token(registry, "desk", role="reader", owner=viewer, valid=None)
            connection = stack.enter_context(Connection(str(client.base_url), token))
            cache = tmp_path / f"cache-{secrets.token_hex(4)}"
            return HttpCatalog(connection, anchors=newsroom.anchors, policy=newsroom.policy, cache=cache)

        yield opened


@pytest.fixture(scope="module")
def query(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Query:
    """The signed clip's picture and sound, asked for as a verifier would."""
    work = tmp_path_factory.mktemp("query")
    prints, _, _ = fingerprint_clip(newsroom.clip.path, work, limits=newsroom.settings.limits)
    return as_query(prints)


@pytest.fixture(scope="module")
def same(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> SignedAsset:
    """The same film as another newsroom signed it."""
    folder = tmp_path_factory.mktemp("same")
    return newsroom.sign(make_clip(folder / "same.mp4"), folder / "signed.mp4", newsroom.courier)


@pytest.fixture(scope="module")
def withheld(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> SignedAsset:
    """Signed without a reference copy."""
    folder = tmp_path_factory.mktemp("withheld")
    return newsroom.sign(make_clip(folder / "a.mp4", seconds=1), folder / "signed.mp4", withhold_reference=True)


def as_query(prints: Fingerprints) -> Query:
    frames, sound = prints.frames, prints.sound
    assert frames is not None
    assert sound is not None
    count, variants = frames.quality.shape
    usable = (frames.quality >= 20).reshape(-1)
    heard = np.flatnonzero(sound.loud)
    return Query(
        frames=frames.hashes.reshape(-1, 32)[usable],
        frame_times_ms=np.repeat(frames.times_ms, variants)[usable],
        frame_variants=np.tile(np.arange(variants, dtype=np.uint8), count)[usable],
        sound=sound.values[heard],
        sound_times_ms=(heard * sound.step_s * 1000).astype(np.int64),
    )


def nominated(catalog: Catalog, query: Query, limit: int = 10) -> list[str]:
    return [nomination.asset_id for nomination in catalog.nominate(query, limit)]


def test_a_registered_clip_is_nominated_with_its_hits(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query
) -> None:
    newsroom.register(registry, newsroom.photo.path, settings)
    newsroom.register(registry, newsroom.clip.path, settings)
    best = catalog().nominate(query)[0]
    assert best.asset_id == newsroom.clip.asset_id
    number, time, view, distance, rarity = best.hits.T
    assert best.hits.dtype == np.int64
    assert ((number >= 0) & (number < len(query.frames))).all()
    assert ((view >= 0) & (view < 8) & (distance <= 60) & (rarity >= 1) & (rarity <= 1000)).all()
    straight = (view == 0) & (query.frame_variants[number] == 0) & (distance <= 16)
    offsets = np.abs(time[straight] - query.frame_times_ms[number[straight]])
    assert np.median(offsets) <= 250
    assert np.median(best.sound_hits[:, 1] - query.sound_times_ms[best.sound_hits[:, 0]]) == pytest.approx(0, abs=2)


def test_one_mode_alone_is_enough(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    deaf = replace(query, sound=NOTHING.sound, sound_times_ms=NOTHING.sound_times_ms)
    blind = replace(NOTHING, sound=query.sound, sound_times_ms=query.sound_times_ms)
    assert nominated(catalog(), deaf) == nominated(catalog(), blind) == [newsroom.clip.asset_id]
    assert catalog().nominate(deaf)[0].sound_hits.shape == (0, 2)
    assert catalog().nominate(blind)[0].hits.shape == (0, 5)


def test_brief_sound_alone_is_enough_where_it_hits_twice_at_one_offset(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    values = np.random.default_rng(4).integers(0, 2**32, 30, dtype=np.uint32)
    stored = SoundPrint(brief_sound.ALGORITHM, values, np.ones(30, np.bool_), brief_sound.STEP_S)
    with registry.writing() as session:
        number = session.scalars(select(IndexedAssetRow.asset_no)).one()
        version = versions(session)[-1]
        enter(session, version, [entries(number, Fingerprints(brief_sound=stored), version.parameters)])

    def asked(*hits: tuple[int, int]) -> Query:
        at, times = zip(*hits, strict=True)
        return replace(NOTHING, brief=values[list(at)], brief_times_ms=np.array(times, np.int64))

    # Values 10 and 12 are at 2.0 and 2.4 seconds of the original.
    (found,) = catalog().nominate(asked((10, 310), (12, 720)))
    assert found.asset_id == newsroom.clip.asset_id
    assert (found.hits.shape, found.sound_hits.shape) == ((0, 5), (0, 2))
    for elsewhere in (asked((10, 310), (10, 320)), asked((10, 310), (12, 1310))):
        assert catalog().nominate(elsewhere) == []
    chromaprint = replace(NOTHING, sound=values, sound_times_ms=np.arange(30) * 200)
    assert catalog().nominate(chromaprint) == []


def test_the_limit_holds_and_nothing_asked_is_nothing_answered(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query, same: SignedAsset
) -> None:
    first = newsroom.register(registry, newsroom.clip.path, settings)
    newsroom.register(registry, same.path, settings)
    assert set(nominated(catalog(), query)) == {first.asset_id, same.asset_id}
    assert len(nominated(catalog(), query, limit=1)) == 1
    assert nominated(catalog(), NOTHING) == []


def test_an_original_is_what_was_registered(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    signed = newsroom.clip
    original = catalog().original(signed.asset_id)
    assert original is not None
    assert (original.signer, original.status) == ("Herald", "registered")
    assert original.signer_fingerprint == newsroom.herald.chain[0].fingerprint(SHA256()).hex()
    stored, before = original.fingerprints, signed.fingerprints
    assert stored.frames is not None
    assert before.frames is not None
    for name in ("times_ms", "hashes", "quality", "phashes"):
        assert (getattr(stored.frames, name) == getattr(before.frames, name)).all()
        assert getattr(stored.frames, name).dtype == getattr(before.frames, name).dtype
    assert stored.sound is not None
    assert before.sound is not None
    assert (stored.sound.values == before.sound.values).all()
    assert (stored.sound.loud == before.sound.loud).all()
    assert stored.sound.step_s == before.sound.step_s


def test_a_manifest_leads_to_its_asset_only_with_its_own_hash(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened
) -> None:
    newsroom.register(registry, newsroom.photo.path, settings)
    label, binding = newsroom.photo.manifest_label, newsroom.photo.hard_binding
    found = catalog().by_manifest(label, binding)
    assert found is not None
    assert found.asset_id == newsroom.photo.asset_id
    assert catalog().by_manifest(label, "sha256:" + "0" * 64) is None
    assert catalog().by_manifest("urn:c2pa:another", binding) is None


def test_unknown_ids_are_unknown(catalog: Opened, tmp_path: Path) -> None:
    for asset_id in ("", "x" * 26, "'; DROP TABLE assets; --", "../../etc/passwd"):
        assert catalog().original(asset_id) is None
        assert catalog().reference_copy(asset_id, tmp_path) is None


def test_the_reference_copy_has_the_signed_hash(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, tmp_path: Path
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    copy = catalog().reference_copy(newsroom.clip.asset_id, tmp_path)
    assert copy is not None
    assert copy.parent == tmp_path
    assert copy.suffix == ".mp4"
    assert newsroom.clip.reference is not None
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == newsroom.clip.reference.sha256


def test_a_reference_copy_that_was_swapped_is_not_handed_out(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, tmp_path: Path
) -> None:
    newsroom.register(registry, newsroom.clip.path, settings)
    assert newsroom.clip.reference is not None
    name = newsroom.clip.reference.sha256
    blob = Path(settings.blobs) / name[:2] / name
    blob.write_bytes(blob.read_bytes()[:-1] + b"\x00")
    with pytest.raises(RegistryError) as caught:
        catalog().reference_copy(newsroom.clip.asset_id, tmp_path)
    assert caught.value.code == "blobs.tampered"
    blob.unlink()
    with pytest.raises(RegistryError) as caught:
        catalog().reference_copy(newsroom.clip.asset_id, tmp_path)
    assert caught.value.code == "blobs.missing"
    assert list(tmp_path.glob("*.mp4")) == []


def test_a_withheld_reference_copy_is_none(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, withheld: SignedAsset, tmp_path: Path
) -> None:
    done = newsroom.register(registry, withheld.path, settings)
    assert catalog().reference_copy(done.asset_id, tmp_path) is None
    original = catalog().original(done.asset_id)
    assert original is not None
    assert original.reference_sha256 is None


def test_an_embargoed_asset_is_nowhere_but_for_its_owner_until_released(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query, tmp_path: Path
) -> None:
    done = newsroom.register(registry, newsroom.clip.path, settings, embargoed=True)
    label, binding = newsroom.clip.manifest_label, newsroom.clip.hard_binding

    def seen(viewer: str | None) -> list[bool]:
        asked = catalog(viewer)
        return [
            nominated(asked, query) == [done.asset_id],
            asked.original(done.asset_id) is not None,
            asked.by_manifest(label, binding) is not None,
            asked.reference_copy(done.asset_id, tmp_path) is not None,
        ]

    assert seen(None) == seen("organisation:Courier") == seen("") == [False] * 4
    assert seen(HERALD) == [True] * 4
    release(registry, done.asset_id, "editor")
    assert seen(None) == seen("organisation:Courier") == [True] * 4


def test_an_embargo_ends_when_its_time_has_come(
    newsroom: Newsroom, settings: Settings, catalog: Opened, registry: Registry, query: Query
) -> None:
    noon = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    done = newsroom.register(registry, newsroom.clip.path, settings, embargoed_until=noon)
    for moment, expected in ((noon - dt.timedelta(seconds=1), []), (noon, [done.asset_id])):
        with open_registry(settings, clock=lambda at=moment: at) as later:
            assert nominated(LocalCatalog(later), query) == expected


def test_a_withdrawn_asset_is_not_nominated_but_still_answers(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query
) -> None:
    done = newsroom.register(registry, newsroom.clip.path, settings)
    withdraw(registry, done.asset_id, "wrong caption", "editor")
    assert nominated(catalog(), query) == nominated(catalog(HERALD), query) == []
    original = catalog().original(done.asset_id)
    assert original is not None
    assert original.status == "withdrawn"


def test_a_superseded_asset_is_still_found_and_says_so(
    newsroom: Newsroom, registry: Registry, settings: Settings, catalog: Opened, query: Query
) -> None:
    old = newsroom.register(registry, newsroom.clip.path, settings)
    new = newsroom.register(registry, newsroom.photo.path, settings)
    supersede(registry, old.asset_id, new.asset_id, "editor")
    assert nominated(catalog(), query) == [old.asset_id]
    original = catalog().original(old.asset_id)
    assert original is not None
    assert original.status == "superseded"
