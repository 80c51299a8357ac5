"""What circulation does to a picture, one function each: crude, seeded, with its geometry noted."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.identify.base import Base
from benchmarks.identify.graph import Graph, even, shift

Rng = np.random.Generator
Effect = Callable[[Graph, Rng], None]
CAPTION_SHARE = 0.2
_WORDS = ("BREAKING", "LIVE", "you will not believe this", "share before it is gone", "VIDEO: what really happened")


def scaled(lines: int) -> Effect:
    """To that many lines."""

    def effect(graph: Graph, _: Rng) -> None:
        graph.scale(even(graph.width * lines / graph.height), lines)

    return effect


def rate(*fps: int) -> Effect:
    """To one frame rate after the other."""

    def effect(graph: Graph, _: Rng) -> None:
        graph.filter(",".join(f"fps={number}" for number in fps))

    return effect


def cropped(off: float) -> Effect:
    """``off`` of width and of height cut away, unevenly from both sides, then enlarged again."""

    def effect(graph: Graph, rng: Rng) -> None:
        width, height = graph.width, graph.height
        kept_w, kept_h = even(width * (1 - off)), even(height * (1 - off))
        x, y = (int(rng.uniform(0.2, 0.8) * room) for room in (width - kept_w, height - kept_h))
        graph.crop(kept_w, kept_h, x, y)
        graph.scale(width, height)

    return effect


def shape(across: int, down: int) -> Effect:
    """Cropped to a shape around a point near the middle."""

    def effect(graph: Graph, rng: Rng) -> None:
        width = even(min(graph.width, graph.height * across / down))
        height = even(min(graph.height, graph.width * down / across))
        x, y = (int(rng.uniform(0.35, 0.65) * room) for room in (graph.width - width, graph.height - height))
        graph.crop(width, height, x, y)

    return effect


def letterbox(graph: Graph, _: Rng) -> None:
    """Black bars above and below."""
    height = even(graph.height * 4 / 3)
    graph.pad(graph.width, height, 0, (height - graph.height) // 2)


def pillarbox(graph: Graph, _: Rng) -> None:
    """Black bars on both sides."""
    width = even(graph.width * 4 / 3)
    graph.pad(width, graph.height, (width - graph.width) // 2, 0)


def blurred_padding(graph: Graph, _: Rng) -> None:
    """9:16 with the picture in the middle and a blurred, enlarged one of itself behind."""
    width, height = 360, 640
    back, front, behind = graph.label(), graph.label(), graph.label()
    factor = min(width / graph.width, height / graph.height)
    inner_w, inner_h = even(graph.width * factor), even(graph.height * factor)
    cover = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},gblur=sigma=18"
    graph.side_chain(f"[{graph.picture}]split[{back}][{front}]")
    graph.side_chain(f"[{back}]{cover},setsar=1[{behind}]")
    inner = graph.label()
    graph.side_chain(f"[{front}]scale={inner_w}:{inner_h},setsar=1[{inner}]")
    x, y = (width - inner_w) // 2, (height - inner_h) // 2
    graph.chain(f"[{behind}][{inner}]overlay={x}:{y}")
    step = shift(x, y) @ np.diag([inner_w / graph.width, inner_h / graph.height, 1.0])
    graph.move(step, width, height)


def mirrored(graph: Graph, _: Rng) -> None:
    graph.filter("hflip")
    graph.move(np.array([[-1.0, 0, graph.width], [0, 1, 0], [0, 0, 1]]), graph.width, graph.height)


def rotated(degrees: float) -> Effect:
    """By so many degrees to a seeded side, same frame, black corners."""

    def effect(graph: Graph, rng: Rng) -> None:
        angle = np.radians(degrees * rng.choice([-1, 1]))
        graph.filter(f"rotate={angle:.6f}:ow=iw:oh=ih:c=black")
        middle = shift(graph.width / 2, graph.height / 2)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        graph.move(middle @ turn @ np.linalg.inv(middle), graph.width, graph.height)

    return effect


def quarter_turn(graph: Graph, rng: Rng) -> None:
    """By 90 degrees, to a seeded side."""
    if rng.random() < 0.5:
        graph.filter("transpose=clock")
        graph.move(np.array([[0.0, -1, graph.height], [1, 0, 0], [0, 0, 1]]), graph.height, graph.width)
    else:
        graph.filter("transpose=cclock")
        graph.move(np.array([[0.0, 1, 0], [-1, 0, graph.width], [0, 0, 1]]), graph.height, graph.width)


def logo(graph: Graph, rng: Rng) -> None:
    """A station's logo in a corner, a sixth of the width."""
    size = max(24, graph.width // 6)
    picture = np.zeros((size, size, 4), np.uint8)
    colours = [[*(int(c) for c in rng.integers(0, 256, 3)), 235] for _ in range(2)]
    cv2.circle(picture, (size // 2, size // 2), size // 2 - 1, colours[0], -1, cv2.LINE_AA)
    cv2.putText(
        picture, f"{rng.integers(1, 10)}", (size // 4, size * 3 // 4), cv2.FONT_HERSHEY_DUPLEX, size / 35, colours[1], 3
    )
    edge = graph.width // 40
    x = edge if rng.random() < 0.5 else graph.width - size - edge
    y = edge if rng.random() < 0.5 else graph.height - size - edge
    graph.draw(picture, "logo", x, y)


def caption(graph: Graph, rng: Rng) -> None:
    """An opaque band with words over a fifth of the height, at the top or the bottom."""
    height = even(graph.height * CAPTION_SHARE)
    picture = np.zeros((height, graph.width, 4), np.uint8)
    dark = rng.random() < 0.5
    picture[:] = (*((20, 20, 20) if dark else (245, 245, 245)), 255)
    words = str(rng.choice(_WORDS))
    size = min(graph.width / (20 * len(words)) * 0.9, height / 50)
    ink = (255, 255, 255, 255) if dark else (0, 0, 0, 255)
    cv2.putText(picture, words, (graph.width // 20, height * 2 // 3), cv2.FONT_HERSHEY_DUPLEX, size, ink, 2)
    graph.draw(picture, "caption", 0, 0 if rng.random() < 0.3 else graph.height - height)


def picture_in_picture(share: float, behind: Base | None) -> Effect:
    """Shown at ``share`` of the width, over another video, or over a plain or a blurred background."""

    def effect(graph: Graph, rng: Rng) -> None:
        width, height = graph.width, graph.height
        inner_w, inner_h = even(width * share), even(height * share)
        x, y = (int(rng.uniform(0.05, 0.95) * room) for room in (width - inner_w, height - inner_h))
        front, back, inner = graph.label(), graph.label(), graph.label()
        if behind is not None:
            number = graph.add_input("-stream_loop", "-1", "-i", str(behind.path))
            source = f"[{graph.picture}]null[{front}]"
            scene = f"[{number}:v]scale={width}:{height},fps={graph.base.fps},setsar=1[{back}]"
        else:
            source = f"[{graph.picture}]split[{front}][{back}0]"
            if rng.random() < 0.5:
                look = f"scale=iw*1.6:-2,crop={width}:{height},gblur=sigma=24"
            else:
                colour = "0x" + "".join(f"{c:02x}" for c in rng.integers(0, 256, 3))
                look = f"drawbox=color={colour}:t=fill"
            scene = f"[{back}0]{look},setsar=1[{back}]"
        graph.side_chain(source)
        graph.side_chain(scene)
        graph.side_chain(f"[{front}]scale={inner_w}:{inner_h}:flags=area,setsar=1[{inner}]")
        graph.chain(f"[{back}][{inner}]overlay={x}:{y}:shortest=1")
        graph.move(shift(x, y) @ np.diag([inner_w / width, inner_h / height, 1.0]), width, height)

    return effect


def graded(graph: Graph, rng: Rng) -> None:
    """Contrast, brightness, saturation and a colour cast."""
    cast = ":".join(f"{channel}m={rng.uniform(-0.15, 0.15):.3f}" for channel in "rgb")
    contrast, light, colour = rng.uniform(1.1, 1.35), rng.uniform(-0.08, 0.08), rng.uniform(0.7, 1.5)
    graph.filter(f"eq=contrast={contrast:.3f}:brightness={light:.3f}:saturation={colour:.3f},colorbalance={cast}")


def grey(graph: Graph, _: Rng) -> None:
    graph.filter("hue=s=0")


def hue(graph: Graph, rng: Rng) -> None:
    """Colours turned by 60 to 180 degrees either way."""
    graph.filter(f"hue=h={rng.uniform(60, 180) * rng.choice([-1, 1]):.1f}")


def gamma(graph: Graph, _: Rng) -> None:
    graph.filter("eq=gamma=0.6")


def filmed_screen(graph: Graph, rng: Rng) -> None:
    """Filmed off a screen: a frame around it, seen aslant, out of focus, darker towards the edges, noisy."""
    width, height = graph.width, graph.height
    border_x, border_y = even(width * 0.06), even(height * 0.06)
    graph.pad(width + 2 * border_x, height + 2 * border_y, border_x, border_y, "0x2a2622")
    graph.scale(width, height)
    corners = np.float32([[0, 0], [width, 0], [0, height], [width, height]])
    inward = rng.uniform(-0.02, 0.06, (4, 2)) * (width, height) * ([1, 1], [-1, 1], [1, -1], [-1, -1])
    seen = (corners + inward).astype(np.float32)
    places = ":".join(f"x{i}={x:.2f}:y{i}={y:.2f}" for i, (x, y) in enumerate(seen))
    graph.filter(f"perspective={places}:sense=destination:interpolation=cubic")
    graph.move(cv2.getPerspectiveTransform(corners, seen), width, height)
    graph.filter(f"gblur=sigma={rng.uniform(1.0, 1.6):.2f},vignette=PI/6,eq=contrast=0.9:brightness=0.03")
    graph.filter(f"noise=alls=12:allf=t:all_seed={rng.integers(1 << 20)}")


ALONE: dict[str, tuple[Effect, ...]] = {
    "reencode": (),
    "scale-360": (scaled(360),),
    "scale-240": (scaled(240),),
    "fps-15": (rate(15),),
    "fps-24-30": (rate(24, 30),),
    "crop-10": (cropped(0.1),),
    "crop-25": (cropped(0.25),),
    "crop-9x16": (shape(9, 16),),
    "crop-square": (shape(1, 1),),
    "letterbox": (letterbox,),
    "pillarbox": (pillarbox,),
    "blurred-padding": (blurred_padding,),
    "mirror": (mirrored,),
    "rotate-3": (rotated(3),),
    "rotate-10": (rotated(10),),
    "rotate-90": (quarter_turn,),
    "logo": (logo,),
    "caption-20": (caption,),
    "pip-30": (picture_in_picture(0.3, None),),
    "pip-50": (picture_in_picture(0.5, None),),
    "grade": (graded,),
    "grey": (grey,),
    "hue": (hue,),
    "gamma-0.6": (gamma,),
    "screen": (filmed_screen,),
}
"""Effects that need nothing but the clip; each comes after shrinking to 640 pixels on the longer side."""

MIXED = (
    *("scale-240", "fps-15", "crop-10", "crop-25", "crop-square", "letterbox", "pillarbox", "blurred-padding", "logo"),
    *("mirror", "rotate-3", "rotate-10", "caption-20", "pip-50", "grade", "grey", "hue", "gamma-0.6", "screen"),
)
"""Effects of which three are drawn at once."""


def three_at_once(graph: Graph, rng: Rng) -> tuple[str, ...]:
    """Apply three different seeded effects; returns their names."""
    names = tuple(str(name) for name in rng.choice(MIXED, 3, replace=False))
    for name in names:
        for effect in ALONE[name]:
            effect(graph, rng)
    return names
