"""What falls on a picture on its way, besides a curve of tone: a filmed screen is darker towards its edges, and another
matrix or a colder white makes some colours lighter than others. Such maps over the whole picture change nothing in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verifier.comparers.synthesis import Pictures, tone_curve

_SIDE = 16
"""Pixels between the places at which light is compared."""
_FEWEST = 60
_FEW = 8
"""Of so many pictures one tells how dark all are, and what curve of tone they have."""
_LIT = 12.0
"""Levels above black from which it is seen how much light there is."""
_FALLS = 0.06
"""Range of light, over the frame, from which it falls off. No encoder makes any."""
_LEFT = 0.25
"""Share of the difference that may be left: parts that were replaced differ otherwise."""
_BULK, _MOST = 0.8, 0.6
"""Shares of the places: those that a map is fitted to in the end, and those on which light must be seen to fall."""
_ROUNDS = 4
_LEANS = 1.5
"""Levels of luma that the strongest colours must add to be looked at: less is the encoder's."""
_LEANS_LEFT = 0.75
"""Share of the difference that may be left then: of another matrix 0.11 to 0.59 is, where it is none 0.94 and more."""
_ENDS = 6
"""Levels from none or full up to which a colour is at its limits."""
_COLOURED = 64
"""Levels between its channels from which a colour is a strong one: dark ones are none, and nothing clips them."""
_TURNS = 2
_UNSURE = 0.15
"""Of the light that is lost, what a smooth map may miss."""


@dataclass(frozen=True, slots=True, eq=False)
class Shade:
    """``light``: float32 (h, w), what each pixel has of the original's; ``black``: level that is there without any;
    ``curve``: uint8 (256,), the curve of tone that comes before the light.
    """

    light: NDArray[np.float32]
    black: float
    curve: NDArray[np.uint8]

    def over(self, original: Pictures) -> Pictures:
        """The original in this light."""
        lit = np.empty_like(original)
        # Picture by picture: all at once would take sixteen times their memory.
        for here, picture in zip(lit, self.curve[original], strict=True):
            here[:] = np.clip(np.round((picture - self.black) * self.light + self.black), 0, 255)
        return lit

    def lifted(self, clip: Pictures) -> Pictures:
        """The clip as it was before light fell off."""
        return np.asarray(np.clip(np.round((clip - self.black) / self.light + self.black), 0, 255), np.uint8)

    def unsure(self, lit: Pictures) -> NDArray[np.float32]:
        """Levels by which originals in this light may be wrong, over all pictures: float32 (h, w). The more light is
        lost, the more.
        """
        lost = 1 - self.light / self.light.max()
        return np.asarray(_UNSURE * lost * lit.mean(axis=0, dtype=np.float32), np.float32)


def find_shade(original: Pictures, clip: Pictures, mask: NDArray[np.bool_]) -> Shade | None:
    """The light of the clip, where it falls off smoothly over the whole frame; None where no such thing is seen.

    A curve of tone that was fitted to all of the clip bends to the light of its middle. So the curve is fitted to the
    clip as it was before, and the light to what that curve leaves, in turns.

    Args:
        original: in the clip's tones.
    """
    shade = _shade(original, clip, mask, np.arange(256, dtype=np.uint8))
    for _ in range(_TURNS):
        if shade is None:
            break
        curve = tone_curve(original[::_FEW], shade.lifted(clip[::_FEW]), mask)
        shade = _shade(original, clip, mask, np.clip(np.round(curve), 0, 255).astype(np.uint8)) or shade
    return shade


