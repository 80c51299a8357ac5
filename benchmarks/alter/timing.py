"""Alterations of time: stretches left out, moved, turned round, repeated, held, put in from elsewhere; other speeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.alter.footage import RATE, Footage, Picture, Sound, filtered, fitted
from benchmarks.alter.job import Altered, Job
from benchmarks.alter.places import liveliest
from benchmarks.alter.sounds import level_of
from benchmarks.alter.truth import Stretch, Truth

_RATES = {"plain": (0.55, 0.75), "middle": (0.8, 0.88), "hard": (0.9, 0.95)}
"""Speeds of what is slowed; what is hurried is as much faster."""
_LOOPS = {"plain": 3, "middle": 2, "hard": 2}
_HALF_S = 4.0
"""Longest part of each of two merged originals."""


def left_out(job: Job) -> Altered:
    """A stretch is gone, picture and sound."""
    footage, (first, last) = job.footage, _stretch(job, 0.5)
    altered = _joined(footage, [(0, first), (last, len(footage.frames))])
    missing = footage.start + footage.time(first), footage.start + footage.time(last)
    return Altered(altered, Truth(True, (("cut",),), missing=(missing,), assets=(footage.asset,)))


def moved(job: Job) -> Altered:
    """Two neighbouring stretches change places."""
    footage, (first, last) = job.footage, _stretch(job, 0.3)
    count = last - first
    end = min(last + count, len(footage.frames) - 1)
    altered = _joined(footage, [(0, first), (last, end), (first, last), (end, len(footage.frames))])
    begins, turns, ends = (footage.time(n) for n in (first, first + end - last, end))
    readings = ((turns, ends),), ((begins, turns),), ((begins, ends),)
    return Altered(altered, Truth(True, (("reordered",),), readings, assets=(footage.asset,)))


def backwards(job: Job) -> Altered:
    """A stretch runs backwards, picture and sound."""
    footage, (first, last) = job.footage, _stretch(job)
    frames = (*footage.frames[:first], *footage.frames[first:last][::-1], *footage.frames[last:])
    sound = footage.sound.copy()
    a, b = footage.sample(first), footage.sample(last)
    sound[a:b] = sound[a:b][::-1]
    return _while(replace(footage, frames=frames, sound=sound), first, last, "reversed")


def looped(job: Job) -> Altered:
    """A stretch is shown twice or three times on end, picture and sound."""
    footage, (first, last) = job.footage, _stretch(job, 0.4)
    times = _LOOPS[job.strength]
    altered = _joined(footage, [(0, last), *[(first, last)] * (times - 1), (last, len(footage.frames))])
    begins, again, ends = (footage.time(n) for n in (first, last, first + times * (last - first)))
    # Which of equal showings is the first one cannot be told.
    readings = ((again, ends),), ((begins, ends),), ((begins, ends - (again - begins)),)
    return Altered(altered, Truth(True, (("frames_repeated",),), readings, assets=(footage.asset,)))


def held(job: Job) -> Altered:
    """The picture stands still for a stretch while the sound goes on."""
    footage, (first, last) = job.footage, _stretch(job)
    still = (footage.frames[first],) * (last - first)
    frames = (*footage.frames[:first], *still, *footage.frames[last:])
    return _while(replace(footage, frames=frames), first, last, "frames_repeated")


def dropped(job: Job) -> Altered:
    """The frames of a stretch are gone, and those beside it shown for longer in their place; the sound goes on."""
    footage, (first, last) = job.footage, _stretch(job, 0.5)
    room = (last - first) // 2
    begin, end = max(0, first - room), min(len(footage.frames), last + room)
    left = [*range(begin, first), *range(last, end)]
    spread = np.linspace(0, len(left) - 1, end - begin).round().astype(int)
    frames = (*footage.frames[:begin], *(footage.frames[left[n]] for n in spread), *footage.frames[end:])
    return _while(replace(footage, frames=frames), begin, end, "cut", "speed", "frames_repeated")


def inserted(job: Job) -> Altered:
    """Footage that nobody registered is put in, with a voice of its own."""
    footage, strange = job.footage, job.foreign_footage
    at = int(len(footage.frames) * job.rng.uniform(0.3, 0.7))
    count = min(job.frames(), len(strange.frames))
    start = int(job.rng.integers(0, len(strange.frames) - count + 1))
    frames = (*footage.frames[:at], *strange.frames[start : start + count], *footage.frames[at:])
    voice = fitted(job.voice(count / float(footage.fps)) * level_of(footage.sound), footage.sample(count))
    here = footage.sample(at)
    sound = np.concatenate([footage.sound[:here], voice, footage.sound[here:]])
    return _while(replace(footage, frames=frames, sound=_as_long(sound, frames, footage)), at, at + count,
                  "foreign_footage")  # fmt: skip


def merged(job: Job) -> Altered:
    """The beginning of one registered original, then that of another."""
    footage, other = job.footage, job.other_footage
    room = round(_HALF_S * footage.fps)
    one, two = (min(room, round(0.6 * len(part.frames))) for part in (footage, other))
    frames = (*footage.frames[:one], *other.frames[:two])
    sound = np.concatenate([footage.sound[: footage.sample(one)], other.sound[: footage.sample(two)]])
    altered = replace(footage, frames=frames, sound=_as_long(sound, frames, footage))
    middle, end = footage.time(one), footage.time(one + two)
    readings = ((middle, end),), ((0.0, middle),)
    return Altered(altered, Truth(True, (("foreign_footage",),), readings, assets=(footage.asset, other.asset)))


def at_speed(*, slower: bool) -> Callable[[Job], Altered]:
    """All of it slowed or hurried, the sound's pitch kept or not, by seed."""

    def make(job: Job) -> Altered:
        footage = job.footage
        rate = float(job.rng.uniform(*_RATES[job.strength]))
        rate = rate if slower else 1 / rate
        count = int(len(footage.frames) / rate)
        frames = tuple(footage.frames[min(int(n * rate), len(footage.frames) - 1)] for n in range(count))
        kept = job.rng.random() < 0.5
        change = f"atempo={rate:.6f}" if kept else f"asetrate={round(RATE * rate)}"
        sound = filtered(footage.sound, change, job.folder)
        altered = replace(footage, frames=frames, sound=_as_long(sound, frames, footage))
        return _while(altered, 0, count, "speed")

    return make


def _stretch(job: Job, most: float = 0.6) -> tuple[int, int]:
    """Frames [first, last) of a stretch in which something moves."""
    count = job.frames(most)
    first = liveliest(job.footage, count, job.rng, margin=len(job.footage.frames) // 6)
    return first, min(first + count, len(job.footage.frames) - 1)


def _joined(footage: Footage, parts: Sequence[tuple[int, int]]) -> Footage:
    """Stretches of frames, with their sound, one after the other."""
    frames = tuple(frame for first, last in parts for frame in footage.frames[first:last])
    sound = np.concatenate([footage.sound[footage.sample(a) : footage.sample(b)] for a, b in parts])
    return replace(footage, frames=frames, sound=_as_long(sound, frames, footage))


def _as_long(sound: Sound, frames: Sequence[Picture], footage: Footage) -> Sound:
    return fitted(sound, footage.sample(len(frames)))


def _while(altered: Footage, first: int, last: int, *kinds: str) -> Altered:
    stretch: Stretch = altered.time(first), altered.time(last)
    return Altered(altered, Truth(True, (kinds,), ((stretch,),), assets=(altered.asset,)))
