"""Which line each frame of a clip lies on: the path through time that is well explained and seldom leaves a line.

Footage that an original shows twice lies on two lines equally well. Frame by frame, noise would choose between them,
and every change of its mind would be a cut; so leaving a line has a price (Viterbi, 1967).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

PLENTY = 0.85
"""Correlation (-1 to 1) from which a frame is explained: more of it is no reason to leave a line."""
LEAVE_S = 0.3
"""Price of another line, in seconds of a frame fully explained. A piece of half a second is worth more than that."""
AS_WELL = 0.02
"""Mean correlation by which a line may explain a stretch less than another and be as good: so much is noise."""
_DRIFT, _FARTHEST = 0.03, 2.0
"""Price of the offset beside one, for clocks that drift, and of the farthest jump besides, as shares of a jump's."""
PAUSE_S = 0.04
"""Price of leaving a line for none, and of coming back."""


def best_path(
    scores: NDArray[np.float32],
    nothing: float,
    telling: NDArray[np.bool_],
    period: float,
    besides: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """The line of each frame: int64 (n,), -1 where none explains it.

    Args:
        scores: correlation of every frame with every line, float32 (lines, n), -1 to 1.
        nothing: what a frame is worth that no line explains.
        telling: bool (n,); other frames say nothing, and stay where the path is.
        period: seconds between frames.
        besides: what each is worth besides, however well it is explained, float32 (lines, n).
    """
    count, length = scores.shape
    worth = np.minimum(scores.T, PLENTY).astype(np.float64) + (0.0 if besides is None else besides.T)
    # A state for each line and one for a pause on it, so that a pause is no cheap way to another line.
    states = np.hstack([worth, np.full((length, count), nothing)])
    states[~telling] = 0
    lines = np.r_[np.arange(count), np.arange(count)]
    paused = np.arange(2 * count) >= count
    price = np.where(lines[:, None] == lines[None, :], PAUSE_S * (paused[:, None] != paused[None, :]), LEAVE_S)
    price = price / max(period, 1e-3)
    total = states[0]
    before = np.zeros((length, 2 * count), np.int16)
    for frame in range(1, length):
        options = total[:, None] - price
        before[frame] = np.argmax(options, axis=0)
        total = options[before[frame], np.arange(2 * count)] + states[frame]
    path = np.empty(length, np.int64)
    path[-1] = int(np.argmax(total))
    for frame in range(length - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return np.where(paused[path], -1, lines[path])


def simplified(path: NDArray[np.int64], scores: NDArray[np.float32], telling: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The same, without the changes of line that explain no more than going on would, or having come the same way.

    Args:
        path: the line of each frame, int64 (n,), -1 for none.
        scores: what each line is worth to each frame, float32 (lines, n).
        telling: bool (n,); other frames say nothing.
    """
    path = path.copy()
    while True:
        edges = np.flatnonzero(np.diff(path, prepend=-2, append=-2)).tolist()
        runs = [(start, stop) for start, stop in pairwise(edges) if path[start] >= 0]
        for pair in pairwise(runs):
            short, long = sorted(pair, key=lambda run: run[1] - run[0])
            if path[short[0]] != path[long[0]] and (
                _goes_on(path, scores, telling, short, long) or _goes_on(path, scores, telling, long, short)
            ):
                break
        else:
            return path


def _goes_on(
    path: NDArray[np.int64],
    scores: NDArray[np.float32],
    telling: NDArray[np.bool_],
    run: tuple[int, int],
    beside: tuple[int, int],
) -> bool:
    """Put a run on the line of the one beside it, if that explains it as well."""
    frames = np.arange(*run)[telling[run[0] : run[1]]]
    own, other = int(path[run[0]]), int(path[beside[0]])
    if frames.size and scores[other, frames].mean() < scores[own, frames].mean() - AS_WELL:
        return False
    path[run[0] : run[1]] = other
    return True


def fewest_jumps(worth: NDArray[np.float32], offsets: NDArray[np.int64], jump: float) -> NDArray[np.int64]:
    """The offset of each row, as its column, int64 (n,): those worth most together, each jump having its price.

    Of ways that are worth as much the one with the shortest jumps, and forwards rather than back: that something was
    cut out is likelier than that it is shown again.

    Args:
        worth: of each row's offsets, float32 (n, columns).
        offsets: int64 (columns,), rising, in units by which one may also drift from row to row.
        jump: price of any other offset, in what rows are worth.
    """
    rows, columns = worth.shape
    rise = _FARTHEST * jump * (offsets - offsets[0]) / max(int(offsets[-1] - offsets[0]), 1)
    drift = np.where(np.diff(offsets) == 1, _DRIFT * jump, np.inf)
    own = np.arange(columns)
    origins = np.stack([own, np.maximum(own - 1, 0), np.minimum(own + 1, columns - 1), own, own])
    came = np.zeros((rows, columns), np.int64)
    total = worth[0].astype(np.float64)
    for row in range(1, rows):
        onward, origins[3] = _running(total + rise)
        back, from_end = _running((total - 2 * rise)[::-1])
        origins[4] = columns - 1 - from_end[::-1]
        drifted = np.r_[-np.inf, total[:-1] - drift], np.r_[total[1:] - drift, -np.inf]
        options = np.stack([total, *drifted, onward - rise - jump, back[::-1] + 2 * rise - jump])
        chosen = np.argmax(options, axis=0)
        came[row] = origins[chosen, own]
        total = options[chosen, own] + worth[row]
    return _traced(came, int(np.argmax(total)))


def _running(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The largest of all values up to each, and where it is."""
    largest = np.maximum.accumulate(values)
    return largest, np.maximum.accumulate(np.where(values == largest, np.arange(len(values)), 0))


def cheapest_path(cost: NDArray[np.float32], lasts: NDArray[np.float64], price: float) -> NDArray[np.int64]:
    """The line of each frame, int64 (n,), where each second of a frame on a line costs something, and a change too.

    Args:
        cost: per second, float32 (n, lines).
        lasts: seconds of each frame, float64 (n,).
        price: of another line.
    """
    total = cost[0] * lasts[0]
    before = np.zeros(cost.shape, np.int64)
    change = price * (1 - np.eye(cost.shape[1]))
    for frame in range(1, len(cost)):
        options = total[:, None] + change
        before[frame] = np.argmin(options, axis=0)
        total = options[before[frame], np.arange(cost.shape[1])] + cost[frame] * lasts[frame]
    return _traced(before, int(np.argmin(total)))


def open_path(
    known: NDArray[np.float32],
    cost: NDArray[np.float32],
    steps: NDArray[np.int64],
    lasts: NDArray[np.float64],
    price: float,
) -> NDArray[np.int64]:
    """As ``cheapest_path``, but along known lines and every other of some paces.

    Args:
        known: cost of known lines, float32 (n, lines).
        cost: of each of the original's moments, float32 (n, moments).
        steps: moments by which each pace goes on from the frame before, int64 (n, paces).

    Returns:
        of each frame the number of the known line; or the number of known lines, plus the number of the pace times
        that of moments, plus the moment's.
    """
    lines, moments, paces = known.shape[1], cost.shape[1], steps.shape[1]
    parts = [slice(lines + k * moments, lines + (k + 1) * moments) for k in range(paces)]
    total = np.concatenate([known[0], *[cost[0]] * paces]) * lasts[0]
    came = np.zeros((len(cost), len(total)), np.bool_)
    origin = np.zeros(len(cost), np.int64)
    for frame in range(1, len(cost)):
        origin[frame] = np.argmin(total)
        change = total[origin[frame]] + price
        stay = total.copy()
        for part, step in zip(parts, steps[frame].tolist(), strict=True):
            stay[part] = _moved_on(total[part], step)
        came[frame] = change < stay
        now = np.concatenate([known[frame], *[cost[frame]] * paces])
        total = np.where(came[frame], change, stay) + now * lasts[frame]
    path = np.empty(len(cost), np.int64)
    path[-1] = np.argmin(total)
    for frame in range(len(cost) - 1, 0, -1):
        state = int(path[frame])
        gone = 0 if state < lines else int(steps[frame, (state - lines) // moments])
        path[frame - 1] = origin[frame] if came[frame, state] else state - gone
    return path


def _traced(before: NDArray[np.int64], last: int) -> NDArray[np.int64]:
    path = np.empty(len(before), np.int64)
    path[-1] = last
    for frame in range(len(before) - 1, 0, -1):
        path[frame - 1] = before[frame, path[frame]]
    return path


def _moved_on(values: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """Entry i is values[i - by]; infinite where there is none."""
    out = np.full_like(values, np.inf)
    if by >= 0:
        out[by:] = values[: max(0, len(values) - by)]
    else:
        out[:by] = values[-by:]
    return out
