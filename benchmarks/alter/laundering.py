"""What circulation does to a clip afterwards: encoders of platforms, and the distortions of ``benchmarks.identify``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

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


def sticker(graph: Graph, rng: Rng) -> None:
    """A round face laid over the picture for good."""
    size = max(32, graph.height // 5)
    face = np.zeros((size, size, 4), np.uint8)
    middle = (size // 2, size // 2)
    cv2.circle(face, middle, size // 2 - 1, (40, 200, 250, 255), -1, cv2.LINE_AA)
    for x in (size // 3, size * 2 // 3):
        cv2.circle(face, (x, size * 2 // 5), size // 12, (30, 30, 30, 255), -1, cv2.LINE_AA)
    cv2.ellipse(face, middle, (size // 4, size // 4), 0, 20, 160, (30, 30, 30, 255), max(2, size // 24), cv2.LINE_AA)
    x, y = (int(rng.uniform(0.1, 0.9) * room) for room in (graph.width - size, graph.height - size))
    graph.draw(face, "sticker", x, y)


def progress_bar(graph: Graph, _: Rng) -> None:
    """A player's bar near the lower edge, filling as time passes."""
    height, seconds = max(4, graph.height // 60), max(graph.base.seconds, 0.1)
    bar = np.full((height, graph.width, 4), (40, 40, 230, 255), np.uint8)
    path = graph.folder / "bar.png"
    cv2.imwrite(str(path), bar)
    number = graph.add_input("-i", str(path))
    place = f"x=-W+W*t/{seconds:.3f}:y={graph.height - 3 * height}"
    graph.chain(f"[{graph.picture}][{number}:v]overlay={place}:eval=frame")


def subtitles(graph: Graph, rng: Rng) -> None:
    """White letters with dark rims at the lower edge, no band behind them."""
    line = np.zeros((graph.height // 8, graph.width, 4), np.uint8)
    words = str(rng.choice(["and then he said it again", "nobody knows what happened", "we were there that day"]))
    size = graph.width / 620
    place = (graph.width // 8, graph.height // 12)
    for colour, thick in (((0, 0, 0, 255), 5), ((255, 255, 255, 255), 2)):
        cv2.putText(line, words, place, cv2.FONT_HERSHEY_DUPLEX, size, colour, thick, cv2.LINE_AA)
    graph.draw(line, "subtitles", 0, graph.height - graph.height // 7)


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
    Laundering("sticker", (sticker,), untouched_only=True),
    Laundering("progress bar", (progress_bar,), untouched_only=True),
    Laundering("subtitles", (subtitles,), untouched_only=True),
    Laundering("muted", (muted,), untouched_only=True),
    Laundering("noise", (hissing,), untouched_only=True),
    Laundering("frames lost", (thinned,), untouched_only=True, options=("-fps_mode", "vfr")),
    Laundering("deinterlaced", (deinterlaced,), untouched_only=True),
    Laundering("colours recoded", (recoded,), untouched_only=True),
)
BY_NAME = {laundering.name: laundering for laundering in LAUNDERINGS}
