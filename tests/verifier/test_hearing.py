"""Sound is the original's though it is turned down, hisses or starts in silence, and is not where anything is moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from footage import RATE, voice, write_wav
from numpy.typing import NDArray

from provenance.report import Finding, Kind
from provenance.settings import Settings, load_settings
from verifier.comparers.hearing import compare_hearing, compare_with_silence
from verifier.listening import Hearing, listen
from verifier.timing import Piece

SECONDS = 10.0
Sound = NDArray[np.float64]


@pytest.fixture(scope="module")
def said() -> Sound:
    """Two seconds of silence, then speech."""
    sound = 0.5 * voice(1, SECONDS)
    sound[: 2 * RATE] = 0
    return sound


class Ear:
    """Compares a sound with the one said, as if both were of one film of ten seconds."""

    def __init__(self, folder: Path, said: Sound) -> None:
        self._folder = folder
        self._settings: Settings = load_settings(folder / "home")
        write_wav(folder / "said.wav", said)

    def hear(self, sound: Sound) -> tuple[Hearing, list[Finding]]:
        pcm = self._folder / "clip.pcm"
        (np.clip(sound, -1, 1) * 32767).astype("<i2").tofile(pcm)
        piece = Piece(0.0, SECONDS, 1.0, 0.0, 1.0)
        hearing = listen(pcm, self._folder / "said.wav", piece, self._settings)
        assert hearing is not None
        return hearing, compare_hearing(piece, hearing, "asset")


@pytest.fixture
def ear(tmp_path: Path, said: Sound) -> Ear:
    return Ear(tmp_path, said)


def noise(level: float) -> Sound:
    return np.random.default_rng(5).normal(0, level, round(SECONDS * RATE))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda said: said, id="as it was"),
        pytest.param(lambda said: said * 10 ** (-30 / 20), id="turned down"),
        pytest.param(lambda said: said * 4, id="turned up until it clips"),
        pytest.param(lambda said: said + noise(0.01), id="hissing"),
    ],
)
def test_the_same_sound_has_no_finding(ear: Ear, said: Sound, change: object) -> None:
    assert callable(change)
    hearing, findings = ear.hear(change(said))
    assert findings == []
    assert not hearing.drowned
    assert np.isfinite(hearing.same).sum() > 0.6 * len(hearing.same)


def test_where_words_are_cut_out_and_the_rest_moves_up_it_differs_to_the_end(ear: Ear, said: Sound) -> None:
    _, findings = ear.hear(np.concatenate([said[: 5 * RATE], said[6 * RATE :]]))
    assert {finding.kind for finding in findings} == {Kind.AUDIO_EDITED}
    assert min(finding.clip.start for finding in findings if finding.clip) == pytest.approx(5, abs=0.3)
    assert max(finding.clip.end for finding in findings if finding.clip) == pytest.approx(SECONDS, abs=0.3)


def test_a_track_that_ends_early_lacks_what_was_said(ear: Ear, said: Sound) -> None:
    _, findings = ear.hear(said[: 8 * RATE])
    (finding,) = findings
    assert finding.kind is Kind.AUDIO_EDITED
    assert finding.clip is not None
    assert (float(finding.clip.start), float(finding.clip.end)) == pytest.approx((8, SECONDS), abs=0.25)


def test_half_a_second_of_other_words_is_found_under_a_hiss(ear: Ear, said: Sound) -> None:
    edited = said.copy()
    edited[6 * RATE : 6 * RATE + RATE // 2] = voice(9, 3.0)[RATE : RATE + RATE // 2]
    _, findings = ear.hear(edited + noise(0.01))
    (finding,) = findings
    assert finding.clip is not None
    assert (float(finding.clip.start), float(finding.clip.end)) == pytest.approx((6, 6.5), abs=0.25)


def test_other_words_after_the_same_silence_are_replaced_sound(ear: Ear, said: Sound) -> None:
    other = 0.5 * voice(2, SECONDS)
    other[: 2 * RATE] = 0
    _, findings = ear.hear(other)
    assert [finding.kind for finding in findings] == [Kind.AUDIO_REPLACED]


@pytest.mark.parametrize("left", [0.0, 1e-4], ids=["digital silence", "what a codec leaves"])
def test_a_silent_track_is_muted(ear: Ear, left: float) -> None:
    _, findings = ear.hear(noise(left))
    assert [finding.kind for finding in findings] == [Kind.MUTED]


def test_what_lies_under_noise_is_not_called_another_sound(tmp_path: Path, said: Sound) -> None:
    ear = Ear(tmp_path, said * 0.005)
    hearing, findings = ear.hear(said * 0.005 + noise(0.05))
    assert findings == []
    assert hearing.drowned


@pytest.mark.parametrize(
    ("level", "kinds"), [(0.1, [Kind.AUDIO_REPLACED]), (1e-4, [])], ids=["music", "an empty track"]
)
def test_what_is_heard_over_an_original_without_sound_was_added(
    tmp_path: Path, level: float, kinds: list[Kind]
) -> None:
    pcm = tmp_path / "clip.pcm"
    (noise(level) * 32767).astype("<i2").tofile(pcm)
    findings = compare_with_silence(pcm, Piece(0.0, SECONDS, 1.0, 0.0, 1.0), "asset")
    assert [finding.kind for finding in findings] == kinds
