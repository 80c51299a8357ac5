"""A clip in which hardly anything moves lies where the original is as still and looks the same, and nowhere else."""

from __future__ import annotations

import numpy as np

from verifier.stillness import place_still
from verifier.tracks import Track

FPS = 10.0
SHAPE = (36, 64)


def background(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 25, SHAPE).astype(np.float32) + 120


def track(pictures: list[np.ndarray], seed: int = 0, gain: float = 1.0) -> Track:
    rng = np.random.default_rng(seed)
    noisy = np.stack(pictures) * gain + rng.normal(0, 0.3, (len(pictures), *SHAPE))
    return Track(np.arange(len(pictures)) / FPS, noisy.clip(0, 255).round().astype(np.uint8), np.ones(SHAPE, bool))


def passing(count: int, base: np.ndarray) -> list[np.ndarray]:
    """Something bright crosses the scene."""
    pictures = []
    for n in range(count):
        picture = base.copy()
        left = 4 + n % 40
        picture[8:28, left : left + 14] = 235
        pictures.append(picture)
    return pictures


LOBBY, STREET = background(1), background(2)
ORIGINAL = track([*passing(60, LOBBY), *[STREET] * 50, *[LOBBY] * 80], seed=9)


def test_it_lies_where_the_same_scene_stands_still() -> None:
    piece = place_still(track([LOBBY] * 40, gain=0.9), ORIGINAL, 4.0)
    assert piece is not None
    assert (piece.start, piece.end, piece.speed, piece.moving) == (0.0, 4.0, 1.0, False)
    assert 10.9 <= piece.offset <= 15.1


def test_a_scene_that_is_not_there_is_not_placed() -> None:
    assert place_still(track([background(3)] * 40), ORIGINAL, 4.0) is None


def test_a_still_clip_is_not_laid_on_moments_in_which_the_original_moves() -> None:
    lively = track(passing(120, LOBBY), seed=9)
    assert place_still(track([LOBBY] * 40), lively, 4.0) is None


def test_a_clip_longer_than_what_is_left_of_the_original_is_not_placed() -> None:
    assert place_still(track([LOBBY] * 300), ORIGINAL, 30.0) is None
