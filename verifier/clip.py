"""The circulating clip: its facts, its fingerprints and the working copy that everything else looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from provenance.files import sha256_file
from provenance.fingerprints.extract import fingerprint_clip
from provenance.fingerprints.frames import Looks
from provenance.fingerprints.values import Fingerprints
from provenance.media.values import Extraction
from provenance.report import ClipFacts
from provenance.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What was asked about. ``prints.frames`` holds ``pdq.VARIANTS`` of each sampled frame.

    ``looks``: some of its frames, to be read in further ways where the plain ones find nothing.
    """

    path: Path
    facts: ClipFacts
    prints: Fingerprints
    extraction: Extraction
    looks: Looks

    @property
    def duration(self) -> float:
        """Seconds, decoded rather than claimed."""
        return float(self.extraction.duration)


def read_clip(path: Path, work: Path, settings: Settings, on_progress: Callable[[float], None] | None = None) -> Clip:
    """Hash and decode the file, once each.

    Args:
        work: an empty folder of the caller's, kept as long as the clip is used.

    Raises:
        MediaError: the file is not media, or over a limit.
    """
    sha256 = sha256_file(path)
    prints, extraction, looks = fingerprint_clip(
        path,
        work,
        limits=settings.limits,
        require_sandbox=settings.require_sandbox,
        on_progress=on_progress,
    )
    info = extraction.info
    moving = info.has_video and not info.still
    facts = ClipFacts(
        name=path.name,
        sha256=sha256,
        media_type=info.kind.media_type,
        duration=None if info.still else float(extraction.duration),
        width=info.width,
        height=info.height,
        fps=frame_rate(extraction.frame_times) if moving else None,
        audio=info.has_audio,
    )
    return Clip(path, facts, prints, extraction, looks)


def frame_rate(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    """Frames per second from the median distance between frames; None for fewer than two."""
    if len(times) < 2:
        return None
    step = float(np.median(np.diff(times)))
    return 1 / step if step > 0 else None
