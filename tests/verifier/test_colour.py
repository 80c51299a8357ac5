"""A pale recolouring stands out against the clip's own noise; a grade, and what a grade leaves over, does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from verifier.comparers.colour import RATE, Colours, compare_colours
from verifier.comparers.picture import BLOCK
from verifier.comparers.regions import CLEAR, STRONG, WEAK
from verifier.geometry import whole_frame

SIZE = 480, 270
WIDTH, HEIGHT = SIZE[0] // 2, SIZE[1] // 2
COUNT = 8
TIMES = np.arange(COUNT) / RATE
WINDOWS = np.array([[0.25 * k, 0.25 * k + 0.5] for k in range(6)])
SPOT = slice(48, 72), slice(96, 132)
"""An eightieth of the frame."""

Picture = NDArray[np.float32]


def scene(saturation: float = 18.0) -> Picture:
    """A picture of soft shapes, Y, Cr and Cb."""
    rng = np.random.default_rng(3)
    planes = [cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), 9) for _ in range(3)]
    spread = [40.0, saturation, saturation]
    return np.stack([128 + s * p / p.std() for s, p in zip(spread, planes, strict=True)], -1).astype(np.float32)


def tint(original: Picture, clip: Picture, noise: float = 1.5) -> float:
    """The highest excess of colour of a clip that an encoder went over."""
    rng = np.random.default_rng(5)
    # What an encoder changes stays for a while, and is of about a block.
    left = [cv2.GaussianBlur(rng.normal(0, 1, original.shape), (0, 0), 4) for _ in range(2)]
    encoded = np.stack([clip + noise * left[k * 2 // COUNT] / left[0].std() for k in range(COUNT)])
    colours = Colours(TIMES, encoded.astype(np.float32), np.stack([original] * COUNT), np.zeros((COUNT, *clip.shape)))
    found = compare_colours(colours, whole_frame(SIZE, SIZE), WINDOWS, BLOCK)
    assert set(found.levels) == set(range(6))
    return max(float(level.max()) for level in found.levels.values())


def graded(picture: Picture) -> Picture:
    """Warmer, and with half as much colour again."""
    return (np.array([0, 6, -4]) + 128 + (picture - 128) * np.array([1, 1.5, 1.5])).astype(np.float32)


def recoloured(picture: Picture, where: tuple[slice, slice], by: float) -> Picture:
    changed = picture.copy()
    changed[where] += np.array([0, by, -by], np.float32)
    return changed


def test_a_pale_recolouring_stands_out() -> None:
    assert tint(scene(), recoloured(scene(), SPOT, 4.5), noise=0.7) > CLEAR


def test_what_a_drawing_on_white_loses_of_its_colours_does_not() -> None:
    drawn = np.full((HEIGHT, WIDTH, 3), (235.0, 128.0, 128.0), np.float32)
    for number in range(4):
        cv2.circle(drawn, (40 + 50 * number, 60), 16, (150.0, 107.0, 158.0), -1)
    faded = drawn.copy()
    for number, kept in enumerate((0.85, 0.92)):
        part = faded[:, 15 + 50 * number : 65 + 50 * number, 1:]
        part[:] = 128 + (part - 128) * kept
    assert tint(drawn, faded, noise=0.1) < WEAK


def test_the_same_drowns_in_the_noise_of_a_poor_copy() -> None:
    assert tint(scene(), recoloured(scene(), SPOT, 4.5), noise=6) < STRONG


def test_a_fifth_of_the_frame_recoloured_is_not_taken_for_noise() -> None:
    fifth = slice(0, HEIGHT), slice(0, WIDTH // 5)
    assert tint(scene(), recoloured(scene(), fifth, 12)) > 4


@pytest.mark.parametrize(
    ("original", "clip"),
    [
        pytest.param(scene(), scene(), id="as it was"),
        pytest.param(scene(), graded(scene()), id="graded"),
        pytest.param(recoloured(scene(1.0), SPOT, 60), graded(recoloured(scene(1.0), SPOT, 60)), id="grey but for one"),
        pytest.param(scene(), (scene() * [1, 0, 0] + [0, 128, 128]).astype(np.float32), id="without colour"),
    ],
)
def test_what_was_done_to_all_of_the_picture_does_not(original: Picture, clip: Picture) -> None:
    assert tint(original, clip) < STRONG
