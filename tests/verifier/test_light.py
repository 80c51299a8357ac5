"""What falls on a whole picture falls on the original too: a screen's light, another matrix. Nothing else does."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from verifier.comparers.light import at_limits, find_lean, find_shade, leaning
from verifier.comparers.synthesis import in_tones, tone_curve


def photographs() -> NDArray[np.uint8]:
    """Of a dark corner and a bright middle, (8, 240, 320)."""
    path = Path(skimage.__file__).parent / "data" / "coffee.png"
    picture = cv2.resize(np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8), (360, 240))
    return np.stack([picture[:, n : n + 320] for n in range(8)])


def filmed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darker towards the edges, with the room's light on all of it, and noise."""
    x, y = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-0.75, 0.75, 240))
    light = np.cos(np.hypot(x, y) / 1.25 * np.pi / 6) ** 4
    noise = np.random.default_rng(6).normal(0, 3, pictures.shape)
    return np.asarray(np.clip(pictures * light * 0.9 + 14 + noise, 0, 255), np.uint8)


def test_a_filmed_screen_is_darker_towards_its_edges_and_so_is_the_original_then() -> None:
    originals, everything = photographs(), np.full((240, 320), True)
    toned = np.clip(originals * 0.9 + 14.0, 0, 255).astype(np.uint8)
    clip = filmed(originals)
    shade = find_shade(toned, clip, everything)
    assert shade is not None
    before, after = (np.abs(clip.astype(int) - side).mean() for side in (toned, shade.over(toned)))
    assert before > 9
    assert after < 4
    unsure = shade.unsure(toned)
    assert unsure[120, 160] < 0.7 < unsure[4, 4] < 7


def test_what_was_put_somewhere_is_no_matter_of_light() -> None:
    originals, everything = photographs(), np.full((240, 320), True)
    clip, there = filmed(originals), (slice(None), slice(100, 130), slice(140, 190))
    clip[there] = 90
    shade = find_shade(originals, clip, everything)
    assert shade is not None
    apart = np.abs(clip.astype(int) - shade.over(originals))
    assert apart[there].mean() > 5 * apart.mean()


def test_an_even_slope_of_light_is_found_to_two_levels_and_excuses_little() -> None:
    """Whoever darkens one side of a clip would else have something put there go unseen."""
    originals, everything = photographs(), np.full((240, 320), True)
    clip = np.asarray(np.round(originals * np.exp(-0.6 * np.linspace(0, 1, 320))), np.uint8)
    toned = in_tones(originals, tone_curve(originals, clip, everything))
    shade = find_shade(toned, clip, everything)
    assert shade is not None
    assert np.abs(clip.astype(int) - shade.over(toned)).mean() < 2
    assert shade.unsure(toned).max() < 12


def test_an_original_stays_as_it_is_where_no_light_falls_off() -> None:
    originals, everything = photographs(), np.full((240, 320), True)
    noisy = np.clip(originals + np.random.default_rng(7).normal(0, 4, originals.shape), 0, 255).astype(np.uint8)
    another = np.flip(originals, axis=2).copy()
    few = np.zeros((240, 320), bool)
    few[:60, :60] = True
    for clip, mask in ((noisy, everything), (another, everything), (filmed(originals), few)):
        assert find_shade(originals, clip, mask) is None


def test_light_beside_the_picture_is_within_that_of_the_picture() -> None:
    """What is fitted to a small picture between borders means nothing beyond them, and may be too much for a float."""
    shown = slice(40, 200), slice(0, 160)
    mask, clip = np.full((240, 320), False), np.zeros((8, 240, 320), np.uint8)
    mask[shown] = True
    lamp = np.exp(-1.2 * np.linspace(0, 1, 160)[::-1])
    clip[:, *shown] = photographs()[:, *shown] * lamp
    shade = find_shade(photographs(), clip, mask)
    assert shade is not None
    assert shade.light.max() == shade.light[mask].max()
    assert shade.light.min() == shade.light[mask].min()


def colours() -> NDArray[np.float32]:
    """Coffee on red cloth, as Y, Cr and Cb of BT.709, (4, 240, 320, 3)."""
    path = Path(skimage.__file__).parent / "data" / "coffee.png"
    picture = cv2.resize(np.asarray(cv2.imread(str(path)), np.float32), (340, 240))[..., ::-1]
    luma = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    red, blue = (picture[..., 0] - luma) / 1.5748 + 128, (picture[..., 2] - luma) / 1.8556 + 128
    planes = np.stack([luma, red, blue], axis=-1)
    return np.stack([planes[:, n : n + 320] for n in range(0, 16, 4)])


STRAIGHT = np.arange(256, dtype=np.float64)
EVERYTHING = np.full((240, 320), True)


def test_another_matrix_adds_luma_by_colour_as_it_is_defined() -> None:
    theirs = colours()
    ours = theirs.copy()
    ours[..., 0] += 0.1961 * (theirs[..., 1] - 128) + 0.1016 * (theirs[..., 2] - 128)  # BT.709 to BT.601
    ours[:, 60:110, 200:260, 0] += 60  # a thing that was put there
    lean = find_lean(ours, theirs, STRAIGHT, EVERYTHING)
    assert lean is not None
    assert lean == pytest.approx([0.1961, 0.1016], abs=0.02)
    before = np.round(theirs[..., 0]).astype(np.uint8)
    after = leaning(before, np.arange(4), theirs[..., 1:], lean)
    apart = np.abs(after - ours[..., 0])
    assert apart[:, 60:110, 200:260].mean() > 55
    apart[:, 60:110, 200:260] = 0
    assert apart.mean() < 1 < np.abs(before - ours[..., 0])[:, :50].mean()


def test_luma_that_only_noise_changed_leans_to_no_colour() -> None:
    theirs = colours()
    ours = theirs + np.random.default_rng(8).normal(0, 3, theirs.shape).astype(np.float32)
    assert find_lean(ours, theirs, STRAIGHT, EVERYTHING) is None
    grey = np.full_like(theirs, 128)
    assert find_lean(ours, grey, STRAIGHT, EVERYTHING) is None


def test_strong_colours_are_at_limits_and_black_white_and_dark_ones_are_not() -> None:
    bgr = np.array([[[0, 0, 0], [255, 255, 255], [0, 255, 255], [200, 90, 2], [120, 130, 90], [2, 9, 14]]], np.uint8)
    picture = cv2.cvtColor(np.repeat(bgr, 5, axis=0), cv2.COLOR_BGR2YCrCb).astype(np.float32)
    assert at_limits(picture[None])[0, 0].tolist() == [0, 0, 1, 1, 0, 0]
