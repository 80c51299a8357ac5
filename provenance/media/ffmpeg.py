"""Which FFmpeg decodes: the one of ``imageio-ffmpeg``, or the system's when that is newer and can do all we need."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg

from provenance.child_environment import child_environment
from provenance.errors import MediaError
from provenance.media.values import Limits

# As many as FFmpeg itself would take, with a bound: each costs address space and frames held.
_THREADS = str(min(8, (os.cpu_count() or 1) + 1))


@functools.cache
def binary() -> Path:
    """The FFmpeg to run.

    Raises:
        MediaError: ``media.no_decoder``.
    """
    try:
        bundled = Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MediaError(
            "media.no_decoder",
            "no FFmpeg was found",
            expected="the one inside the package imageio-ffmpeg",
            hint="reinstall imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to an FFmpeg",
        ) from error
    system = shutil.which("ffmpeg")
    if system is None or Path(system).resolve() == bundled.resolve():
        return bundled
    found = Path(system)
    return found if _version(found) > _version(bundled) and _is_able(found) else bundled


def input_options(demuxer: str, fd: int, limits: Limits) -> list[str]:
    """Options that open descriptor ``fd`` with one demuxer and nothing else: no other file, no address, no playlist."""
    return [
        "-max_pixels", str(limits.max_pixels),
        "-threads", _THREADS,
        "-protocol_whitelist", "fd",
        "-fd", str(fd),
        "-f", demuxer,
        "-t", str(limits.max_seconds + 1),
        "-i", "fd:",
    ]  # fmt: skip


def global_options() -> list[str]:
    """Quiet, no questions, no thread pools that grow with the machine.

    Each graph has one thread anyway: slices of pictures this small cost more to share out than they save.
    """
    return ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-max_error_rate", "1",
            "-filter_complex_threads", "1"]  # fmt: skip


def _version(program: Path) -> tuple[int, ...]:
    found = re.match(r"ffmpeg version n?(\d+)\.(\d+)(?:\.(\d+))?", _ask(program, "-version"))
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)


def _is_able(program: Path) -> bool:
    return all(
        re.search(rf"\s{name}\s", _ask(program, option))
        for option, name in (("-filters", "signature"), ("-muxers", "chromaprint"), ("-encoders", "libx264"))
    )


def _ask(program: Path, option: str) -> str:
    result = subprocess.run(  # noqa: S603  (asks a program of this machine about itself)
        [program, "-hide_banner", option] if option != "-version" else [program, option],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=child_environment(),
        timeout=20,
        check=False,
    )
    return result.stdout.decode("utf-8", "replace")
