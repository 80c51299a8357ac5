"""A short clip's sound is found in an original that its picture nominated, though no value of it is an exact hit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.fingerprints.sound import STEP_S, sound_print
from provenance.fingerprints.values import SoundPrint
from verifier.sound_runs import same_throughout


def values(seed: int, count: int) -> NDArray[np.uint32]:
    return np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)


def printed(chosen: NDArray[np.uint32]) -> SoundPrint:
    made = sound_print(chosen)
    assert made is not None
    return made


def compressed(chosen: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Two of 32 bits of every value flipped."""
    bits = np.random.default_rng(7).permuted(np.tile(np.arange(32), (len(chosen), 1)), axis=1)[:, :2]
    return chosen ^ (np.uint32(1) << bits.astype(np.uint32)).sum(axis=1, dtype=np.uint32)


ORIGINAL = printed(values(1, 120))


def test_it_is_placed_where_it_comes_from() -> None:
    (run,) = same_throughout(printed(compressed(ORIGINAL.values[50:90])), ORIGINAL)
    assert run.offset == pytest.approx(50 * STEP_S)
    assert run.end - run.start > 35 * STEP_S
    assert run.error == pytest.approx(2 / 32)


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param(values(2, 40), id="other sound"),
        pytest.param(ORIGINAL.values[50:75], id="too short to be sure"),
        pytest.param(np.zeros(40, np.uint32), id="silence"),
        pytest.param(np.r_[ORIGINAL.values[50:65], values(3, 25)], id="the same for two seconds only"),
    ],
)
def test_what_may_be_another_sound_is_placed_nowhere(heard: NDArray[np.uint32]) -> None:
    assert same_throughout(printed(heard), ORIGINAL) == ()
