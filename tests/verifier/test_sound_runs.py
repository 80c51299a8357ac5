"""Where a clip's sound is an original's: a short one that has no exact hit, and one of a loop with the least jumps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.catalog import Nomination
from provenance.fingerprints.sound import STEP_S, sound_print
from provenance.fingerprints.values import SoundPrint
from verifier.sound_runs import same_sound, same_throughout


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


def nominated(clip: SoundPrint, original: SoundPrint) -> Nomination:
    """With every value of the original that is one of the clip's."""
    asked, found = np.nonzero(clip.values[clip.loud][:, None] == original.values[None, :])
    hits = np.stack((asked, np.round(found * original.step_s * 1000).astype(np.int64)), axis=1)
    return Nomination("a", 1.0, np.zeros((0, 5), np.int64), hits)


def placed(clip: NDArray[np.uint32], original: NDArray[np.uint32]) -> list[tuple[int, int, int, bool]]:
    """Start, end and offset of each run in values, and whether the original has it but once."""
    heard, known = printed(clip), printed(original)
    runs = same_sound(heard, known, nominated(heard, known))
    return [(*(round(x / STEP_S) for x in (run.start, run.end, run.offset)), run.only) for run in runs]


def test_what_was_cut_out_of_repeated_sound_is_the_least_that_explains_it() -> None:
    loop = np.tile(values(1, 60), 6)
    before, after = placed(np.r_[loop[:130], loop[150:]], loop)
    assert (before[2], before[3], after[2], after[3]) == (0, False, 20, False)
    assert before[1] == pytest.approx(130, abs=8)
    assert after[0] == pytest.approx(130, abs=8)


def test_sound_that_the_original_has_once_is_known_to_be_only_there() -> None:
    once = values(1, 360)
    assert [(offset, only) for *_, offset, only in placed(np.r_[once[:130], once[190:]], once)] == [
        (0, True),
        (60, True),
    ]
