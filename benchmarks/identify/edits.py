"""Cuts, insertions, repeats and the like: stretches of originals put after one another, with their true times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.identify.base import Base
from benchmarks.identify.graph import encode, even
from benchmarks.identify.truth import TruePiece, Truth

_SIDE = 640
_EDGE_S = 0.0005


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames [first, last) of a base; ``known``: whether its original is registered, so that it should be found."""

    base: Base
    first: int
    last: int
    reverse: bool = False
    known: bool = True

    @property
    def seconds(self) -> float:
        return float((self.last - self.first) / self.base.fps)


def join(stretches: Sequence[Stretch], target: Path, *, crf: int = 28) -> Truth:
    """One clip of all stretches, in the size and frame rate of the first."""
    lead = stretches[0].base
    factor = min(1.0, _SIDE / max(lead.width, lead.height))
    width, height = even(lead.width * factor), even(lead.height * factor)
    sound = any(stretch.base.audio for stretch in stretches)
    inputs: list[str] = []
    chains: list[str] = []
    for number, stretch in enumerate(stretches):
        inputs += ["-i", str(stretch.base.path)]
        chains += _chains(number, stretch, width, height, lead.fps, sound)
    ends = "".join(f"[v{n}]" + (f"[a{n}]" if sound else "") for n in range(len(stretches)))
    chains.append(f"{ends}concat=n={len(stretches)}:v=1:a={int(sound)}[v]" + ("[a]" if sound else ""))
    chains.append("[v]format=yuv420p[out]")
    maps = ["-map", "[out]", *(["-map", "[a]"] if sound else [])]
    encode(inputs, chains, maps, target, crf=crf, sound=sound)
    return Truth(tuple(_pieces(stretches)), sound=sound)


def _chains(number: int, stretch: Stretch, width: int, height: int, fps: Fraction, sound: bool) -> list[str]:
    base = stretch.base
    back = ",reverse" if stretch.reverse else ""
    fill = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},setsar=1"
    # The same number of frames as its time holds at the lead's rate, so that pictures and sound stay together.
    picture = f"[{number}:v]trim=start_frame={stretch.first}:end_frame={stretch.last},setpts=PTS-STARTPTS{back}"
    chains = [f"{picture},fps={fps},{fill}[v{number}]"]
    if sound:
        start, end = float(stretch.first / base.fps), float(stretch.last / base.fps)
        if base.audio:
            heard = f"[{number}:a]atrim={start:.6f}:{end:.6f},asetpts=PTS-STARTPTS" + (
                ",areverse" if stretch.reverse else ""
            )
        else:
            heard = f"anullsrc=r=48000:cl=stereo,atrim=0:{end - start:.6f}"
        chains.append(f"{heard},aformat=sample_rates=48000:channel_layouts=stereo[a{number}]")
    return chains


def _pieces(stretches: Sequence[Stretch]) -> list[TruePiece]:
    pieces, at = [], 0.0
    for stretch in stretches:
        base, end = stretch.base, at + stretch.seconds
        speed = -1.0 if stretch.reverse else 1.0
        # The first frame shown is the last one of a reversed stretch.
        shown = stretch.last - 1 if stretch.reverse else stretch.first
        offset = base.start + float(shown / base.fps) - speed * at
        pieces.append(TruePiece(at, end, base.asset if stretch.known else None, speed, offset))
        at = end
    return pieces


def _at(base: Base, share: float) -> int:
    return round(base.frames * share)


def cut_out(base: Base, rng: np.random.Generator) -> list[Stretch]:
    """A quarter of it left out, from somewhere in the middle."""
    start = float(rng.uniform(0.3, 0.45))
    return [Stretch(base, 0, _at(base, start)), Stretch(base, _at(base, start + 0.25), base.frames)]


def inserted(base: Base, foreign: Base, rng: np.random.Generator) -> list[Stretch]:
    """Two seconds of footage that nobody registered, put in somewhere in the middle."""
    at = _at(base, float(rng.uniform(0.35, 0.65)))
    strange = Stretch(foreign, 0, min(foreign.frames, round(2 * foreign.fps)), known=False)
    return [Stretch(base, 0, at), strange, Stretch(base, at, base.frames)]


def reordered(base: Base, rng: np.random.Generator) -> list[Stretch]:
    """The later part first."""
    at = _at(base, float(rng.uniform(0.4, 0.6)))
    return [Stretch(base, at, base.frames), Stretch(base, 0, at)]


def reversed_part(base: Base, rng: np.random.Generator) -> list[Stretch]:
    """The middle third backwards."""
    start = float(rng.uniform(0.3, 0.37))
    first, last = _at(base, start), _at(base, start + 0.33)
    return [Stretch(base, 0, first), Stretch(base, first, last, reverse=True), Stretch(base, last, base.frames)]


def repeated(base: Base, rng: np.random.Generator) -> list[Stretch]:
    """A stretch of a quarter shown twice."""
    start = float(rng.uniform(0.3, 0.45))
    first, last = _at(base, start), _at(base, start + 0.25)
    return [Stretch(base, 0, last), Stretch(base, first, base.frames)]


def two_originals(base: Base, other: Base) -> list[Stretch]:
    """Up to four seconds of one and up to four of another, both registered."""
    return [Stretch(b, 0, min(b.frames, round(4 * b.fps))) for b in (base, other)]
