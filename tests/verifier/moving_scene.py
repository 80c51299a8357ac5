"""A scene that really moves, as small pictures over time: originals and clips for tests of the alignment in time."""

from __future__ import annotations

import numpy as np

from verifier.tracks import Track

FPS = 25.0
ORIGINAL_S = 12.0


def scene(times: np.ndarray, seed: int = 5) -> np.ndarray:
    """Blobs wandering over a still background, (n, 36, 64): a function of time, so that any speed can be shown."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:36, 0:64].astype(np.float32)
    background = rng.normal(0, 20, (36, 64)).astype(np.float32) + 110
    pictures = np.repeat(background[None], len(times), axis=0)
    for _ in range(4):
        fx, fy, px, py = rng.uniform(0.15, 0.9, 2).tolist() + rng.uniform(0, 6, 2).tolist()
        cx = 32 + 26 * np.sin(2 * np.pi * fx * times + px)
        cy = 18 + 14 * np.sin(2 * np.pi * fy * times + py)
        distance = (x[None] - cx[:, None, None]) ** 2 + (y[None] - cy[:, None, None]) ** 2
        pictures += 80 * np.exp(-distance / 30).astype(np.float32)
    return pictures


def track(originals: np.ndarray, seed: int = 5, noise: float = 2.0) -> Track:
    """A clip, or an original, that shows those seconds of the scene one after the other at ``FPS``."""
    rng = np.random.default_rng(1)
    pictures = scene(originals, seed)
    pictures += rng.normal(0, noise, pictures.shape).astype(np.float32)
    return of(pictures)


def of(pictures: np.ndarray) -> Track:
    grey = pictures.clip(0, 255).round().astype(np.uint8)
    return Track(np.arange(len(grey)) / FPS, grey, np.ones((36, 64), bool))


def seconds(start: float, end: float, speed: float = 1.0) -> np.ndarray:
    count = round((end - start) / abs(speed) * FPS)
    return (start if speed > 0 else end) + np.arange(count) / FPS * speed


ORIGINAL = track(seconds(0, ORIGINAL_S), noise=0.5)


def faint(times: np.ndarray, seed: int = 5) -> Track:
    """The scene with a sixteenth of its motion, and little noise."""
    shown = scene(times, seed)
    still = scene(np.arange(0, ORIGINAL_S, 0.1), seed).mean(axis=0)
    return of(still + (shown - still) / 16 + np.random.default_rng(1).normal(0, 0.2, shown.shape))
