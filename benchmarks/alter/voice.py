"""Made-up speech and music: what stands in for another speaker, and the sound of clips that have none of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.alter.footage import RATE, Sound
from benchmarks.identify.base import cut_base, frame_times, generator
from benchmarks.recipes import ffmpeg

Rng = np.random.Generator
_CODECS = {".webm": "libopus", ".avi": "libmp3lame"}
_LEVEL = 0.12
_FLOOR = 0.0006
"""Root mean square of speech and of the room it is spoken in."""


def speech(seconds: float, rng: Rng) -> Sound:
    """Syllables with a pitch and three formants of their own, hissed consonants and pauses: babble, never the same."""
    total = round(seconds * RATE)
    line = np.zeros(total + RATE, np.float32)
    pitch, size = rng.uniform(90, 230), rng.uniform(0.85, 1.2)
    at, left = int(rng.uniform(0, 0.05) * RATE), int(rng.integers(3, 8))
    while at < total:
        if rng.random() < 0.6:
            hiss = _hiss(rng.uniform(0.03, 0.08), rng)
            line[at : at + len(hiss)] += hiss
            at += round(len(hiss) * 0.8)
        spoken = _syllable(rng.uniform(0.1, 0.26), pitch * rng.uniform(0.8, 1.25), size, rng)
        line[at : at + len(spoken)] += spoken[: len(line) - at]
        at += round(len(spoken) * 0.95)
        left -= 1
        if not left:
            at += round(rng.uniform(0.1, 0.35) * RATE)
            left = int(rng.integers(3, 8))
    line = line[:total]
    line *= _LEVEL / max(float(np.sqrt((line**2).mean())), 1e-6)
    room = rng.normal(0, _FLOOR, total).astype(np.float32)
    return np.repeat(np.clip(line + room, -1, 1)[:, None], 2, axis=1).astype(np.float32)


def music(seconds: float, rng: Rng) -> Sound:
    """Chords of three plucked notes, two a second."""
    total = round(seconds * RATE)
    line = np.zeros(total + RATE, np.float32)
    time = np.arange(RATE) / RATE
    for start in range(0, total, RATE // 2):
        root = 110 * 2 ** (rng.integers(0, 13) / 12)
        notes = (root * step for step in (1, rng.choice([1.2, 1.25]), 1.5))
        chord = sum(np.sin(2 * np.pi * note * time) + 0.4 * np.sin(4 * np.pi * note * time) for note in notes)
        line[start : start + RATE] += (chord * np.exp(-3 * time)).astype(np.float32)[: len(line) - start]
    line = line[:total] * (_LEVEL / 2 / float(np.sqrt((line[:total] ** 2).mean())))
    return np.repeat(line[:, None], 2, axis=1).astype(np.float32)


def voiced(clip: Path, work: Path) -> Path:
    """The clip itself where something is heard on it, else the same pictures with made-up speech of its own.

    Every recipe of sound needs an original that has some; pictures are copied, not encoded anew.
    """
    folder = work / "originals"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / clip.name
    if target.exists():
        return target
    if cut_base(clip, folder / "bases").heard:
        return clip
    seconds = frame_times(clip)[-1] + 0.2
    pcm, beside = folder / f"{clip.stem}.f32", folder / f"part-{clip.name}"
    pcm.write_bytes(speech(seconds, generator("voice", clip.name)).astype("<f4").tobytes())
    heard = ["-f", "f32le", "-ac", "2", "-ar", f"{RATE}", "-i", str(pcm)]
    joined = ["-map", "0:v:0", "-map", "1:a", "-c:v", "copy", "-c:a", _CODECS.get(clip.suffix.lower(), "aac")]
    ffmpeg(["-i", str(clip), *heard, *joined, "-b:a", "128k", "-map_metadata", "-1"], beside)
    pcm.unlink()
    beside.rename(target)
    return target


def _syllable(seconds: float, pitch: float, size: float, rng: Rng) -> NDArray[np.float32]:
    """A pulse train with a gliding pitch through three resonances."""
    count = round(seconds * RATE)
    glide = pitch * np.linspace(1, rng.uniform(0.85, 1.15), count)
    phase = np.cumsum(glide) / RATE
    pulses = (np.diff(np.floor(phase), prepend=0) > 0).astype(np.float64)
    spectrum, places = np.fft.rfft(pulses), np.fft.rfftfreq(count, 1 / RATE)
    formants = (rng.uniform(280, 800), rng.uniform(900, 2300), rng.uniform(2400, 3300))
    shape = sum(
        gain * np.exp(-(((places - size * formant) / width) ** 2))
        for formant, width, gain in zip(formants, (90, 140, 220), (1.0, 0.6, 0.25), strict=True)
    )
    voice = np.fft.irfft(spectrum * (shape + 0.02 * np.exp(-places / 2000)), count)
    return (voice * np.hanning(count) ** 0.5 / max(float(np.abs(voice).max()), 1e-9)).astype(np.float32)


def _hiss(seconds: float, rng: Rng) -> NDArray[np.float32]:
    count = round(seconds * RATE)
    noise = np.diff(rng.normal(0, 0.15, count + 1))
    return (noise * np.hanning(count)).astype(np.float32)
