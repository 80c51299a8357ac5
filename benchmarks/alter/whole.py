"""Alterations of the whole picture: background replaced, all of it synthesised anew, a photograph brought to life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np

from benchmarks.alter.footage import Footage, Picture, fitted
from benchmarks.alter.job import Altered, Job
from benchmarks.alter.local import oval_mask
from benchmarks.alter.sounds import level_of
from benchmarks.alter.truth import Truth
from benchmarks.identify import photo_recipes

_SUBJECT = {"plain": 0.5, "middle": 0.6, "hard": 0.7}
"""Share of width and height around the middle that is kept when the background is replaced."""
_WARP = {"plain": 0.09, "middle": 0.07, "hard": 0.05}
"""How far pixels move, as a share of the frame's height, when everything is synthesised anew."""
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def background(job: Job) -> Altered:
    """What lies outside an upright ellipse in the middle is another place, from beginning to end."""
    footage, behind = job.footage, job.foreign_footage.frames
    width, height, kept = footage.width, footage.height, _SUBJECT[job.strength]
    w, h = (round(side * kept * 1.15) for side in (width, height))
    mask = np.zeros((height, width, 1), np.float32)
    top, left = (height - h) // 2, (width - w) // 2
    mask[top : top + h, left : left + w] = oval_mask(w, h)
    still = behind[int(job.rng.integers(len(behind)))].astype(np.float32) * (1 - mask)
    frames = tuple((frame * mask + still).round().astype(np.uint8) for frame in footage.frames)
    return _whole(replace(footage, frames=frames), (("region",),))


def synthesised(job: Job) -> Altered:
    """Every frame warped and painted anew, in other colours, over the sound as it was."""
    footage = job.footage
    frames = tuple(_repainted(footage, _WARP[job.strength], job.rng))
    altered = _whole(replace(footage, frames=frames), (("region", "face"),))
    return Altered(altered.footage, replace(altered.truth, unknown_counts=True))


def animated(job: Job) -> Altered:
    """One frame of the clip made to sway and to open its mouth, with a made-up voice."""
    footage = job.footage
    still = footage.frames[int(job.rng.integers(len(footage.frames)))]
    frames = tuple(photo_recipes.animated(still, job.rng, job.foreign.path))
    seconds = len(frames) / photo_recipes.FPS
    sound = job.voice(seconds) * level_of(footage.sound)
    altered = replace(footage, frames=frames, fps=Fraction(photo_recipes.FPS))
    return _whole(replace(altered, sound=fitted(sound, altered.sample(len(frames)))), (("still_animated",),))


def _repainted(footage: Footage, reach: float, rng: np.random.Generator) -> Iterator[Picture]:
    width, height = footage.width, footage.height
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    fields = [_smooth(width, height, rng) for _ in range(4)]
    rates, phases = rng.uniform(0.3, 0.9, 2), rng.uniform(0, 2 * np.pi, 2)
    cast, contrast = rng.uniform(0.8, 1.2, 3), rng.uniform(0.8, 1.25)
    for number, frame in enumerate(footage.frames):
        swing = np.sin(2 * np.pi * rates * footage.time(number) + phases) * 0.5
        x, y = (
            (axis + reach * height * (lasting + s * passing)).astype(np.float32)
            for axis, lasting, passing, s in zip((columns, rows), fields[:2], fields[2:], swing, strict=True)
        )
        seen = cv2.remap(frame, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        half = cv2.resize(seen, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        brushed = cv2.resize(cv2.bilateralFilter(half, 7, 45, 5), (width, height), interpolation=cv2.INTER_CUBIC)
        yield np.clip((brushed.astype(np.float32) - 128) * contrast * cast + 128, 0, 255).astype(np.uint8)


def _smooth(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    coarse = rng.uniform(-1, 1, (4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _whole(footage: Footage, kinds: tuple[tuple[str, ...], ...]) -> Altered:
    box = None if kinds == (("still_animated",),) else _WHOLE
    truth = Truth(True, kinds, (((0.0, footage.seconds),),), box=box, assets=(footage.asset,))
    return Altered(footage, truth)
