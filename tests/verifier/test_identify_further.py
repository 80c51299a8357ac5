"""Which original is tried first, and what is looked for when those that come closest show another moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from verdict_desk import Desk

from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier.clip import read_clip
from verifier.identify import identify, identify_further, ranked
from verifier.watch import TimeSpentError, Watch


def test_a_small_film_in_another_is_named_first_with_its_place(desk: Desk, tmp_path: Path) -> None:
    clip = read_clip(desk.media("street-inset.mp4"), tmp_path, desk.settings)
    with open_registry(desk.settings) as store:
        found = identify_further(clip.looks, LocalCatalog(store))
        with pytest.raises(TimeSpentError):
            identify_further(clip.looks, LocalCatalog(store), watch=Watch(None, 1.0, lambda: 10.0, 0.0))
    assert found[0].original.title == "street"
    assert found[0].pairs, "it was found by features"
    assert found[0].original.width
    assert found[0].original.height
    height = 260 * found[0].original.height / found[0].original.width
    assert found[0].reading.part == pytest.approx((360 / 640, 20 / 360, 260 / 640, height / 360), abs=0.06)
    assert all(candidate.original.duration is not None for candidate in found), "photographs are looked for elsewhere"


def test_of_originals_with_the_same_pictures_the_shortest_is_tried_first(desk: Desk, tmp_path: Path) -> None:
    clip = read_clip(desk.media("bicycle-360p.mp4"), tmp_path, desk.settings)
    with open_registry(desk.settings) as store:
        own = identify(clip, LocalCatalog(store))[0]
    assert own.original.duration is not None
    longer = replace(own.original, asset_id="longer", duration=10 * own.original.duration)
    of_longer = replace(own, original=longer, distance=np.maximum(own.distance, 1) - 1)
    assert of_longer.strength > own.strength
    assert ranked([of_longer, own]) == [own, of_longer]
    in_part = replace(own, picture_share=own.picture_share - 0.05)
    assert ranked([in_part, of_longer]) == [of_longer, in_part]
    photograph = replace(own, original=replace(own.original, duration=None))
    assert ranked([photograph, of_longer]) == [of_longer, photograph]
