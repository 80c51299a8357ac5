"""What was set into another picture, turned or cut is read back as the picture that was registered."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints import pdq
from provenance.fingerprints.readings import TURNS, Reading, further, inset
from provenance.fingerprints.rectangles import rectangles

PICTURES = Path(skimage.__file__).parent / "data"
SIZE = (480, 270)


def picture(name: str) -> np.ndarray:
    return cv2.resize(cv2.imread(str(PICTURES / name), cv2.IMREAD_GRAYSCALE), SIZE, interpolation=cv2.INTER_AREA)


def distance(read: np.ndarray, original: np.ndarray) -> int:
    asked, _ = pdq.pdq(pdq.to_grid(read)[None])
    return int(pdq.hamming(pdq.hash_views(original)[0], asked).min())


def moving(name: str, frames: int = 12) -> list[np.ndarray]:
    """A camera that passes over a picture."""
    whole = cv2.resize(cv2.imread(str(PICTURES / name), cv2.IMREAD_GRAYSCALE), (720, 480))
    return [whole[4 * n : 4 * n + SIZE[1], 16 * n : 16 * n + SIZE[0]] for n in range(frames)]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_picture_is_read_upright(turn: float, mirrored: bool) -> None:
    original = picture("coffee.png")
    turned = Reading("made", turn=-turn).picture(original)
    shown = np.ascontiguousarray(turned[:, ::-1]) if mirrored else turned
    # A mirrored picture looks turned the other way.
    wanted = Reading("wanted", turn=-turn if mirrored else turn, mirrored=mirrored)
    read = wanted.picture(shown)
    assert read.shape == original.shape
    assert distance(read, original) <= 40
    assert distance(read, original) < distance(shown, original)


@given(
    st.sampled_from([0.0, 10.0, 90.0, 180.0, 270.0]),
    st.booleans(),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.floats(0.3, 0.6),
)
def test_the_map_of_a_reading_is_what_its_picture_does(turn: float, flip: bool, x: float, y: float, w: float) -> None:
    reading = Reading("any", (x, y, w, w), turn, flip)
    dot = np.zeros(SIZE[::-1], np.uint8)
    at = round((x + w / 2) * SIZE[0]), round((y + w / 2) * SIZE[1])
    cv2.circle(dot, at, 4, 255, -1)
    read = reading.picture(dot)
    assert read.shape[::-1] == reading.size(SIZE)
    expected = cv2.perspectiveTransform(np.array([[at]], np.float64), reading.matrix(SIZE))[0, 0]
    lit = np.argwhere(read > 128)[:, ::-1].mean(axis=0)
    assert np.abs(lit - expected).max() < 1.0


@pytest.mark.parametrize("part", [(0.6, 0.55, 0.35, 0.35), (0.05, 0.1, 0.5, 0.5), (0.25, 0.0, 0.5, 1.0)])
def test_a_moving_picture_set_into_another_is_seen_as_a_rectangle(part: tuple[float, float, float, float]) -> None:
    left, top = round(part[0] * SIZE[0]), round(part[1] * SIZE[1])
    size = round(part[2] * SIZE[0]), round(part[3] * SIZE[1])
    frames = []
    for inner, outer in zip(moving("coffee.png"), moving("astronaut.png"), strict=True):
        frame = outer.copy()
        frame[top : top + size[1], left : left + size[0]] = cv2.resize(inner, size, interpolation=cv2.INTER_AREA)
        frames.append(frame)
    found = rectangles(frames)
    assert found
    assert min(np.abs(np.subtract(one, part)).max() for one in found) < 0.02
    read = [reading.picture(frames[3]) for reading in inset(found)]
    assert min(distance(one, moving("coffee.png")[3]) for one in read) <= 40


def test_footage_without_pictures_in_it_has_no_rectangles() -> None:
    assert rectangles(moving("rocket.jpg")) == []
    assert rectangles([np.full(SIZE[::-1], 90, np.uint8)] * 3) == []
    assert rectangles([]) == []


def test_further_readings_cover_common_shapes_once() -> None:
    wide = [reading.part for reading in further(SIZE) if not reading.mirrored and reading.name.startswith("inner")]
    assert len(wide) == len(set(wide)) == 3
    assert all(min(x, y) >= 0 and max(x + w, y + h) <= 1.0001 for x, y, w, h in wide)
