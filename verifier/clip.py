"""The circulating clip: its facts, its fingerprints and the working copy that everything else looks at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from provenance.files import sha256_file
from provenance.fingerprints.extract import fingerprint_clip
from provenance.fingerprints.frames import Looks
from provenance.fingerprints.values import Fingerprints
from provenance.media.probe import probe
from provenance.media.values import Extraction, MediaInfo
from provenance.report import ClipFacts
from provenance.settings import Settings
from verifier.watch import UNWATCHED, TimeSpentError, Watch


class UnreadError(TimeSpentError):
    """The time budget ran out before the clip was decoded. ``facts``: what it says of itself."""

    def __init__(self, facts: ClipFacts) -> None:
        super().__init__(f"{facts.name} was not read to its end")
        self.facts = facts


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


def read_clip(path: Path, work: Path, settings: Settings, watch: Watch = UNWATCHED, *, copy: bool = False) -> Clip:
    """Hash and decode the file, once each.

    Args:
        work: an empty folder of the caller's, kept as long as the clip is used.
        copy: make a small copy that plays everywhere, too: ``extraction.reference``.

    Raises:
        MediaError: the file is not media, or over a limit.
        UnreadError: the time budget ran out before the file was decoded.
    """
    watch.tell(0.0)
    sha256 = sha256_file(path)
    try:
        prints, extraction, looks = fingerprint_clip(
            path,
            work,
            limits=settings.limits,
            reference=copy,
            require_sandbox=settings.require_sandbox,
            on_progress=watch.step,
        )
    except TimeSpentError as error:
        info = probe(path, limits=settings.limits, require_sandbox=settings.require_sandbox)
        length, fps = float(info.duration or 0), float(info.fps) if info.fps else None
        raise UnreadError(_facts(path, sha256, info, length, fps)) from error
    times = extraction.frame_times
    facts = _facts(path, sha256, extraction.info, float(extraction.duration), frame_rate(times))
    return Clip(path, facts, prints, extraction, looks)


def _facts(path: Path, sha256: str, info: MediaInfo, duration: float, fps: float | None) -> ClipFacts:
    moving = info.has_video and not info.still
    return ClipFacts(
        name=path.name,
        sha256=sha256,
        media_type=info.kind.media_type,
        duration=None if info.still else duration,
        width=info.width,
        height=info.height,
        fps=fps if moving else None,
        audio=info.has_audio,
    )


def frame_rate(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    """Frames per second from the median distance between frames; None for fewer than two."""
    if len(times) < 2:
        return None
    step = float(np.median(np.diff(times)))
    return 1 / step if step > 0 else None
