"""What is asked about a file before it is decoded, and what a decoder is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from provenance.media.source import OpenMedia
from provenance.media.values import Limits, MediaInfo, MediaKind


@dataclass(frozen=True, slots=True)
class Clock:
    """When things start, in the container's own time.

    ``zero`` is what counts as zero seconds; ``begin`` is where the container says it starts; ``video`` and ``audio``
    are the first moments of the chosen streams. ``discontinuous``: times may jump, as in a transport stream.
    """

    zero: Fraction = Fraction(0)
    begin: Fraction = Fraction(0)
    video: Fraction | None = None
    audio: Fraction | None = None
    discontinuous: bool = False

    def lead(self, *, video: bool, audio: bool) -> Fraction:
        """What to subtract from FFmpeg's times when these streams are decoded, to count from ``zero``.

        FFmpeg counts from ``begin``, but from the first stream in use where times may jump.
        """
        used = [s for s, wanted in ((self.video, video), (self.audio, audio)) if wanted and s is not None]
        return self.zero - (min(used) if self.discontinuous and used else self.begin)


@dataclass(frozen=True, slots=True)
class Examined:
    """A probed file as a decoder needs it.

    ``picture``: FFmpeg's name for the stream, or the group of tiles, that is the picture.
    ``orientation``: FFmpeg filters that turn coded into shown pictures (never for a still, which FFmpeg turns itself).
    """

    info: MediaInfo
    orientation: tuple[str, ...] = ()
    clock: Clock = Clock()
    picture: str = "0:0"
    fenced: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; equal to another about the same unchanged file, whichever descriptor it is open on."""

    path: Path
    kind: MediaKind
    media: OpenMedia
    limits: Limits
    require_sandbox: bool
    identity: tuple[int, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.path, self.kind, self.limits, self.require_sandbox, self.identity
