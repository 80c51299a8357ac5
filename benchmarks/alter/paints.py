"""What is put into a part of the picture, one function each, crude on purpose: each gives the part's new pixels.

A paint is made once for a spot, with all that it draws at random, and then called for each frame.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.alter.footage import Picture
from benchmarks.alter.job import Job
from benchmarks.alter.places import Pixels, Spot

Paint = Callable[[int, Pixels], Picture]
"""From the number of a frame and its part to the part's pixels."""
SWAY = {"plain": 0.22, "middle": 0.17, "hard": 0.13}
"""How far warps move pixels, as a share of the part's size."""
_TURN = {"plain": 90, "middle": 60, "hard": 35}
"""Degrees by which hues are turned."""
_SIGNS = ("CLOSED", "EXIT 12", "NO ENTRY", "FREE", "SOLD", "VOTE NO", "2019")


def cut(frame: Picture, part: Pixels) -> Picture:
    x, y, w, h = part
    return frame[y : y + h, x : x + w]


def mouth(job: Job, spot: Spot) -> Paint:
    """The part as it is at another moment, opening and closing faster than it did."""
    frames = job.footage.frames
    length, shift = len(frames), _other_moment(job, spot)
    warp = Warp(job, spot, SWAY[job.strength], pace=(2.5, 4.0), upright=True)

    def paint(number: int, part: Pixels) -> Picture:
        moment = cut(frames[(number + shift) % length], part)
        toned = moment.astype(np.float32) + cut(frames[number], part).mean((0, 1)) - moment.mean((0, 1))
        return warp(_picture(toned), number / float(job.footage.fps))

    return paint


def driven(job: Job, spot: Spot) -> Paint:
    """The part as it is, moved smoothly as something else moves."""
    warp = Warp(job, spot, SWAY[job.strength], pace=(0.8, 1.6))
    return lambda number, part: warp(cut(job.footage.frames[number], part), number / float(job.footage.fps))


def driven_elsewhere(job: Job, spot: Spot) -> Paint:
    """The part as it is at another moment, and moved besides: a whole body driven by another."""
    frames, shift = job.footage.frames, _other_moment(job, spot)
    warp = Warp(job, spot, SWAY[job.strength] * 0.6, pace=(0.5, 1.2))
    return lambda number, part: warp(cut(frames[(number + shift) % len(frames)], part), number / float(job.footage.fps))


