"""Films and copies of photographs in ``benchmarks.identify``, and what is counted of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.identify import photo_recipes
from benchmarks.identify.base import generator
from benchmarks.identify.photo_recipes import COPIES, FILMS, Picture
from benchmarks.identify.photographs import Photograph, section


@pytest.fixture(scope="module")
def astronaut() -> Picture:
    """Portrait of Eileen Collins (NASA, public domain), 512 x 512, BGR."""
    return np.asarray(cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR))


def film(name: str, picture: Picture, silent: Path) -> list[Picture]:
    return list(FILMS[name](picture, generator("astronaut", name), silent))


def moved(one: Picture, other: Picture) -> float:
    return float(cv2.absdiff(one, other).mean())


@pytest.mark.parametrize("name", FILMS)
def test_films_are_of_one_size_and_last_as_long(name: str, astronaut: Picture, silent: Path) -> None:
    frames = film(name, astronaut, silent)
    assert len(frames) == photo_recipes.FPS * photo_recipes.SECONDS
    assert len({frame.shape for frame in frames}) == 1


def test_a_photograph_that_is_held_does_not_move(astronaut: Picture, silent: Path) -> None:
    frames = film("held", astronaut, silent)
    assert moved(frames[0], frames[-1]) == 0


def test_an_animation_is_no_pan(astronaut: Picture, silent: Path) -> None:
    """What one similarity explains is a camera; an animation leaves motion that none explains."""
    left = {name: _unexplained(film(name, astronaut, silent)) for name in ("panned", "animated-1", "animated-2")}
    assert left["panned"] < 2
    assert min(left["animated-1"], left["animated-2"]) > 4


def _unexplained(frames: list[Picture]) -> float:
    """Pixels by which tracked points miss the best similarity from the first frame to a later one: the worst tenth."""
    first, later = (cv2.cvtColor(frames[n], cv2.COLOR_BGR2GRAY) for n in (0, 30))
    points = cv2.goodFeaturesToTrack(first, 300, 0.01, 6)
    found, status, _ = cv2.calcOpticalFlowPyrLK(first, later, points, None, winSize=(31, 31))
    ours, theirs = points[status.ravel() == 1, 0], found[status.ravel() == 1, 0]
    matrix, _ = cv2.estimateAffinePartial2D(ours, theirs, ransacReprojThreshold=3)
    missed = np.hypot(*(ours @ matrix[:, :2].T + matrix[:, 2] - theirs).T)
    return float(np.percentile(missed, 90))


def test_two_animations_of_one_photograph_differ(astronaut: Picture, silent: Path) -> None:
    one, other = (film(name, astronaut, silent)[40] for name in ("animated-1", "animated-2"))
    assert moved(one, other) > 2


@pytest.mark.parametrize("name", COPIES)
def test_the_same_seed_makes_the_same_copy(name: str, astronaut: Picture, tmp_path: Path) -> None:
    for target in ("one.jpg", "two.jpg"):
        photo_recipes.write_copy(astronaut, name, tmp_path / target, generator("astronaut", name))
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "two.jpg").read_bytes()
    assert cv2.imread(str(tmp_path / "one.jpg")) is not None


def said(recipe: str, found: tuple[str, ...], kinds: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Photograph:
    return Photograph("a.jpg", recipe, Path("x"), found, kinds, without, 1.0)


def test_another_photograph_is_no_find() -> None:
    text = section([said("crop-10", ("b.jpg",)), said("animated-1", ("a.jpg",), ("still_animated",))])
    assert "| benign copies found ≥ 98% | 0.0% of 1 | **short** |" in text
    assert "| animated ones found with the right photograph ≥ 95% | 100.0% of 1 | met |" in text
    assert "called for 100.0% of the animated ones, and for 0 of 1 others" in text
    assert "Not found: a.jpg (crop-10)." in text


def test_a_match_without_its_original_is_held_against_us() -> None:
    text = section([said("grey", ("a.jpg",), without=("b.jpg",)), said("animated-1", ("a.jpg",))])
    assert "| matched while their own was not registered: none | 1 of 2 | **short** |" in text


def test_an_animation_called_where_there_is_none_is_counted() -> None:
    text = section([said("panned", ("a.jpg",), ("still_animated",)), said("animated-1", ())])
    assert "called for 0.0% of the animated ones, and for 1 of 1 others" in text
