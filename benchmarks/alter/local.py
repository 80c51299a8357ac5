"""Alterations of a part of the picture for a stretch, some with the sound that belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.alter.footage import Footage, Picture, with_frames
from benchmarks.alter.job import Altered, Job
from benchmarks.alter.paints import Paint, cut
from benchmarks.alter.places import Spot, spot
from benchmarks.alter.sounds import level_of, spliced
from benchmarks.alter.truth import Truth

FLOOR = {"plain": 14.0, "middle": 9.0, "hard": 6.0}
"""Root mean square change of a part (levels of 255) that is asked for: an alteration that nobody could see is none."""
ALMOST = 0.6
"""Share of that floor which is let pass where no place is better."""
COVERED, VISIBLE = 0.5, 6.0
"""Share of a part that should change by more than so many levels, so that its box is the box of what can be seen."""
TRIES = 12
THROUGHOUT = 0.3
"""Share of plain alterations that last from the first frame to the last."""
_FEATHER = 0.16


class InvisibleError(Exception):
    """An alteration would change nothing that can be seen in this clip: it is not made."""


def painted(
    paint_of: Callable[[Job, Spot], Paint],
    shares: tuple[float, float, float],
    shape: float,
    kinds: tuple[tuple[str, ...], ...],
    *,
    oval: bool = True,
    speaks: bool = False,
) -> Callable[[Job], Altered]:
    """A recipe.

    Args:
        shares: of the frame's area, for plain, middle and hard.
        shape: how many times as wide as high.
        oval: fades out from an ellipse, else from a rectangle.
        speaks: other words are heard as long as it lasts.
    """

    def make(job: Job) -> Altered:
        footage = job.footage
        share = shares[("plain", "middle", "hard").index(job.strength)]
        throughout = job.strength == "plain" and job.rng.random() < THROUGHOUT
        count = len(footage.frames) if throughout else job.frames()
        floor = FLOOR[job.strength]
        best, most, largest = None, -1.0, 0.0
        for _ in range(TRIES):
            place = spot(footage, share, shape, count, job.rng)
            paint = paint_of(job, place)
            change, covered = _change(footage, place, paint, oval)
            seen = min(1.0, change / floor) + min(1.0, covered / COVERED)
            if seen > most:
                best, most, largest = (place, paint), seen, change
            if change >= floor and covered >= COVERED:
                break
        if best is None or largest < floor * ALMOST:
            raise InvisibleError(f"nothing of it can be seen in {footage.asset}")
        place, paint = best
        changed = [_blended(footage, n, place, paint, oval) for n in range(place.first, place.last)]
        altered = with_frames(footage, changed, place.first)
        stretch = footage.time(place.first), footage.time(place.last)
        if speaks:
            voice = job.voice(stretch[1] - stretch[0]) * level_of(footage.sound)
            altered = replace(altered, sound=spliced(footage.sound, stretch, voice))
        box = place.box(footage.width, footage.height)
        return Altered(altered, Truth(True, kinds, ((stretch,),), box=box, assets=(footage.asset,)))

    return make


def oval_mask(w: int, h: int) -> NDArray[np.float32]:
    """(h, w, 1): 1 in the middle, fading to 0 before the rim."""
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    distance = np.sqrt(x**2 + y**2)
    fading = np.clip((1 - distance) / (2 * _FEATHER), 0, 1)
    return fading[..., np.newaxis].astype(np.float32)


def _square_mask(w: int, h: int) -> NDArray[np.float32]:
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    return np.clip((1 - np.maximum(abs(x), abs(y))) / _FEATHER, 0, 1)[..., np.newaxis].astype(np.float32)


def _blended(footage: Footage, number: int, place: Spot, paint: Paint, oval: bool) -> Picture:
    x, y, w, h = part = place.parts[number - place.first]
    frame = footage.frames[number].copy()
    mask = (oval_mask if oval else _square_mask)(w, h)
    mixed = cut(frame, part) * (1 - mask) + paint(number, part).astype(np.float32) * mask
    frame[y : y + h, x : x + w] = np.round(mixed).astype(np.uint8)
    return frame


def _change(footage: Footage, place: Spot, paint: Paint, oval: bool) -> tuple[float, float]:
    """Root mean square change of the part, and the share of it that changes visibly, in nearly all frames."""
    sizes, shares = [], []
    for number in np.linspace(place.first, place.last - 1, 6).astype(int):
        part = place.parts[number - place.first]
        before, after = cut(footage.frames[number], part), cut(_blended(footage, number, place, paint, oval), part)
        apart = cv2.absdiff(before, after).astype(np.float32)
        sizes.append(float(np.sqrt((apart**2).mean())))
        shares.append(float((apart.max(axis=2) > VISIBLE).mean()))
    return sorted(sizes)[1], float(np.mean(shares))