def swapped(job: Job, spot: Spot) -> Paint:
    """A part of another clip in its place, its edges and tones fitted by solving Poisson's equation."""
    other, (w, h) = job.other_footage.frames, spot.parts[0][2:]
    rooms = other[0].shape[1] - w, other[0].shape[0] - h
    shown = [other[n % len(other)] for n in (spot.first, (spot.first + spot.last) // 2, spot.last - 1)]

    def detail(place: tuple[int, int]) -> float:
        return min(float(cv2.Laplacian(cut(frame, (*place, w, h)), cv2.CV_32F).std()) for frame in shown)

    # A flat patch leaves nothing to be seen after its tones were fitted.
    left, top = max(((int(x * rooms[0]), int(y * rooms[1])) for x, y in job.rng.uniform(0.1, 0.9, (8, 2))), key=detail)

    def paint(number: int, part: Pixels) -> Picture:
        x, y, w, h = part
        patch = cut(other[number % len(other)], (left, top, w, h))
        around = job.footage.frames[number][y - 2 : y + h + 2, x - 2 : x + w + 2]
        mask = np.full((h, w), 255, np.uint8)  # anew each time: OpenCV 5 writes into it
        cloned = cv2.seamlessClone(
            np.ascontiguousarray(patch), around.copy(), mask, (w // 2 + 2, h // 2 + 2), cv2.NORMAL_CLONE
        )
        return _picture(cloned[2:-2, 2:-2])

    return paint


def added(job: Job, _: Spot) -> Paint:
    """Something out of footage that nobody registered, moving along with the scene."""
    foreign = job.foreign_footage.frames
    place = job.rng.uniform(0.2, 0.8, 2)

    def paint(number: int, part: Pixels) -> Picture:
        _, _, w, h = part
        frame = foreign[number % len(foreign)]
        left, top = int(place[0] * (frame.shape[1] - w)), int(place[1] * (frame.shape[0] - h))
        return cut(frame, (left, top, w, h))

    return paint


def removed(job: Job, _: Spot) -> Paint:
    """Filled in from what is around it."""

    def paint(number: int, part: Pixels) -> Picture:
        x, y, w, h = part
        room = 8
        left, top = max(0, x - room), max(0, y - room)
        around = job.footage.frames[number][top : y + h + room, left : x + w + room]
        hole = np.zeros(around.shape[:2], np.uint8)
        hole[y - top : y - top + h, x - left : x - left + w] = 255
        # At half the size: inpainting is slow, and what it makes up is smooth anyway.
        half = [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST) for one in (around, hole)]
        filled = cv2.inpaint(half[0], half[1], 3, cv2.INPAINT_TELEA)
        whole = cv2.resize(filled, (around.shape[1], around.shape[0]), interpolation=cv2.INTER_LINEAR)
        return _picture(cut(whole, (x - left, y - top, w, h)))

    return paint


def recoloured(job: Job, _: Spot) -> Paint:
    """Its hues turned, its brightness left as it is, colour put in where there was little."""
    turn = np.radians(_TURN[job.strength] * job.rng.choice([-1, 1]))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    tint = job.rng.uniform(0, 2 * np.pi)
    push = np.array([np.cos(tint), np.sin(tint)]) * _TURN[job.strength] / 4

    def paint(number: int, part: Pixels) -> Picture:
        coded = cv2.cvtColor(cut(job.footage.frames[number], part), cv2.COLOR_BGR2YCrCb).astype(np.float32)
        coded[..., 1:] = (coded[..., 1:] - 128) @ rotation.T + 128 + push
        return _picture(cv2.cvtColor(np.clip(coded, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR))

    return paint


def rewritten(job: Job, spot: Spot) -> Paint:
    """A sign that says something else, in the colours of what was there."""
    first = cut(job.footage.frames[spot.first], spot.parts[0]).reshape(-1, 3)
    back = np.median(first, axis=0)
    ink = (back + 128) % 256 if job.strength == "plain" else np.clip(back + (70 if back.mean() < 128 else -70), 0, 255)
    words = str(job.rng.choice(_SIGNS))

    def paint(_: int, part: Pixels) -> Picture:
        sign = np.full((part[3], part[2], 3), back, np.uint8)
        (width, height), _below = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
        size = min(part[2] * 0.85 / width, part[3] * 0.6 / height)
        place = int((part[2] - width * size) / 2), int((part[3] + height * size) / 2)
        thick = max(1, round(2 * size))
        cv2.putText(sign, words, place, cv2.FONT_HERSHEY_DUPLEX, size, ink.tolist(), thick, cv2.LINE_AA)
        return sign

    return paint


class Warp:
    """A smooth field of displacements that sways with time around another pose, still at the part's rim."""

    def __init__(self, job: Job, spot: Spot, sway: float, *, pace: tuple[float, float], upright: bool = False) -> None:
        _, _, w, h = spot.parts[0]
        self._waves = _field(w, h, job.rng), _field(w, h, job.rng)
        self._reach = (0.0 if upright else sway * w), sway * h * (1.5 if upright else 1.0)
        self._rates, self._phases = job.rng.uniform(*pace, 2), job.rng.uniform(0, 2 * np.pi, 2)
        rim = np.outer(np.hanning(h + 2)[1:-1], np.hanning(w + 2)[1:-1]) ** 0.5
        self._rim = rim.astype(np.float32)

    def __call__(self, picture: Picture, seconds: float) -> Picture:
        h, w = picture.shape[:2]
        rows, columns = np.mgrid[0:h, 0:w].astype(np.float32)
        swing = 0.6 + 0.4 * np.sin(2 * np.pi * self._rates * seconds + self._phases)
        x, y = (
            (axis + self._rim * wave * np.float32(reach * s)).astype(np.float32)
            for axis, wave, reach, s in zip((columns, rows), self._waves, self._reach, swing, strict=True)
        )
        return _picture(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def _field(w: int, h: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth numbers between -1 and 1, large nearly everywhere."""
    coarse = rng.uniform(0.5, 1, (3, 3)) * rng.choice([-1, 1], (1, 1)) * rng.choice([1, 1, -0.6], (3, 3))
    return np.asarray(cv2.resize(coarse.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC), np.float32)


def _other_moment(job: Job, spot: Spot) -> int:
    """By how many frames another moment is away that looks unlike this one in the spot."""
    frames, part = job.footage.frames, spot.parts[0]
    here = cut(frames[spot.first], part).astype(np.float32)
    least = min(len(frames) // 3, round(0.3 * job.footage.fps))
    shifts = [int(n) for n in job.rng.integers(least, max(least + 1, len(frames) - least), 8)]
    return max(shifts, key=lambda n: np.abs(cut(frames[(spot.first + n) % len(frames)], part) - here).mean())


def _picture(pixels: object) -> Picture:
    return np.clip(np.asarray(pixels), 0, 255).astype(np.uint8)
