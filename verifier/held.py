"""Frames of short films, decoded once: laying a clip on an original, comparing and drawing look at the same ones."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path

from provenance.media.frames import read_frames
from provenance.media.probe import probe
from provenance.media.values import Frame, Limits
from provenance.settings import Settings

_MOST_BYTES = 112 << 20
"""Frames of one film that are held: some 35 s in grey, at 25 a second and the size of a copy, or 11 s in colour."""
_USUAL_FPS = 30


def frames_of(
    path: Path, size: tuple[int, int], start: Fraction, end: Fraction, settings: Settings, *, colour: bool = False
) -> Iterator[Frame]:
    """The frames of [start, end) in seconds, at (width, height); they are shared, so not to be written to.

    Raises:
        MediaError: the file cannot be decoded.
    """
    limits, sandbox = settings.limits, settings.require_sandbox
    info = probe(path, limits=limits, require_sandbox=sandbox)
    count = 1 if info.still else float(info.duration or 0) * float(info.fps or _USUAL_FPS)
    if 0 < count * size[0] * size[1] * (3 if colour else 1) <= _MOST_BYTES:
        status = path.stat()
        frames = _all(path, (status.st_ino, status.st_mtime_ns, status.st_size), size, colour, limits, sandbox)
        if frames is not None:
            return (frame for frame in frames if start <= frame.time < end)
    return read_frames(
        path,
        width=size[0],
        height=size[1],
        colour=colour,
        start=start,
        end=end,
        limits=limits,
        require_sandbox=sandbox,
    )


# One film of the clip's side and one of the original's, in grey and in colour.
@functools.lru_cache(maxsize=4)
def _all(
    path: Path, _identity: tuple[int, ...], size: tuple[int, int], colour: bool, limits: Limits, sandbox: bool
) -> tuple[Frame, ...] | None:
    """All frames of a film; None where it has more of them than its header says."""
    reading = read_frames(path, width=size[0], height=size[1], colour=colour, limits=limits, require_sandbox=sandbox)
    held, count = [], 0
    with closing(reading):
        for frame in reading:
            count += frame.image.nbytes
            if count > 1.1 * _MOST_BYTES:
                return None
            held.append(frame)
    return tuple(held)


@contextmanager
def let_go_after() -> Iterator[None]:
    """Hold no frames once the block is left."""
    try:
        yield
    finally:
        _all.cache_clear()
