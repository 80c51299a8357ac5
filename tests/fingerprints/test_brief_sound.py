"""Two seconds of sound are told apart, after an encoder too, and what every file holds says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from support.media import ffmpeg

from provenance.fingerprints import brief_sound
from provenance.media.sound import read_pcm
from provenance.media.values import PCM_RATE, Limits
from verifier.brief_runs import same_briefly

Samples = NDArray[np.int16]
FROM, TO = 3.137, 4.937


def speech(seed: int, seconds: float) -> Samples:
    """A voice's harmonics under formants that change every eighth of a second, with pauses."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 8)
    time = np.arange(count * PCM_RATE // 8) / PCM_RATE

    def gliding(low: float, high: float) -> NDArray[np.float64]:
        return np.interp(time, np.arange(count + 1) / 8, rng.uniform(low, high, count + 1))

    phase, centres = np.cumsum(gliding(90, 180)) / PCM_RATE, [gliding(300, 900), gliding(900, 2500)]
    voice = np.zeros(len(time))
    for harmonic in range(1, 24):
        loudness = sum(np.exp(-(((harmonic * 130 - centre) / 200) ** 2)) for centre in centres)
        voice += loudness * np.sin(2 * np.pi * harmonic * phase)
    return np.int16(6000 * voice * np.clip(gliding(-0.3, 1.5), 0, 1))


SPOKEN = speech(1, 9)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """1.8 seconds of it after an encoder at 48 kb/s and under noise."""
    folder = tmp_path_factory.mktemp("sound")
    part = SPOKEN[round(FROM * PCM_RATE) : round(TO * PCM_RATE)].astype(np.float64)
    noisy = part + np.random.default_rng(2).normal(0, 60, len(part))
    (folder / "part.pcm").write_bytes(noisy.astype("<i2").tobytes())
    raw = ("-f", "s16le", "-ar", str(PCM_RATE), "-ac", "1")
    ffmpeg(*raw, "-i", folder / "part.pcm", "-c:a", "aac", "-b:a", "48k", "-f", "ipod", folder / "part.m4a")
    return read_pcm(folder / "part.m4a", limits=Limits())


def test_two_seconds_are_placed_to_a_hundredth(copy: Samples) -> None:
    clip, original = brief_sound.of_clip(copy), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    (run,) = same_briefly(clip, original)
    assert run.offset == pytest.approx(FROM, abs=0.011)
    assert run.end - run.start > 1.0
    assert run.error < 0.08


def test_it_is_found_in_hours_of_something_else(copy: Samples) -> None:
    clip, original = brief_sound.of_clip(copy), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    rng = np.random.default_rng(6)
    # Across the place where one part of it that is looked at ends.
    before, after = 18_000 - 20, 20_000
    others = [rng.integers(0, 2**32, count, dtype=np.uint32) for count in (before, after)]
    values = np.r_[others[0], original.values, others[1]]
    loud = np.r_[np.ones(before, np.bool_), original.loud, np.ones(after, np.bool_)]
    (run,) = same_briefly(clip, replace(original, values=values, loud=loud))
    assert run.offset == pytest.approx(before * brief_sound.STEP_S + FROM, abs=0.011)


def test_what_may_have_been_meant_holds_the_originals_own(copy: Samples) -> None:
    clip, original = brief_sound.of_clip(copy), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    moments = {}
    for doubtful in (0, 4):
        values, at = clip.likely(doubtful)
        assert len(values) == 2**doubtful * clip.loud.sum()
        own = [np.flatnonzero(original.values == value) for value in values]
        there = [(i, k) for i, found in enumerate(own) for k in found]
        moments[doubtful] = {k for i, k in there if abs(k * 0.2 - at[i] * 0.01 - FROM) < 0.02}
    assert moments[4] > moments[0]
    assert len(moments[4]) >= 2


def test_what_was_made_in_another_way_does_not_compare(copy: Samples) -> None:
    clip, original = brief_sound.of_clip(copy), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    other = replace(original.algorithm, parameters={"step_ms": 100})
    assert same_briefly(clip, replace(original, algorithm=other)) == ()
    # What a registry says of the step is not asked.
    assert same_briefly(clip, replace(original, step_s=float("nan")))[0].offset == pytest.approx(FROM, abs=0.011)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_other_words_are_placed_nowhere(seed: int) -> None:
    clip, original = brief_sound.of_clip(speech(seed, 1.75)), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    assert same_briefly(clip, original) == ()


def test_a_tone_that_glides_is_not_another_that_glides_alike() -> None:
    time = np.arange(5 * PCM_RATE) / PCM_RATE

    def whistle(low: float) -> Samples:
        return np.int16(12000 * np.sin(2 * np.pi * (low + 120 * np.sin(3 * time)) * time))

    clip, original = brief_sound.of_clip(whistle(350)), brief_sound.of_original(whistle(310))
    assert clip is not None
    assert original is not None
    assert same_briefly(clip, original) == ()


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda _time: 0, id="silence"),
        pytest.param(lambda time: 9000 * np.sin(2 * np.pi * 440 * time), id="a steady tone"),
        pytest.param(lambda time: sum(3000 * np.sin(2 * np.pi * f * time) for f in (440, 554.4, 659.3)), id="a chord"),
    ],
)
def test_what_every_file_may_hold_is_the_sound_of_none(made: Callable[[NDArray[np.float64]], float]) -> None:
    time = np.arange(2 * PCM_RATE) / PCM_RATE
    samples = np.broadcast_to(made(time), time.shape).astype(np.int16)
    clip, original = brief_sound.of_clip(samples), brief_sound.of_original(np.tile(samples, 3))
    assert clip is not None
    assert original is not None
    assert not clip.loud.any()
    assert same_briefly(clip, original) == ()


def test_what_is_long_enough_for_chromaprint_or_briefer_than_one_has_none() -> None:
    assert brief_sound.of_clip(SPOKEN) is None
    assert brief_sound.of_clip(SPOKEN[:6000]) is None
    assert brief_sound.of_original(SPOKEN[:6000]) is None


def test_an_original_has_five_a_second_whatever_its_length() -> None:
    original = brief_sound.of_original(np.tile(SPOKEN, 60))
    assert original is not None
    assert len(original.values) == int((540 - 0.416) / 0.2) + 1
    # Every nine seconds the same again, across the blocks in which it is worked out.
    assert (original.values[:43] == original.values[45 * 50 :][:43]).all()


def test_a_dub_of_half_leaves_the_other_half() -> None:
    spoken = SPOKEN[: 4 * PCM_RATE].copy()
    spoken[2 * PCM_RATE :] = speech(8, 2)
    clip, original = brief_sound.of_clip(spoken), brief_sound.of_original(SPOKEN)
    assert clip is not None
    assert original is not None
    (run,) = same_briefly(clip, original)
    assert run.start < 0.5
    assert 1.2 < run.end < 2.6
