"""From block excess to findings: what stands out for long enough, where, and whether it is an overlay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.report import Finding, Kind, Region
from provenance.times import Interval
from verifier.comparers.order import original_interval
from verifier.comparers.picture import BLOCK, WINDOW_S, Excess
from verifier.timing import Piece

STRONG = 2.0
"""Excess (natural log of energy) that a change must reach in ``MIN_WINDOWS``. Untouched clips of the tuning half of the
corpus stay under 1.2 at 720p to 240p, filmed ones and those with noise included."""
CLEAR = 2.6
"""Excess that a shorter change must reach in one window. Of half a second at 360p crf 30, things added and warped reach
3.9 and more, warped softly 2.8, recoloured palely 1.9 and more: some of that is missed. Set above half a minute of
untouched traffic, which reached 2.3 in two windows and is not of the tuning half."""
PARTLY = 0.7
"""By how much less than ``STRONG`` it may be in the windows beside that one: half of such a window is changed (natural
log of 2)."""
STRONG_STILL = 3.0
"""The same as ``STRONG`` for a still, which has one window: re-saturated photographs reach 2.4 where colours clip."""
WEAK = 1.0
"""Excess down to which blocks beside a strong one belong to it."""
_PERCENT = 0.01
_WHOLE = 0.5
"""Share of the frame from which a change is not one of a part of it."""
MIN_WINDOWS = 3
"""Half-overlapping half seconds that a change must show in: so many see one of half a second."""
_STAYS = 0.75
"""Share of a change's time for which a block is changed that stays."""
COVERED = 0.8
"""Excess below that of a change's clear windows from which a window is changed for less than half of its time."""
OVERLAY_SHARE = 0.9
"""Share of the piece that a change must cover to be something laid over the picture for good."""
OVERLAY_STILL = 3.0
"""Root mean square change over time (grey levels) under which what covers the picture stands still, as a logo does."""
OVERLAY_EDGE = 0.08
OVERLAY_AREA = 0.25
"""Distance to the frame's edge and share of its area up to which a still change counts as a logo or caption."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A changed part of the picture: windows [first, last], the blocks ever changed (rows, columns), mean excess."""

    first: int
    last: int
    blocks: NDArray[np.bool_]
    excess: float

    def briefly_beside(self, other: Change) -> bool:
        """Whether it is there for half of another's time at most, two blocks from it at most, and not in line with it.

        A bar that fills is longer at its end than for most of its time.
        """
        near = cv2.dilate(other.blocks.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        rows, theirs = (np.flatnonzero(change.blocks.any(axis=1)) for change in (self, other))
        in_line = rows[0] >= theirs[0] - 1 and rows[-1] <= theirs[-1] + 1
        brief = 2 * (self.last - self.first + 1) <= other.last - other.first + 1
        return bool(brief and (near & self.blocks).any() and not in_line)


def changes(excess: Excess) -> list[Change]:
    """Connected blocks that stand out long enough, joined over space and time."""
    return sorted(_changes(excess.level), key=lambda c: c.excess * c.blocks.sum(), reverse=True)


def _changes(level: NDArray[np.float32]) -> list[Change]:
    still = len(level) == 1
    labels, count = _components(level >= WEAK)
    at, rows, columns = np.nonzero(labels)
    label_of = labels[at, rows, columns]
    # Only the windows from a part's first to its last are looked at: a long clip has many parts.
    first, last = np.full(count + 1, len(labels)), np.zeros(count + 1, np.int64)
    np.minimum.at(first, label_of, at)
    np.maximum.at(last, label_of, at)
    found = []
    for label in range(1, count + 1):
        its = slice(int(first[label]), int(last[label]) + 1)
        inside, levels = labels[its] == label, level[its]
        most = np.zeros(len(labels), np.float32)
        most[its] = np.where(inside, levels, 0).max(axis=(1, 2))
        # A fade to black at the end of a clip is no part of the picture.
        part = inside.sum(axis=(1, 2)).max() < _WHOLE * level[0].size
        windows = _changed_windows(most, still=still, part=part)
        if not len(windows):
            continue
        # The skirt of a change is what its blocks share with their neighbours: leave it out.
        core = inside & (levels >= max(WEAK, 0.5 * float(levels[inside].max())))
        often = core[windows[0] - its.start : windows[-1] + 1 - its.start].mean(axis=0)
        blocks = often >= min(0.25, float(often.max()))
        excess = float(levels[inside & (levels >= STRONG)].mean())
        found.append(Change(int(windows[0]), int(windows[-1]), blocks, excess))
        if not still and often.max() >= _STAYS and (beside := _beside(inside, blocks)).any():
            left = np.zeros_like(level)
            left[its] = np.where(beside, levels, 0)
            found += [change for change in _changes(left) if change.briefly_beside(found[-1])]
    return found


def _beside(inside: NDArray[np.bool_], blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What else belongs to a change (windows, rows, columns) than blocks (rows, columns) of a board or sign that stays.

    They share pixels with their neighbours, and are as faint in places as the scene is like them; so what lies within
    their box or next to it is theirs, and what is narrower than two blocks.
    """
    left = inside.copy()
    _, _, boxes, _ = cv2.connectedComponentsWithStats(blocks.astype(np.uint8), connectivity=8)
    for x, y, width, height, _ in boxes[1:]:
        left[:, max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1] = False
    four = left[:, 1:, 1:] & left[:, :-1, 1:] & left[:, 1:, :-1] & left[:, :-1, :-1]
    broad = np.zeros_like(left)
    for rows in (slice(1, None), slice(-1)):
        for columns in (slice(1, None), slice(-1)):
            broad[:, rows, columns] |= four
    return broad


def _changed_windows(most: NDArray[np.float32], *, still: bool, part: bool) -> NDArray[np.int64]:
    """Windows in which a part is changed, given its largest excess in each; none where an encoder may have done it."""
    if still:
        return np.flatnonzero(most >= STRONG_STILL)
    lasting = np.flatnonzero(most >= STRONG)
    short = np.flatnonzero(most >= STRONG - PARTLY)
    if len(lasting) > 2 * MIN_WINDOWS:
        return lasting
    # At the piece's start or end, half a second is seen by one window less.
    beyond = part * (int(0 in short) + int(len(most) - 1 in short))
    enough = len(short) + beyond >= MIN_WINDOWS
    if len(lasting) >= min(MIN_WINDOWS, len(most)) or (most.max() >= CLEAR and enough):
        return short[most[short] >= float(np.quantile(most[short], 0.75)) - COVERED]
    return np.zeros(0, np.int64)


def compare_regions(piece: Piece, excess: Excess, clip_size: tuple[int, int], asset_id: str) -> list[Finding]:
    """Findings about parts of the picture. Those of a still have no time."""
    findings = []
    seen = replace(piece, end=min(piece.end, excess.seen))
    for change in changes(excess):
        start, end = _stretch(change, excess, seen)
        # What is there when time runs out may stay: a logo is none the less one for having been seen in part.
        lasts = end - start if end < seen.end else piece.end - start
        region = _region(change.blocks, clip_size)
        area = region.w * region.h
        share = f"{area:.0%} of the frame" if area >= _PERCENT else "less than 1% of the frame"
        if _laid_over(change, excess, piece, region, lasts):
            kind = Kind.OVERLAY
            text = f"Something that does not move with the scene covers {share} throughout."
        else:
            kind = Kind.REGION
            lasting = f" for {end - start:.1f} s" if piece.length else ""
            times = f"{np.exp(change.excess):.0f} times"
            text = f"{share} differs from the original{lasting}, {times} what compression explains."
        findings.append(
            Finding(
                kind,
                float(1 - np.exp(-change.excess / 1.5)),
                text,
                clip=Interval.of(start, end) if piece.length else None,
                original=original_interval(piece, start, end) if piece.length else None,
                region=region,
                asset_id=asset_id,
            )
        )
    return findings


def _stretch(change: Change, excess: Excess, piece: Piece) -> tuple[float, float]:
    """Clip seconds of a change: a window stands out when about half of it is changed."""
    middles = excess.times.mean(axis=1)
    first = change.first == 0
    last = change.last == len(excess.times) - 1
    start = piece.start if first else float(middles[change.first]) - WINDOW_S / 4
    end = piece.end if last else float(middles[change.last]) + WINDOW_S / 4
    return start, max(start, min(end, piece.end))


def _laid_over(change: Change, excess: Excess, piece: Piece, region: Region, length: float) -> bool:
    """Whether a change is a logo or caption: still, there throughout, at the frame's edge and not large.

    What stands still in the middle of the frame may as well be a person painted out: that is no overlay.
    """
    if not piece.moving or length < OVERLAY_SHARE * piece.length:
        return False
    windows = slice(change.first, change.last + 1)
    # Blocks at its rim see the scene beside it, too.
    ours = float(np.quantile(excess.still[windows][:, change.blocks], 0.3))
    at_edge = min(region.x, region.y, 1 - region.x - region.w, 1 - region.y - region.h) < OVERLAY_EDGE
    return ours < OVERLAY_STILL and at_edge and region.w * region.h < OVERLAY_AREA


def _components(flags: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Label blocks connected in space (8 neighbours) or from one window to the next (same block or beside it)."""
    windows = flags.shape[0]
    labels = np.zeros(flags.shape, np.int32)
    parents = [0]

    def root(label: int) -> int:
        while parents[label] != label:
            label = parents[label]
        return label

    for window in range(windows):
        count, plane = cv2.connectedComponents(flags[window].astype(np.uint8), connectivity=8)
        base = len(parents) - 1
        parents += list(range(base + 1, base + count))
        labels[window] = np.where(plane > 0, plane + base, 0)
        if window:
            before = cv2.dilate(labels[window - 1].astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
            for a, b in set(
                zip(labels[window][(plane > 0) & (before > 0)], before[(plane > 0) & (before > 0)], strict=True)
            ):
                parents[root(int(a))] = root(int(b))
    roots = np.array([root(label) for label in range(len(parents))])
    unique = {value: index for index, value in enumerate(sorted(set(roots[1:].tolist())), start=1)}
    table = np.array([0, *(unique[int(value)] for value in roots[1:])], np.int32)
    return table[labels], len(unique)


def _region(blocks: NDArray[np.bool_], clip_size: tuple[int, int]) -> Region:
    rows, columns = np.nonzero(blocks)
    width, height = clip_size
    x, y = columns.min() * BLOCK / width, rows.min() * BLOCK / height
    right, bottom = min(1.0, (columns.max() + 1) * BLOCK / width), min(1.0, (rows.max() + 1) * BLOCK / height)
    return Region(float(x), float(y), float(right - x), float(bottom - y))
