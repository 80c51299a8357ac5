"""A part of a photograph that was painted over stands out, however well the rest was saved."""

from __future__ import annotations

import numpy as np
import pytest

from verifier.comparers.picture import standing_out
from verifier.comparers.regions import STRONG_STILL


@pytest.mark.parametrize("middle", [-0.6, -0.3, 0.0, 0.3])
def test_that_all_of_a_photograph_was_saved_well_hides_no_painted_block(middle: float) -> None:
    level = np.random.default_rng(1).normal(middle, 0.15, (20, 30)).astype(np.float32)
    level[5, 5] = 5.5
    found, _ = standing_out(level, np.full(level.shape, True), still=True)
    assert found[5, 5] >= STRONG_STILL
    level[5, 5] = 0.0
    assert standing_out(level, np.full(level.shape, True), still=True)[0].max() < STRONG_STILL / 2
