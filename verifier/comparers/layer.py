"""What a changed region is like as a layer over the picture: what stays, how it begins, how flat it is.

1. A layer's pixels stay as they are from one moment to the next ones, whatever the original's do beneath.
2. Where it begins, the clip has an edge that the original has not, or one as steep as the layer's contrast; and no edge
   of the original ends there. What was removed or written anew on a surface of the scene takes edges away, or fades in.
3. Inside it is flat, or lines: nearly no slope in between. What was filmed is full of slopes, and stays a region,
   though it may stand as still as a sticker.
4. Or it is broad and nearly without slopes: a board, faint at some of its outline, or of two colours, whatever ends
   at it.
5. Or the original shows through it: a shade, a sign at half strength.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.comparers.layer_frames import PART, LayerFrame
from verifier.comparers.pairs import RATE
from verifier.comparers.picture import WINDOW_S
from verifier.comparers.veil import ALIKE

MOST_COVERED = 0.25
"""Share of the frame that layers together may hide: a picture of which more is hidden was not compared."""
_PART_OUTLINE, _PART_INSIDE = 40, 0.25
"""Pixels of outline, and share of a part that is inside, from which a part is judged by itself."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What a change would be as a layer, all 0-1.

    ``explained``: share of the change's energy where the layer lies. ``outlined``: share of its outline at which the
    clip has an edge and the original none; ``sharp``: at which the difference is large within two pixels; ``steep``: at
    which the clip has an edge as high as the layer; ``erased``: at which the original has an edge and the clip none.
    ``slopes``: share of its inside that is neither flat nor a line. ``covered``: share of the frame that it hides.
    ``through``: share of the changed pixels at which the original shows through; ``uneven``: share of the inside of
    all others that is neither flat nor a line, 0 where it shows through nowhere. No limit lets more of it be so: what
    is let into a shade is not excused by its own outline.

    ``part_erased``, ``part_slopes``: the like of ``erased`` and ``slopes`` in that part of the layer where it is most,
    for half a second; ``part_outlined``: share of the outline that is ``outlined``, or ``steep`` where nothing ends, in
    that where it is least; ``part_left``: share of a part that is changed though the layer is not there. Of 105
    stickers, marks, logos and subtitles of the tuning half no part has more than 0.38 erased, 0.28 of slopes or 0.07
    left; of things added, removed or written anew most have 0.5 and more of slopes or erased. Put beside a sticker,
    they are not excused by its outline.

    ``broad``: share of the layer into which squares of half a part fit, and no letter; ``part_plain``: share of the
    inside that is of the layer's median colour or of that of all others, in that part where it is least.
    """

    explained: float
    outlined: float
    sharp: float
    steep: float
    erased: float
    slopes: float
    covered: float
    through: float = 0.0
    uneven: float = 0.35
    part_outlined: float = 0.1
    part_erased: float = 0.45
    part_slopes: float = 0.42
    broad: float = 0.0
    part_plain: float = 0.0
    part_left: float = 0.1

    @property
    def drawn(self) -> bool:
        """Whether it was drawn over the picture."""
        return any(map(self._meets, (CLEAR, AMID_EDGES, BOARD, PLAIN_BOARD, SEEN_THROUGH)))

    def _meets(self, limits: Layer) -> bool:
        least = ("explained", "outlined", "sharp", "steep", "through", "part_outlined", "broad", "part_plain")
        enough = all(getattr(self, name) >= getattr(limits, name) for name in least)
        most = ("erased", "slopes", "covered", "uneven", "part_erased", "part_slopes", "part_left")
        return enough and all(getattr(self, name) <= getattr(limits, name) for name in most)


CLEAR = Layer(explained=0.75, outlined=0.8, sharp=0.9, steep=0.0, erased=0.06, slopes=0.28, covered=MOST_COVERED)
"""Stickers and letters of the tuning half at 360p crf 30 have 0.94 and more explained, 0.80 and more of their outline,
0.96 and more of it sharp, and up to 0.25 of slopes. Of things added and writing changed, one with so few slopes and so
much explained has 0.77 of an outline; what was removed has 0.37. Photographs laid over have 0.3 to 0.7 of slopes."""
AMID_EDGES = Layer(explained=0.75, outlined=0.5, sharp=0.0, steep=0.75, erased=0.07, slopes=0.33, covered=MOST_COVERED)
"""Over busy ground the original has edges of its own: a mark's letters have down to 0.58 of an outline there, but 0.94
of it is steep; a sticker's 0.72 and 0.77; and faint letters up to 0.32 of slopes. At most 0.04 of an original's edges
end with a mark, 0.06 with a sticker. Writing changed has 0.66 steep at most, and erases 0.09 and more. A flat thing
recoloured has 0.94 of steep edges, which are the original's: 0.03 of an outline."""
BOARD = Layer(
    explained=0.95,
    outlined=0.9,
    sharp=0.75,
    steep=0.5,
    erased=0.05,
    slopes=0.2,
    covered=MOST_COVERED,
    part_outlined=0.6,
    part_erased=0.1,
    part_slopes=0.3,
    broad=0.8,
)
"""A board with letters, as under a speaker's name, that is faint at some of its outline: down to 0.80 of it is sharp,
but 0.92 and more outlined, 0.77 in each part, and 0.07 of a part is erased at most. Of things added, removed,
recoloured or written anew none has so much of an outline; of those right beside a sticker none in each part."""
PLAIN_BOARD = Layer(
    explained=0.95,
    outlined=0.15,
    sharp=0.75,
    steep=0.5,
    erased=0.35,
    slopes=0.12,
    covered=MOST_COVERED,
    part_outlined=0.0,
    part_erased=1.0,
    part_slopes=1.0,
    broad=0.8,
    part_plain=0.8,
)
"""A board of one colour with letters of another: where the scene is of its colour it has no edge, and the scene's end
there. Boards of an eighth of the frame on the tuning half have down to 0.22 of an outline, 0.53 of it steep and 0.77
sharp, up to 0.32 of it erased, and 0.02 to 0.11 of slopes. No change of a scene there has so few slopes and so much of
two colours (0.80 and more, but for boards with fine letters); what was put beside a board or sticker has 0.78 of them
at most, or is so pale that it is no part of what is looked at."""
SEEN_THROUGH = Layer(
    explained=0.85,
    outlined=0.0,
    sharp=0.0,
    steep=0.0,
    erased=1.0,
    slopes=1.0,
    covered=MOST_COVERED,
    through=ALIKE,
    part_outlined=0.0,
    part_erased=1.0,
    part_slopes=1.0,
    part_left=1.0,
)
"""No outline is asked for: a shade fades in. Its letters and arrows are flat: up to 0.31 of them is not on the tuning
half, and 0.43 of a photograph let into it. Small changes beneath a layer are not seen, here as under any other."""


