"""One decode of a file for everything that is wanted of it: hash frames, times, copies, signature, sound.

One FFmpeg child scales once and splits; small grey pictures come back through one pipe while it goes on, files
are written beside. A second decode for any of them would double the cost of signing.
"""

from __future__ import annotations

import array
import shutil
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from provenance.errors import MediaError
from provenance.media import commands
from provenance.media.commands import Plan
from provenance.media.examined import Examined
from provenance.media.fence import fenced
from provenance.media.nut import read_pictures
from provenance.media.probe import examine
from provenance.media.source import open_media
from provenance.media.values import PCM_RATE, Extraction, Frame, Limits

__all__ = ["Plan", "extract"]

_PROGRESS_STEP = 0.01


def extract(
    path: Path,
    plan: Plan,
    work: Path,
    *,
    limits: Limits,
    require_sandbox: bool = False,
    on_frame: Callable[[Frame], None] | None,
    on_progress: Callable[[float], None] | None = None,
) -> Extraction:
    """Decode a file once and hand on what the plan asks for.

    ``work`` is an existing folder the caller owns and removes; results go into a new folder inside it, which is gone
    again if this raises. ``on_frame`` is called during decoding, in order, with grey frames: ``plan.hash_rate`` a
    second at the reference's size, or the one picture of a still, up to 1024 pixels on its longer side.
    ``on_progress`` is told the share done, 0-1.

    Raises:
        MediaError: see ``probe``; also ``media.timeout`` and ``media.too_long`` where decoding shows it.
        SandboxError: no fence, and ``require_sandbox``.
    """
    examined = examine(path, limits=limits, require_sandbox=require_sandbox)
    folder = Path(tempfile.mkdtemp(prefix="extract-", dir=work))
    try:
        return _extract(path, plan, folder, examined, limits, require_sandbox, on_frame, on_progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _extract(
    path: Path,
    plan: Plan,
    folder: Path,
    examined: Examined,
    limits: Limits,
    require_sandbox: bool,
    on_frame: Callable[[Frame], None] | None,
    on_progress: Callable[[float], None] | None,
) -> Extraction:
    meter = _Meter(examined, limits, path.name, on_progress)
    with open_media(path) as media:
        command = commands.extraction(examined, plan, media.fd, limits)
        with fenced(command, limits=limits, require_sandbox=require_sandbox, fds=[media.fd], cwd=folder) as child:
            if examined.info.has_video:
                for picture in read_pictures(child.stdout):
                    if picture.stream == commands.HASH_STREAM and on_frame is not None:
                        on_frame(Frame(picture.time, picture.image))
                    if picture.stream == commands.TICK_STREAM or examined.info.still:
                        meter.count(picture.time)
            else:
                child.answer(1)
            commands.require_success(path, child)
            is_fenced = child.report.fenced
    if examined.info.has_video and not meter.times:
        raise MediaError(
            "media.no_frames",
            f"no picture in {path.name} decodes",
            expected="at least one picture",
            found="none",
            hint="check that the file plays, and fetch or export it again",
        )
    return _collect(folder, examined, meter, is_fenced)


class _Meter:
    """Counts pictures as they come, holds them to the limits and tells how far it is."""

    def __init__(
        self, examined: Examined, limits: Limits, name: str, on_progress: Callable[[float], None] | None
    ) -> None:
        self.times = array.array("d")
        self.last = Fraction(0)
        self.step = Fraction(0)
        self._limits = limits
        self._name = name
        self._length = float(examined.info.duration or 0)
        self._on_progress = on_progress
        self._told = 0.0

    def count(self, time: Fraction) -> None:
        if len(self.times) >= self._limits.max_frames or time > self._limits.max_seconds:
            raise MediaError(
                "media.too_long",
                f"{self._name} is over the limit on length",
                expected=f"at most {self._limits.max_frames} frames and {self._limits.max_seconds} s",
                found=f"{len(self.times) + 1} frames up to {float(time):.0f} s, and more",
                hint="cut it, or raise the limit in the settings if you trust the file",
            )
        if self.times:
            self.step = time - self.last
        self.times.append(float(time))
        self.last = time
        share = min(1.0, self.times[-1] / self._length) if self._length else 0.0
        if self._on_progress is not None and share >= self._told + _PROGRESS_STEP:
            self._told = share
            self._on_progress(share)

    def finish(self) -> None:
        if self._on_progress is not None:
            self._on_progress(1.0)


def _collect(folder: Path, examined: Examined, meter: _Meter, is_fenced: bool) -> Extraction:
    info = examined.info
    times = np.array(meter.times, dtype=np.float64)
    pcm = _existing(folder / commands.PCM)
    length = Fraction(0)
    if not info.still and len(times):
        length = meter.last + (meter.step or (1 / info.fps if info.fps else Fraction(1, 25)))
    if pcm is not None:
        length = max(length, Fraction(pcm.stat().st_size // 2, PCM_RATE))
    notes = list(examined.notes)
    if info.duration and length < info.duration - max(Fraction(1), info.duration / 50):
        notes.append(
            f"decoding stopped at {float(length):.2f} of {float(info.duration):.2f} s: the rest is damaged or missing"
        )
    chromaprint = _existing(folder / commands.CHROMAPRINT)
    names = commands.STILL_FILES if info.still else commands.VIDEO_FILES if info.has_video else commands.SOUND_FILES
    meter.finish()
    return Extraction(
        info=info,
        duration=length,
        frame_times=times,
        reference=_existing(folder / names.reference),
        working=_existing(folder / names.working),
        signature=_existing(folder / commands.SIGNATURE),
        chromaprint=None if chromaprint is None else np.fromfile(chromaprint, dtype="<u4").astype(np.uint32),
        pcm=pcm,
        fenced=is_fenced,
        notes=tuple(notes),
    )


def _existing(path: Path) -> Path | None:
    return path if path.is_file() and path.stat().st_size > 0 else None
