"""Does the original still show through what was laid over it? A shade, a sign at half strength: one colour, mixed in.

Each pixel of the clip is then the original's, less by one factor, and so much of one colour; both may grow towards the
bottom. What was painted over or put there shows nothing of what was beneath, and what was moved shows it elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 0.15, 0.75
"""Shares of the original's light, over all, between which a layer is see-through: what lets less pass hides, and what
lets more pass may be a part made softer."""
TEXTURE = 0.6
"""Share of what varies over the changed pixels, besides from top to bottom, that must be the original's. Of shades and
signs at half strength on the tuning half, at 360p crf 30, it is 0.64 and more, and mostly 0.9. Of what was altered it
may be as much, but then less than half of the pixels agree."""
ALIKE = 0.6
"""Share of the changed pixels that the one mixture must explain: 0.67 and more of the same signs, letters and all."""
LASTING = 0.75
"""Share of its places that a layer keeps in all pictures; a thing of the scene that was tinted leaves them."""
_SAME = 14.0
"""Levels by which a pixel may differ from the mixture."""
_KEPT = 0.6
"""Share of the changed pixels that the mixture is fitted to in the end: a sign has letters, too."""
_ROUNDS = 8
_BESIDE = tuple((down, across) for down in (-4, 0, 4) for across in (-4, 0, 4) if down or across)
"""Pixels by which the original is moved for comparison."""
_IN_PLACE = 0.4
"""Energy that a mixture may leave, as a share of what it leaves of any of those: 0.04 to 0.26 of the same signs."""
_FEW = 20_000
"""Of the changed pixels about so many are fitted to."""
_LEAST_PIXELS = 100
Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """``veiled``: bool (n, h, w), the changed pixels at which the original shows through; ``alike``: share of them."""

    veiled: NDArray[np.bool_]
    alike: float


def find_veil(ours: NDArray[np.float32], theirs: NDArray[np.float32], changed: NDArray[np.bool_]) -> Veil | None:
    """The mixture that explains the changed pixels; None where the original does not show through.

    Args:
        ours, theirs: the clip's and the original's pictures, (n, h, w, 3), levels of 255.
        changed: (n, h, w).
    """
    at = np.flatnonzero(changed)
    if len(at) < _LEAST_PIXELS:
        return None
    at = at[:: max(1, len(at) // _FEW)]
    number, row, column = np.unravel_index(at, changed.shape)
    down = np.linspace(-1, 1, changed.shape[1])
    height, width = changed.shape[1:]

    def beside(shift: tuple[int, int]) -> Levels:
        return np.asarray(theirs[number, (row - shift[0]) % height, (column - shift[1]) % width], np.float64)

    y = ours[number, row, column].astype(np.float64)
    # All alike is tried first: rows of their own strength explain more than there is.
    for powers in (1, 2):
        found = _mixture(_basis(beside((0, 0)), down[row], powers), y, down[row], powers)
        if found is None:
            continue
        fit, kept, left = found
        same = _explained(fit, ours, theirs, np.vander(down, powers, increasing=True))
        veiled = changed & same
        alike = float(veiled.sum() / changed.sum())
        if alike < ALIKE or _lasting(veiled, same) < LASTING:
            continue
        others = (_basis(beside(shift), down[row], powers)[kept] for shift in _BESIDE)
        if left <= _IN_PLACE * min(_left(other, y[kept]) for other in others):
            return Veil(veiled, alike)
    return None


def _explained(fit: Levels, ours: NDArray[np.float32], theirs: NDArray[np.float32], by: Levels) -> NDArray[np.bool_]:
    """The pixels that a mixture explains; picture by picture, as all at once would fill the memory.

    Args:
        by: (h, powers), each row's.
    """
    powers = by.shape[1]
    passes, added = by @ fit[:powers], by @ fit[powers:].reshape(powers, 3)
    same = np.zeros(ours.shape[:3], np.bool_)
    for here, our, their in zip(same, ours, theirs, strict=True):
        apart = passes[:, None, None] * their + added[:, None, :] - our
        here[:] = np.abs(apart).max(axis=-1) < _SAME
    return same


def _lasting(veiled: NDArray[np.bool_], same: NDArray[np.bool_]) -> float:
    """Share of the places ever veiled that are so in all pictures with it: what moves with the scene leaves them."""
    counts = veiled.sum(axis=(1, 2))
    return float(same[2 * counts >= counts.max()][:, veiled.any(axis=0)].mean())


def _mixture(basis: Levels, y: Levels, rows: Levels, powers: int) -> tuple[Levels, NDArray[np.bool_], float] | None:
    """What is left and what is added, robustly, the pixels that it was fitted to, and what it leaves of their energy;
    None where that is no mixture of the original's.
    """
    kept = np.full(len(y), True)
    for _ in range(_ROUNDS):
        fit = _fitted(basis[kept], y[kept])
        error = np.abs(basis @ fit - y).max(axis=1)
        kept = error <= max(float(np.quantile(error, _KEPT)), 2.0)
    left, without = _left(basis[kept], y[kept]), _left(basis[kept][..., powers:], y[kept])
    passes = float((np.vander(rows[kept], powers, increasing=True) @ fit[:powers]).mean())
    return (fit, kept, left) if LEAST <= passes <= MOST and left <= (1 - TEXTURE) * without else None


def _basis(x: Levels, rows: Levels, powers: int) -> Levels:
    """(n, 3, 4 powers): the original's level, and one of each channel's own; both times the row, too."""
    own = np.broadcast_to(np.eye(3), (len(x), 3, 3))
    by = np.vander(rows, powers, increasing=True)
    light = x[:, :, None] * by[:, None, :]
    return np.concatenate([light, *(own * by[:, k, None, None] for k in range(powers))], axis=-1)


def _fitted(basis: Levels, y: Levels) -> Levels:
    flat = basis.reshape(-1, basis.shape[-1])
    return np.asarray(np.linalg.lstsq(flat.T @ flat, flat.T @ y.reshape(-1), rcond=None)[0])


def _left(basis: Levels, y: Levels) -> float:
    """Energy that the best fit leaves."""
    return float(((basis @ _fitted(basis, y) - y) ** 2).sum())
