"""Stills found by the local features they share with what is asked about."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from postgres import BACKENDS
from synthetic_assets import add_asset, frame_query

from provenance.catalog import Nomination, Query
from provenance.fingerprints.feature_keys import mirrored, probe_keys, stored_keys
from provenance.fingerprints.features import features
from provenance.fingerprints.values import Features, Fingerprints
from registry import index
from registry.reindex import reindex
from registry.store import Registry

Picture = NDArray[np.uint8]


def drawn(seed: int) -> Picture:
    """Overlapping shapes of many sizes and shades, a little blurred: rich in features, and like no other seed's."""
    rng = np.random.default_rng(seed)
    picture = np.full((420, 640), 128, np.uint8)
    for _ in range(160):
        x, y, size = rng.integers(0, 640), rng.integers(0, 420), rng.integers(6, 60)
        shade = int(rng.integers(0, 256))
        corners = rng.normal((x, y), size, (int(rng.integers(3, 7)), 2)).astype(np.int32)
        cv2.fillPoly(picture, [corners], shade)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), np.uint8)


@cache
def original(seed: int) -> Features:
    return taken(drawn(seed))


def taken(picture: Picture) -> Features:
    found = features(picture)
    assert found is not None
    return found


def circulated(picture: Picture) -> Picture:
    """Upside down, half of it, smaller and compressed."""
    part = np.ascontiguousarray(picture[::-1, ::-1][60:360, 80:500])
    small = cv2.resize(part, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 0), np.uint8)


def feature_query(*pictures: Features) -> Query:
    nothing = frame_query(np.zeros((0, 32), np.uint8))
    return replace(
        nothing,
        features=np.concatenate([picture.descriptors for picture in pictures]),
        feature_pictures=np.repeat(2 * np.arange(len(pictures)), [len(p.points) for p in pictures]).astype(np.uint8),
    )


def nominate(registry: Registry, query: Query, viewer: str | None = None) -> list[Nomination]:
    with registry.reading() as session:
        return index.nominate(session, query, 10, viewer=viewer, now=registry.now())


@pytest.fixture
def pictures(registry: Registry) -> list[Picture]:
    made = [drawn(seed) for seed in range(12)]
    for number in range(len(made)):
        add_asset(registry, f"{number:026d}", Fingerprints(features=original(number)))
    return made


@BACKENDS
def test_an_upside_down_part_leads_to_its_still_first(registry: Registry, pictures: list[Picture]) -> None:
    for number in (0, 5, 11):
        found = nominate(registry, feature_query(taken(circulated(pictures[number]))))
        assert found[0].asset_id == f"{number:026d}"
        assert all(found[0].votes > 3 * other.votes for other in found[1:])


@BACKENDS
def test_a_picture_that_is_not_registered_gathers_few_votes(registry: Registry, pictures: list[Picture]) -> None:
    known = nominate(registry, feature_query(taken(circulated(pictures[3]))))[0].votes
    strangers = [nominate(registry, feature_query(taken(circulated(drawn(seed))))) for seed in (100, 101, 102)]
    assert all(nomination.votes < known / 3 for found in strangers for nomination in found)


@BACKENDS
def test_each_picture_asked_about_finds_its_own_still(registry: Registry, pictures: list[Picture]) -> None:
    found = nominate(registry, feature_query(taken(circulated(pictures[1])), taken(circulated(pictures[2]))))
    assert {nomination.asset_id for nomination in found[:2]} == {f"{number:026d}" for number in (1, 2)}


@BACKENDS
def test_features_are_found_after_the_index_was_built_anew(registry: Registry, pictures: list[Picture]) -> None:
    query = feature_query(taken(circulated(pictures[4])))
    before = [(n.asset_id, n.votes) for n in nominate(registry, query)]
    assert reindex(registry).entered == len(pictures)
    assert [(n.asset_id, n.votes) for n in nominate(registry, query)] == before


def test_a_mirrored_picture_has_the_mirrored_descriptors() -> None:
    picture = drawn(7)
    flipped = np.ascontiguousarray(picture[:, ::-1])
    plain, turned = taken(picture), taken(flipped)
    expected = mirrored(plain.descriptors).astype(int)
    close = 0
    for point, descriptor in zip(plain.points, expected, strict=True):
        there = np.array([picture.shape[1] - 1 - point[0], point[1]])
        near = np.linalg.norm(turned.points - there, axis=1) < 1
        gaps = np.linalg.norm(turned.descriptors[near].astype(int) - descriptor, axis=1)
        close += bool(len(gaps) and gaps.min() < 60)
    assert close > 0.8 * len(expected)


def test_a_feature_is_looked_for_under_its_own_key_and_keys_close_by() -> None:
    found = taken(drawn(8))
    stored, probed = stored_keys(found.descriptors), probe_keys(found.descriptors)
    assert (probed == stored[:, None]).any(axis=1).all()
    assert np.bitwise_count(probed ^ stored[:, None]).max() == 4
