"""What circulation does to a clip afterwards: encoders of platforms, and the distortions of ``benchmarks.identify``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.alter import layers
from benchmarks.alter.truth import Box, Truth, inside_frame
from benchmarks.identify import effects
from benchmarks.identify.base import Base
from benchmarks.identify.effects import CAPTION_SHARE, Effect, Rng
from benchmarks.identify.graph import Graph

ALWAYS = ("studio", "platform", "messenger")
"""Every alteration goes through these."""
VISIBLE = 0.5
"""Share of a changed part that must be left in the frame, and not covered, for it to be asked about."""


@dataclass(frozen=True, slots=True)
class Laundering:
    """``lines``: at most so many, None for the size it has; ``kbps``: of AAC; ``fps``: at most so many.

    ``untouched_only``: is asked of untouched clips alone. ``covers``: what of the frame something lies over.
    """

    name: str
    effects: tuple[Effect, ...] = ()
    lines: int | None = None
    crf: int = 28
    kbps: int = 96
    fps: int | None = None
    untouched_only: bool = False
    covers: tuple[Box, ...] = ()
    options: tuple[str, ...] = ()

    def write(self, base: Base, target: Path, folder: Path, rng: Rng) -> tuple[float, ...]:
        """Launder a base; returns the homography of its frame to the clip's, both from 0 to 1."""
        graph = Graph(base, folder)
        if self.lines is not None and self.lines < base.height:
            effects.scaled(self.lines)(graph, rng)
        elif self.lines is None and self.name != "studio":
            graph.fit()
        for effect in self.effects:
            effect(graph, rng)
        if self.fps is not None and self.fps < base.fps:
            effects.rate(self.fps)(graph, rng)
        graph.write(target, crf=self.crf, options=["-b:a", f"{self.kbps}k", *self.options])
        return graph.normalised

    def hides(self, truth: Truth) -> bool:
        """Whether too little of a changed part is left to be asked about; ``truth``: as seen in the clip."""
        if truth.box is None:
            return False
        whole = truth.box[2] * truth.box[3]
        seen = inside_frame(truth.box)
        if seen is None or seen[2] * seen[3] < VISIBLE * whole:
            return True
        covered = [inside_frame(seen, part) for part in self.covers]
        return any(part is not None and part[2] * part[3] > (1 - VISIBLE) * whole for part in covered)


def muted(graph: Graph, _: Rng) -> None:
    graph.sound = False


def hissing(graph: Graph, _: Rng) -> None:
    """Faint noise over all of the sound (-40 dB of full scale)."""
    graph.sound_filters.append("aeval=val(0)+0.01*(2*random(0)-1)|val(1)+0.01*(2*random(1)-1):c=same")


def thinned(graph: Graph, _: Rng) -> None:
    """Every seventh frame lost, the others when they were."""
    graph.filter("select='not(eq(mod(n,7),3))'")


def deinterlaced(graph: Graph, _: Rng) -> None:
    """Two frames woven into one of fields, and taken apart again."""
    graph.filter("tinterlace=mode=interleave_top,bwdif=mode=send_field")


def recoded(graph: Graph, _: Rng) -> None:
    """Through a program that takes all colours for those of standard definition, which clips the fullest of others."""
    graph.filter("scale=in_color_matrix=bt601,format=bgr24,scale=out_color_matrix=bt601,format=yuv420p")


_BANDS: tuple[Box, ...] = ((0.0, 0.0, 1.0, CAPTION_SHARE), (0.0, 1 - CAPTION_SHARE, 1.0, CAPTION_SHARE))
LAUNDERINGS: tuple[Laundering, ...] = (
    Laundering("studio", crf=20, kbps=128),
    Laundering("platform", lines=360, crf=30),
    Laundering("messenger", lines=240, crf=34, kbps=64, fps=15),
    Laundering("crop", (effects.cropped(0.1),)),
    Laundering("vertical", (effects.shape(9, 16),)),
    Laundering("letterbox", (effects.letterbox,)),
    Laundering("mirror", (effects.mirrored,)),
    Laundering("logo", (effects.logo,)),
    Laundering("caption", (effects.caption,), covers=_BANDS),
    Laundering("grade", (effects.graded,)),
    Laundering("screen", (effects.filmed_screen,)),
    Laundering("sticker", (layers.sticker,), untouched_only=True),
    Laundering("passing sticker", (layers.passing_sticker,), untouched_only=True),
    Laundering("lower third", (layers.lower_third,), untouched_only=True),
    Laundering("progress bar", (layers.progress_bar,), untouched_only=True),
    Laundering("subtitles", (layers.subtitles,), untouched_only=True),
    Laundering("changing subtitles", (layers.changing_subtitles,), untouched_only=True),
    Laundering("player", (layers.player,), untouched_only=True),
    Laundering("wandering mark", (layers.wandering_mark,), untouched_only=True),
    Laundering("muted", (muted,), untouched_only=True),
    Laundering("noise", (hissing,), untouched_only=True),
    Laundering("frames lost", (thinned,), untouched_only=True, options=("-fps_mode", "vfr")),
    Laundering("deinterlaced", (deinterlaced,), untouched_only=True),
    Laundering("colours recoded", (recoded,), untouched_only=True),
)
BY_NAME = {laundering.name: laundering for laundering in LAUNDERINGS}