def _shade(original: Pictures, clip: Pictures, mask: NDArray[np.bool_], curve: NDArray[np.uint8]) -> Shade | None:
    """The light that falls on the original after a curve of tone."""
    original = curve[original]
    height, width = mask.shape
    small = max(2, width // _SIDE), max(2, height // _SIDE)
    whole = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.9
    theirs, ours = (
        cv2.resize(side.mean(axis=0, dtype=np.float32), small, interpolation=cv2.INTER_AREA)[whole].astype(np.float64)
        for side in (original, clip)
    )
    if len(theirs) < _FEWEST:
        return None
    basis = _falling_off(small)[whole]
    # What is added to all light does not fall off with it; how much that is, the dark parts tell.
    darkest = float(np.quantile(original[::_FEW, mask], 0.001))
    error, fit, black = min(
        ((*_light_fit(theirs - added, ours - added, basis), added) for added in np.linspace(0, darkest, 5).tolist()),
        key=lambda tried: _trimmed(tried[0], _BULK),
    )
    light = _falling_off((width, height)) @ fit
    least, most = light[mask].min(), light[mask].max()
    # A band that covers a fifth is no light: it falls on most of the frame.
    if most - least < np.log1p(_FALLS) or _trimmed(error, _MOST) > _LEFT * _trimmed(ours - theirs, _MOST):
        return None
    # Beside the picture the fit says nothing, and grows beyond all bounds.
    return Shade(np.exp(np.clip(light, least, most)).astype(np.float32), black, curve)


def find_lean(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], tone: NDArray[np.float64], mask: NDArray[np.bool_]
) -> NDArray[np.float32] | None:
    """Levels of luma that the clip has more for each level of the original's Cr and of its Cb; None where hardly any.

    Args:
        ours, theirs: Y, Cr and Cb, (n, h, w, 3), aligned.
        tone: (256,), what becomes of the original's luma.
        mask: (h, w).
    """
    height, width = mask.shape
    small = max(2, width // _SIDE), max(2, height // _SIDE)
    whole = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.9

    def places(planes: NDArray[np.float32]) -> NDArray[np.float64]:
        each = [cv2.resize(plane, small, interpolation=cv2.INTER_AREA)[whole] for plane in planes]
        return np.concatenate(each).astype(np.float64)

    toned = tone.astype(np.float32)[np.clip(np.round(theirs[..., 0]), 0, 255).astype(np.uint8)]
    if whole.sum() < _FEWEST:
        return None
    apart, chroma = places(ours[..., 0] - toned), places(theirs[..., 1:]) - 128
    all_alike = np.ones((len(apart), 1))
    with_colour, left = _robust_fit(np.column_stack([all_alike, chroma]), apart)
    _, without = _robust_fit(all_alike, apart)
    lean = with_colour[1:]
    leans = float(np.quantile(np.abs(chroma @ lean), 0.99))
    return lean.astype(np.float32) if leans > _LEANS and left < _LEANS_LEFT * without else None


def _robust_fit(basis: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Fitted to the bulk; the first column is a constant. And the energy that it leaves of the bulk."""
    # A little pull towards none: a grey scene determines nothing.
    pull = len(basis) * np.diag([0.0] + [1.0] * (basis.shape[1] - 1))
    bulk = np.full(len(basis), True)
    for _ in range(_ROUNDS):
        rows = basis[bulk]
        fit = np.linalg.solve(rows.T @ rows + pull, rows.T @ target[bulk])
        error = np.abs(basis @ fit - target)
        bulk = error <= max(float(np.quantile(error, _BULK)), 2.0)
    return fit, _trimmed(error, _BULK)


def leaning(
    toned: Pictures, nearest: NDArray[np.int64], chroma: NDArray[np.float32], lean: NDArray[np.float32]
) -> Pictures:
    """Pictures with the luma that their colours add.

    Args:
        nearest: (n,), which of the ``chroma`` (m, h, w, 2), of any size, each has.
    """
    size = toned.shape[:0:-1]
    added = [cv2.resize((planes - 128) @ lean, size, interpolation=cv2.INTER_LINEAR) for planes in chroma]
    return np.stack(
        [
            np.clip(np.round(picture + added[k]), 0, 255).astype(np.uint8)
            for picture, k in zip(toned, nearest.tolist(), strict=True)
        ]
    )


def _light_fit(
    theirs: NDArray[np.float64], ours: NDArray[np.float64], basis: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The levels that are left at each place, and the logarithm of the light, in a basis."""
    lit = np.minimum(theirs, ours) > _LIT
    apart = np.log(np.maximum(ours, 1) / np.maximum(theirs, 1))
    bulk = lit if lit.sum() >= _FEWEST else np.full(len(lit), True)
    for _ in range(_ROUNDS):
        fit = np.linalg.lstsq(basis[bulk], apart[bulk], rcond=None)[0]
        error = np.abs(theirs * np.exp(basis @ fit) - ours)
        bulk = error <= np.quantile(error, _BULK)
    return error, fit


def _trimmed(error: NDArray[np.float64], share: float) -> float:
    """Energy of the share of the places that have least."""
    squares = np.sort(error**2)
    return float(squares[: int(share * len(squares))].mean())


def _falling_off(size: tuple[int, int]) -> NDArray[np.float64]:
    """What falls off from some place in the frame, as a lens or a screen does: (h, w, 12)."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    far = x * x + y * y
    smooth = [x**across * y**down for across in range(4) for down in range(4 - across)]
    return np.stack([*smooth, far**2, far**3], axis=-1)


def at_limits(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where a strong colour is at the limits of what a screen shows: 0 or 1, (n, h, w). Who clips such a colour changes
    its luma, too.

    Args:
        pictures: Y, Cr and Cb, (n, h, w, 3).
    """
    found = []
    for picture in pictures:
        shown = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR)
        none, full = shown < _ENDS, shown > 255 - _ENDS
        coloured = np.ptp(shown, axis=-1) >= _COLOURED
        found.append(((none | full).any(axis=-1) & coloured).astype(np.float32))
    return np.stack(found)
