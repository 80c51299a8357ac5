"""The stretch of an original that a query is made from, with the original's time of its first frame."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.recipes import ffmpeg, stream_of

MAX_SECONDS = 8.0
"""Longest query. Only how much is decoded depends on it, not what is asked."""
SILENCE = 0.001
"""Samples up to this (-60 dB) are no sound: many cameras write an empty track."""
_VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
_BEFORE_S = 0.0005
"""Cutting points lie this much before a frame, so that rounding of times cannot move them past it."""


@dataclass(frozen=True, slots=True)
class Base:
    """A nearly lossless stretch of an original: ``frames`` frames at a steady ``fps`` from second ``start`` on.

    ``audio``: it has a sound track; ``heard``: there is something on it.
    """

    path: Path
    asset: str
    start: float
    frames: int
    fps: Fraction
    width: int
    height: int
    audio: bool
    heard: bool

    @property
    def seconds(self) -> float:
        return float(self.frames / self.fps)


def generator(*names: str) -> np.random.Generator:
    """Random numbers that depend on the names alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256("|".join(names).encode()).digest()[:8], "big"))


def cut_base(source: Path, folder: Path, *, part: tuple[float, float] = (0.0, 1.0), most: float = MAX_SECONDS) -> Base:
    """Cut a seeded stretch of at most ``most`` seconds out of ``part`` (shares of its length) of the original.

    The same arguments find what an earlier call left in the folder.
    """
    folder = folder / _VERSION
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{source.stem}-{part[0]:g}-{part[1]:g}-{most:g}"
    target, note = folder / f"{name}.mov", folder / f"{name}.json"
    if not note.exists():
        times = frame_times(source)
        first, last = _chosen(times, part, most, generator("base", source.name, str(part)))
        stream = stream_of(source)
        fps = _steady(times, stream.fps)
        start, end = times[first], times[last - 1] + float(1 / fps)
        chains = [f"[0:v]trim={start - _BEFORE_S:.6f}:{end - _BEFORE_S:.6f},setpts=PTS-{start:.6f}/TB,fps={fps}[v]"]
        maps = ["-map", "[v]"]
        if stream.audio:
            chains.append(f"[0:a]aresample=async=1:first_pts=0,atrim={start:.6f}:{end:.6f},asetpts=PTS-STARTPTS[a]")
            maps += ["-map", "[a]", "-c:a", "pcm_s16le", "-ac", "2", "-ar", "48000"]
        video = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p"]
        beside = folder / f"{name}.part{np.random.default_rng().integers(1 << 30)}.mov"
        graph = ["-i", str(source), "-filter_complex", ";".join(chains), *maps, *video]
        ffmpeg([*graph, "-video_track_timescale", "90000"], beside)
        heard = stream.audio and loudest(beside) > SILENCE
        said = [start, len(frame_times(beside)), str(fps), stream.width, stream.height, stream.audio, heard]
        beside.rename(target)
        note.write_text(json.dumps(said))
    start, frames, fps, width, height, audio, heard = json.loads(note.read_text())
    return Base(target, source.name, start, frames, Fraction(fps), width, height, audio, heard)


def loudest(path: Path) -> float:
    """The largest sample of the sound track, 0-1; 0 where it holds none."""
    with av.open(str(path)) as container:
        peaks = [np.abs(frame.to_ndarray().astype(np.float32)).max() for frame in container.decode(audio=0)]
    return float(max(peaks, default=0.0)) / 32768


def frame_times(source: Path) -> list[float]:
    """Seconds of all frames, from the first presented moment of any track, rising."""
    with av.open(str(source)) as container:
        video = container.streams.video[0]
        base = video.time_base or Fraction(1, 1)
        stamps = sorted(packet.pts for packet in container.demux(video) if packet.pts is not None)
        others = [s.start_time * s.time_base for s in container.streams.audio if s.start_time is not None]
        origin = min([stamps[0] * base, *others])
    return [float(stamp * base - origin) for stamp in stamps]


def _steady(times: list[float], claimed: Fraction) -> Fraction:
    """The claimed frame rate, unless the frames' own times tell another."""
    if len(times) < 2:
        return claimed
    measured = 1 / float(np.median(np.diff(times)))
    return claimed if abs(measured / float(claimed) - 1) < 0.02 else Fraction(measured).limit_denominator(1001)


def _chosen(times: list[float], part: tuple[float, float], most: float, rng: np.random.Generator) -> tuple[int, int]:
    """First frame and the one after the last."""
    low, high = round(part[0] * len(times)), round(part[1] * len(times))
    step = times[-1] / max(1, len(times) - 1)
    count = min(high - low, max(1, int(most / step)) if step else 1)
    first = low + int(rng.integers(0, high - low - count + 1))
    return first, first + count
