"""All recipes by name: what each makes of a clip, and which clips it applies to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.identify import edits, effects
from benchmarks.identify.base import Base
from benchmarks.identify.graph import Graph, encode
from benchmarks.identify.truth import TruePiece, Truth

SPEEDS = (0.5, 0.75, 1.25, 2.0)
MIXES = 3
EDIT_SECONDS = 4.0
"""Shortest clip that is cut up: pieces under a second say little."""


@dataclass(frozen=True, slots=True)
class Job:
    """One clip to be distorted. ``other`` is a stretch of another registered clip, ``foreign`` of one that is not."""

    base: Base
    other: Base
    foreign: Base
    rng: np.random.Generator
    target: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """``group``: benign, edit or sound; ``make`` writes the clip and returns what is true of it."""

    name: str
    group: str
    make: Callable[[Job], Truth]
    least_seconds: float = 0.0
    needs_sound: bool = False

    def applies(self, base: Base) -> bool:
        return base.seconds >= self.least_seconds and (base.heard or not self.needs_sound)


def _alone(name: str, chain: Sequence[effects.Effect]) -> Recipe:
    def make(job: Job) -> Truth:
        graph = Graph(job.base, job.folder)
        if not name.startswith("scale"):
            graph.fit()
        for effect in chain:
            effect(graph, job.rng)
        graph.write(job.target, crf=30 if name in ("reencode", "scale-360", "scale-240") else 28)
        return _whole(job.base, graph)

    return Recipe(name, "benign", make)


def _over_video(share: float) -> Recipe:
    def make(job: Job) -> Truth:
        graph = Graph(job.base, job.folder)
        graph.fit()
        effects.picture_in_picture(share, job.foreign)(graph, job.rng)
        graph.write(job.target)
        return _whole(job.base, graph)

    return Recipe(f"pip-{round(share * 100)}-over-video", "benign", make)


def _mix(number: int) -> Recipe:
    def make(job: Job) -> Truth:
        graph = Graph(job.base, job.folder)
        graph.fit()
        effects.three_at_once(graph, job.rng)
        graph.fit()
        graph.write(job.target)
        return _whole(job.base, graph)

    return Recipe(f"three-{number}", "benign", make)


def _speed(rate: float) -> Recipe:
    def make(job: Job) -> Truth:
        graph = Graph(job.base, job.folder)
        graph.fit()
        graph.filter(f"setpts=PTS/{rate},fps={job.base.fps}")
        graph.sound_filters.append(f"atempo={rate}")
        graph.sound = graph.sound and job.rng.random() < 0.5
        graph.write(job.target)
        return _whole(job.base, graph, speed=rate)

    return Recipe(f"speed-{rate:g}", "benign", make)


def _trim(seconds: float) -> Recipe:
    def make(job: Job) -> Truth:
        base = job.base
        count = round(seconds * base.fps)
        first = int(job.rng.integers(0, base.frames - count + 1))
        start = float(first / base.fps)
        graph = Graph(base, job.folder)
        graph.fit()
        graph.filter(f"trim=start_frame={first}:end_frame={first + count},setpts=PTS-STARTPTS")
        graph.sound_filters.append(f"atrim={start:.6f}:{start + seconds:.6f},asetpts=PTS-STARTPTS")
        graph.write(job.target)
        piece = TruePiece(0.0, float(count / base.fps), base.asset, 1.0, base.start + start)
        return Truth((piece,), graph.normalised, sound=graph.sound)

    return Recipe(f"trim-{seconds:g}s", "benign", make, least_seconds=seconds + 0.1)


def _edit(name: str, build: Callable[[Job], list[edits.Stretch]]) -> Recipe:
    def make(job: Job) -> Truth:
        return edits.join(build(job), job.target)

    return Recipe(name, "edit", make, least_seconds=EDIT_SECONDS)


def _sound_replaced(job: Job) -> Truth:
    """The picture as it was, with the sound of footage that nobody registered, or a made-up one."""
    chains, maps = _swapped(job, picture=job.base, sound=job.foreign)
    encode(["-i", str(job.base.path), "-i", str(job.foreign.path)], chains, maps, job.target, crf=28, sound=True)
    return Truth((TruePiece(0.0, job.base.seconds, job.base.asset, 1.0, job.base.start),))


def _picture_replaced(job: Job) -> Truth:
    """The sound as it was, with pictures that nobody registered."""
    chains, maps = _swapped(job, picture=job.foreign, sound=job.base)
    inputs = ["-stream_loop", "-1", "-i", str(job.foreign.path), "-i", str(job.base.path)]
    encode(inputs, chains, maps, job.target, crf=28, sound=True, options=["-t", f"{job.base.seconds:.6f}"])
    return Truth((TruePiece(0.0, job.base.seconds, job.base.asset, 1.0, job.base.start),), picture=False, sound=True)


def _swapped(job: Job, *, picture: Base, sound: Base) -> tuple[list[str], list[str]]:
    factor = min(1.0, 640 / max(picture.width, picture.height))
    size = f"{2 * round(picture.width * factor / 2)}:{2 * round(picture.height * factor / 2)}"
    chains = [f"[0:v]scale={size},setsar=1,format=yuv420p[v]"]
    length = f"atrim=0:{job.base.seconds:.6f}"
    if sound.audio:
        chains.append(f"[1:a]aloop=-1:2e9,{length}[a]")
    else:
        low, high = (int(f) for f in job.rng.integers(150, 900, 2))
        chains.append(f"sine=f={low}:beep_factor={max(2, high // 150)}:r=48000,{length}[a]")
    return chains, ["-map", "[v]", "-map", "[a]"]


def _whole(base: Base, graph: Graph, speed: float = 1.0) -> Truth:
    piece = TruePiece(0.0, base.seconds / speed, base.asset, speed, base.start)
    return Truth((piece,), graph.normalised, sound=graph.sound)


RECIPES: tuple[Recipe, ...] = (
    *(_alone(name, chain) for name, chain in effects.ALONE.items()),
    _over_video(0.3),
    _over_video(0.5),
    *(_speed(rate) for rate in SPEEDS),
    _trim(2.0),
    _trim(4.0),
    *(_mix(number) for number in range(1, MIXES + 1)),
    _edit("cut-out", lambda job: edits.cut_out(job.base, job.rng)),
    _edit("inserted", lambda job: edits.inserted(job.base, job.foreign, job.rng)),
    _edit("reordered", lambda job: edits.reordered(job.base, job.rng)),
    _edit("reversed-part", lambda job: edits.reversed_part(job.base, job.rng)),
    _edit("repeated", lambda job: edits.repeated(job.base, job.rng)),
    _edit("two-originals", lambda job: edits.two_originals(job.base, job.other)),
    Recipe("sound-replaced", "sound", _sound_replaced, 2.0),
    Recipe("picture-replaced", "sound", _picture_replaced, 4.0, needs_sound=True),
)
BY_NAME = {recipe.name: recipe for recipe in RECIPES}
