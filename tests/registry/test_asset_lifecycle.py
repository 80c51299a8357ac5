"""What may happen to an asset after registration, each with its line in the history."""

from __future__ import annotations

import numpy as np
import pytest
from newsroom import Newsroom
from synthetic_assets import add_asset, frame_prints

from provenance.credentials.values import Credential, CredentialState, Ingredient
from provenance.errors import RegistryError
from provenance.settings import Settings
from registry.assets import list_assets, release, show_asset, supersede, withdraw
from registry.claims import MAX_CLAIMS, MAX_LENGTH, claims_of
from registry.store import Registry


@pytest.fixture
def two(registry: Registry) -> Registry:
    for asset_id in ("old", "new"):
        add_asset(registry, asset_id, frame_prints(np.zeros((1, 32), dtype=np.uint8)))
    return registry


def code_of(action: object, *arguments: object) -> str:
    assert callable(action)
    with pytest.raises(RegistryError) as caught:
        action(*arguments)
    assert caught.value.hint
    return caught.value.code


def history(registry: Registry, asset_id: str) -> list[tuple[int, str, str, dict[str, object]]]:
    return [(e.number, e.kind, e.actor, dict(e.detail)) for e in show_asset(registry, asset_id).events]


def test_history_says_what_happened_who_did_it_and_when(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    asset_id = newsroom.register(registry, newsroom.photo.path, settings, embargoed=True, actor="desk").asset_id
    release(registry, asset_id, "editor")
    withdraw(registry, asset_id, "wrong place", "lawyer")
    assert history(registry, asset_id) == [
        (1, "registered", "desk", {"embargoed": True, "reference": True}),
        (2, "released", "editor", {}),
        (3, "withdrawn", "lawyer", {"reason": "wrong place"}),
    ]
    times = [event.at for event in show_asset(registry, asset_id).events]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)


def test_an_asset_is_superseded_only_by_one_of_the_same_owner(two: Registry) -> None:
    add_asset(two, "foreign", frame_prints(np.zeros((1, 32), dtype=np.uint8)), owner="organisation:Courier")
    assert code_of(supersede, two, "old", "foreign", "me") == "asset.other_owner"
    assert code_of(supersede, two, "old", "old", "me") == "asset.same"
    assert code_of(supersede, two, "old", "nobody", "me") == "asset.unknown"
    supersede(two, "old", "new", "me")
    assert show_asset(two, "old").original.status == "superseded"
    assert history(two, "old") == [(1, "superseded", "me", {"by": "new"})]
    assert history(two, "new") == []


def test_what_was_withdrawn_stays_withdrawn(two: Registry) -> None:
    withdraw(two, "old", "a reason", "me")
    assert code_of(withdraw, two, "old", "again", "me") == "asset.withdrawn"
    assert code_of(supersede, two, "old", "new", "me") == "asset.withdrawn"
    assert code_of(supersede, two, "new", "old", "me") == "asset.withdrawn"
    assert len(history(two, "old")) == 1


def test_only_an_embargo_can_be_released(two: Registry) -> None:
    assert code_of(release, two, "old", "me") == "asset.not_embargoed"
    assert code_of(release, two, "nobody", "me") == "asset.unknown"
    assert code_of(show_asset, two, "nobody") == "asset.unknown"


def test_the_newest_assets_are_listed_first(two: Registry) -> None:
    assert [line.asset_id for line in list_assets(two, 10)] == ["new", "old"]
    assert [line.asset_id for line in list_assets(two, 1)] == ["new"]


def test_claims_are_the_manifests_words_within_bounds() -> None:
    credential = Credential(
        CredentialState.AUTHENTIC,
        actions=(
            {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/x/digitalCapture"},
            {"action": "c2pa.color_adjustments", "description": "brighter", "when": "2026-01-02"},
            {"action": "x" * 10_000},
            {},
        ),
        ingredients=(Ingredient("raw.mp4", "parentOf", None, ("assertion.dataHash.mismatch",)),) * 200,
    )
    claims = claims_of(credential)
    assert claims[0] == "created as digitalCapture"
    assert claims[1] == "color adjustments: brighter at 2026-01-02"
    assert claims[3] == "an unnamed action"
    assert "raw.mp4 (parentOf), whose own credential failed: assertion.dataHash.mismatch" in claims[4]
    assert len(claims) == MAX_CLAIMS
    assert max(map(len, claims)) == MAX_LENGTH
