"""A filmed screen is darker towards its edges: the original is given the same light, and nothing else is excused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

from verifier.comparers.light import find_shade


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
    assert unsure[120, 160] < 2 < unsure[4, 4] < 20


def test_what_was_put_somewhere_is_no_matter_of_light() -> None:
    originals, everything = photographs(), np.full((240, 320), True)
    clip, there = filmed(originals), (slice(None), slice(100, 130), slice(140, 190))
    clip[there] = 90
    shade = find_shade(originals, clip, everything)
    assert shade is not None
    apart = np.abs(clip.astype(int) - shade.over(originals))
    assert apart[there].mean() > 5 * apart.mean()


def test_an_original_stays_as_it_is_where_no_light_falls_off() -> None:
    originals, everything = photographs(), np.full((240, 320), True)
    noisy = np.clip(originals + np.random.default_rng(7).normal(0, 4, originals.shape), 0, 255).astype(np.uint8)
    another = np.flip(originals, axis=2).copy()
    few = np.zeros((240, 320), bool)
    few[:60, :60] = True
    for clip, mask in ((noisy, everything), (another, everything), (filmed(originals), few)):
        assert find_shade(originals, clip, mask) is None
