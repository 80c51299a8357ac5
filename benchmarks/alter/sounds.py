"""Alterations of the sound alone: another voice, silence or noise for a stretch, all of it replaced, or shifted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.alter.footage import RATE, Sound, fitted
from benchmarks.alter.job import Altered, Job
from benchmarks.alter.truth import Stretch, Truth
from benchmarks.alter.voice import music

EDITED, REPLACED = "audio_edited", "audio_replaced"
MOSTLY = 0.5
"""Share of a clip from which an edited stretch may as well be called the whole."""
_FADE_S = 0.01
_SPEECH_LEVEL = 0.12
_SHIFTS = {"plain": 1.0, "middle": 0.5, "hard": 0.25}
"""Seconds by which lips and sound are pulled apart."""
_MUSIC = {"plain": 1.0, "middle": 0.6, "hard": 0.3}


def replaced(job: Job) -> Altered:
    """All of it spoken by another voice."""
    sound = job.voice(job.footage.seconds) * level_of(job.footage.sound)
    return _of(job, sound, (0.0, job.footage.seconds), (REPLACED,))


def stretch_of(make: Callable[[Job, Stretch], Sound]) -> Callable[[Job], Altered]:
    """A recipe that puts something else in place of a stretch in which much is heard."""

    def recipe(job: Job) -> Altered:
        where = loud_stretch(job)
        sound = spliced(job.footage.sound, where, make(job, where))
        share = (where[1] - where[0]) / job.footage.seconds
        return _of(job, sound, where, (EDITED, REPLACED) if share > MOSTLY else (EDITED,))

    return recipe


def other_words(job: Job, where: Stretch) -> Sound:
    """Another voice; in hard cases the clip's own, of another moment."""
    samples = _samples(where)
    if job.strength != "hard":
        return job.voice(where[1] - where[0]) * level_of(job.footage.sound)
    length, start = len(job.footage.sound), round(where[0] * RATE)
    shift = int(job.rng.uniform(0.35, 0.65) * length)
    return np.take(job.footage.sound, np.arange(start + shift, start + shift + samples) % length, axis=0)


def silence(_: Job, where: Stretch) -> Sound:
    return np.zeros((_samples(where), 2), np.float32)


def noise(job: Job, where: Stretch) -> Sound:
    """As loud as what it covers."""
    line = job.rng.normal(0, _SPEECH_LEVEL, (_samples(where), 1)).astype(np.float32)
    return np.repeat(line * level_of(job.footage.sound), 2, axis=1)


def shifted(job: Job) -> Altered:
    """The whole track later or earlier than the picture it belongs to."""
    samples = round(_SHIFTS[job.strength] * RATE) * int(job.rng.choice([-1, 1]))
    sound, length = job.footage.sound, len(job.footage.sound)
    late = np.concatenate([np.zeros((max(0, samples), 2), np.float32), sound[max(0, -samples) :]])
    return _of(job, fitted(late, length), (0.0, job.footage.seconds), (EDITED, REPLACED))


def cut_out(job: Job) -> Altered:
    """As much as an alteration lasts taken out of the sound, what follows moved up, and nothing heard at the end."""
    first, last = loud_stretch(job)
    sound = job.footage.sound
    shorter = np.concatenate([sound[: round(first * RATE)], sound[round(last * RATE) :]])
    return _of(job, fitted(shorter, len(sound)), (first, job.footage.seconds), (EDITED, REPLACED))


def under_music(job: Job) -> Altered:
    """Music under what is heard, which is all still there: to some an edit, to others none."""
    tune = music(job.footage.seconds, job.rng) * level_of(job.footage.sound) * _MUSIC[job.strength]
    sound = np.clip(job.footage.sound + fitted(tune, len(job.footage.sound)), -1, 1)
    return Altered(replace(job.footage, sound=sound), Truth(None, assets=(job.footage.asset,)))


def loud_stretch(job: Job) -> Stretch:
    """Of several seeded stretches the one with most to hear."""
    footage, seconds = job.footage, float(job.frames() / job.footage.fps)
    starts = job.rng.uniform(0, footage.seconds - seconds, 12)

    def energy(start: float) -> float:
        # What is quiet is counted by its decibels: one bang must not decide alone.
        heard = np.abs(footage.sound[round(start * RATE) : round((start + seconds) * RATE)])
        return float(np.log10(heard + 1e-4).mean())

    start = float(max(starts, key=energy))
    return start, start + seconds


def spliced(sound: Sound, where: Stretch, new: Sound) -> Sound:
    """``new`` in place of a stretch, faded over at both ends."""
    first, last = round(where[0] * RATE), min(len(sound), round(where[1] * RATE))
    gain = np.ones(last - first, np.float32)
    ramp = np.linspace(0, 1, min(round(_FADE_S * RATE), len(gain) // 2), dtype=np.float32)
    if first > 0:
        gain[: len(ramp)] = ramp
    if last < len(sound):
        gain[len(gain) - len(ramp) :] = ramp[::-1]
    mixed = sound.copy()
    mixed[first:last] += (fitted(new, last - first) - sound[first:last]) * gain[:, np.newaxis]
    return np.clip(mixed, -1, 1)


def level_of(sound: Sound) -> float:
    """By how much made-up sound must be turned up or down to be as loud as this one."""
    loud = np.abs(sound).mean(axis=1)
    heard = sound[loud > max(1e-4, 0.1 * float(loud.max(initial=0)))]
    return float(np.sqrt((heard**2).mean())) / _SPEECH_LEVEL if len(heard) else 1.0


def _samples(where: Stretch) -> int:
    return round((where[1] - where[0]) * RATE)


def _of(job: Job, sound: Sound, where: Stretch, kinds: tuple[str, ...]) -> Altered:
    truth = Truth(True, (kinds,), ((where,),), assets=(job.footage.asset,))
    return Altered(replace(job.footage, sound=sound), truth)
