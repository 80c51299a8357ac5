"""Finding assets by codes near theirs, on every database, and of registries that are older than the index."""

from __future__ import annotations

import iscc_core
import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from numpy.typing import NDArray
from postgres import BACKENDS
from sqlalchemy.orm import Session
from synthetic_assets import add_asset

from provenance.fingerprints.iscc import ContentCode
from provenance.fingerprints.values import Fingerprints
from provenance.settings import Settings
from registry import iscc_index
from registry.assets import withdraw
from registry.databases import database_of
from registry.models import AssetRow, FingerprintRow, IndexedAssetRow
from registry.store import Registry, create_registry

VIDEO, IMAGE = int(iscc_core.ST_CC.VIDEO), int(iscc_core.ST_CC.IMAGE)
BODY = np.random.default_rng(7).integers(0, 256, 32, dtype=np.uint8)

pytestmark = BACKENDS


def flipped(bits: int, seed: int = 3) -> NDArray[np.uint8]:
    """The body with so many bits flipped."""
    unpacked = np.unpackbits(BODY)
    unpacked[np.random.default_rng(seed).choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked)


def iscc(body: NDArray[np.uint8], kind: int = VIDEO) -> str:
    unit = iscc_core.encode_component(iscc_core.MT.CONTENT, kind, iscc_core.VS.V0, 256, body.tobytes())
    return f"ISCC:{unit}"


def enter(registry: Registry, asset_id: str, text: str, owner: str = "organisation:Herald") -> None:
    add_asset(registry, asset_id, Fingerprints(iscc=text), owner)


def found(registry: Registry, kind: int = VIDEO, limit: int = 10, viewer: str | None = None) -> list[tuple[str, int]]:
    with registry.reading() as session:
        code = ContentCode(kind, BODY.tobytes())
        near = iscc_index.near(session, code, limit, viewer=viewer, now=registry.now())
    return [(each.asset_id, each.distance) for each in near]


def test_the_nearest_of_the_same_kind_come_first(registry: Registry) -> None:
    for bits in (33, 9, 15, 0):
        enter(registry, f"apart-{bits}", iscc(flipped(bits)))
    enter(registry, "picture", iscc(BODY, IMAGE))
    assert found(registry) == [("apart-0", 0), ("apart-9", 9), ("apart-15", 15)]
    assert found(registry, limit=2) == [("apart-0", 0), ("apart-9", 9)]
    assert found(registry, IMAGE) == [("picture", 0)]


def test_who_may_not_see_an_asset_does_not_find_it_and_it_takes_nobodys_place(registry: Registry) -> None:
    for name in ("hidden", "gone", "shown"):
        enter(registry, name, iscc(BODY))
    with registry.writing() as session:
        session.get_one(AssetRow, "hidden").embargoed = True
    withdraw(registry, "gone", "wrong caption", "editor")
    assert found(registry, limit=1) == [("shown", 0)]
    assert found(registry, viewer="organisation:Herald") == [("hidden", 0), ("shown", 0)]


WHOLE_CODE = "ISCC:KACT4EBWK27737D2AYCJRAL5Z36G76RFRMO4554RU26HZ4ORJGIVHDI"


@pytest.mark.parametrize("text", ["", "ISCC:", "ISCC:AAA", WHOLE_CODE, "ä", "x"])
def test_what_is_no_code_is_not_entered(registry: Registry, text: str) -> None:
    enter(registry, "odd", text)
    assert found(registry) == []


def test_a_key_that_too_many_share_is_left_out(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iscc_index, "MAX_KEY_ROWS", 2)
    for number in range(3):
        enter(registry, f"black-{number}", iscc(BODY))
    assert found(registry) == []


def test_codes_are_found_by_any_fifteen_bits(registry: Registry) -> None:
    for seed in range(20):
        enter(registry, f"seed-{seed:02}", iscc(flipped(15, seed)))
    assert found(registry, limit=50) == [(f"seed-{seed:02}", 15) for seed in range(20)]


def test_an_older_registry_is_found_by_its_codes_after_the_upgrade(settings: Settings) -> None:
    database = database_of(settings)
    database.make_place()
    engine = database.engine()
    with engine.execution_options(provenance_writes=True).begin() as connection:
        config = Config()
        config.set_main_option("script_location", "registry:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        session = Session(connection)
        for name, value in (("film", iscc(flipped(5))), ("odd", "no code")):
            facts = {"title": "t", "signer": "s", "signer_fingerprint": "0" * 64, "owner": "o", "media_type": "x/y"}
            bound = {"manifest_label": "l", "hard_binding": "sha256:00", "has_audio": False, "claims": []}
            state = {"registered_at": "2026-01-01T00:00:00Z", "status": "registered", "embargoed": False}
            session.add(AssetRow(asset_id=name, **facts, **bound, **state))
            session.flush()
            session.add(IndexedAssetRow(asset_id=name))
            code = {"kind": "iscc", "algorithm": "io.iscc.v0", "version": "0", "parameters": {}}
            session.add(FingerprintRow(asset_id=name, value=value.encode(), **code))
        session.flush()
    engine.dispose()
    with create_registry(settings) as store:
        assert found(store) == [("film", 5)]