def layer_of(frames: Sequence[LayerFrame]) -> Layer | None:
    """What frames say together; None where nothing is changed, or no layer stays."""
    energy = sum(frame.energy for frame in frames)
    through = sum(frame.energy * frame.through for frame in frames)
    with_layer = [frame for frame in frames if frame.outline]
    if not energy or not (with_layer or through):
        return None

    def mean(values: Sequence[float]) -> float:
        return float(np.average(values, weights=[frame.outline for frame in with_layer])) if with_layer else 0.0

    return Layer(
        explained=sum(frame.explained for frame in frames) / energy,
        outlined=mean([frame.outlined for frame in with_layer]),
        sharp=mean([frame.sharp for frame in with_layer]),
        steep=mean([frame.steep for frame in with_layer]),
        erased=mean([frame.erased for frame in with_layer]),
        slopes=mean([frame.slopes for frame in with_layer]),
        covered=max(frame.covered for frame in frames),
        through=through / energy,
        uneven=sum(frame.uneven for frame in frames) / max(1, sum(frame.rest for frame in frames)),
        broad=mean([frame.broad for frame in with_layer]),
        **_worst([frame.parts for frame in with_layer if frame.parts is not None]),
    )


def _worst(frames: Sequence[NDArray[np.float32]]) -> dict[str, float]:
    """What is said of the part that is least like a layer, over half a second, by the names of ``Layer``."""
    outlines, erasures, slopes, plains, lefts = [1.0], [0.0], [0.0], [1.0], [0.0]
    together = max(1, min(len(frames), round(WINDOW_S * RATE)))
    for first in range(len(frames) - together + 1):
        outline, outlined, erased, inner, sloping, plain, left = np.mean(frames[first : first + together], axis=0)
        enough, inside = outline > _PART_OUTLINE, inner > _PART_INSIDE * PART**2
        if enough.any():
            outlines.append(float((outlined[enough] / outline[enough]).min()))
            erasures.append(float((erased[enough] / outline[enough]).max()))
        if inside.any():
            slopes.append(float((sloping[inside] / inner[inside]).max()))
            plains.append(float((plain[inside] / inner[inside]).min()))
        lefts.append(float(left.max()) / PART**2)
    return {
        "part_outlined": min(outlines),
        "part_erased": max(erasures),
        "part_slopes": max(slopes),
        "part_plain": min(plains),
        "part_left": max(lefts),
    }
