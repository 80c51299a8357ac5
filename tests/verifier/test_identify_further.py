"""What is looked for when the originals that come closest turn out to show another moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from verdict_desk import Desk

from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier.clip import read_clip
from verifier.identify import identify_further
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
