"""Short keys of local features, under which an index finds pictures that share some of them."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

KEY_BITS = 24
"""Bits of a key. Of true matches between a photograph and a small, turned, heavily compressed copy, 41-49 in 100 meet
with ``UNSURE_BITS`` 4; of unrelated features 0.3-2.4 in 10,000 (eleven photographs, 2,043 matches)."""
UNSURE_BITS = 4
"""Bits of a query's key that are tried both ways: those closest to tipping over."""
_SEED = "org.provenance-toolkit.feature-keys/1"
_TERMS = 32
"""Entries of a descriptor added, and as many subtracted, for one bit."""


def mirrored(descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The descriptors (n, 128) that the same features would have in the mirrored picture.

    In a feature's own frame a mirror exchanges the four rows of cells and the sense of the eight directions.
    """
    cells = descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
    return np.ascontiguousarray(np.roll(cells[..., ::-1], 1, axis=-1).reshape(-1, 128))


def stored_keys(descriptors: NDArray[np.uint8]) -> NDArray[np.int64]:
    """One key of each descriptor (n, 128): int64 (n,)."""
    keys: NDArray[np.int64] = (_projected(descriptors) > 0) @ _powers()
    return keys


def probe_keys(descriptors: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The keys under which near descriptors may be stored: int64 (n, 2 ** UNSURE_BITS)."""
    values = _projected(descriptors)
    base = (values > 0) @ _powers()
    unsure = _powers()[np.argsort(np.abs(values), axis=1, kind="stable")[:, :UNSURE_BITS]]
    flips = np.array([[n >> bit & 1 for n in range(1 << UNSURE_BITS)] for bit in range(UNSURE_BITS)])
    keys: NDArray[np.int64] = base[:, None] ^ (unsure @ flips)
    return keys


def _projected(descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
    # Whole numbers well under 2 ** 24: exact, and the same on every machine.
    values: NDArray[np.float32] = descriptors.astype(np.float32) @ _weights()
    return values


def _powers() -> NDArray[np.int64]:
    return np.int64(1) << np.arange(KEY_BITS, dtype=np.int64)


@cache
def _weights() -> NDArray[np.float32]:
    """-1, 0 or 1 for each entry and bit (128, KEY_BITS), the same with every version of numpy."""
    weights = np.zeros((128, KEY_BITS), dtype=np.float32)
    for bit in range(KEY_BITS):
        order = sorted(range(128), key=lambda entry: hashlib.sha256(f"{_SEED}/{bit}/{entry}".encode()).digest())
        weights[order[:_TERMS], bit] = 1
        weights[order[_TERMS : 2 * _TERMS], bit] = -1
    return weights
