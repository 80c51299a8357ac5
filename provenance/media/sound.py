"""The sound of any file as mono samples, decoded by a fenced child."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from provenance.errors import MediaError
from provenance.media import commands
from provenance.media.fence import fenced
from provenance.media.probe import examine
from provenance.media.source import open_media
from provenance.media.values import PCM_RATE, Limits


def samples_of(pcm: Path) -> NDArray[np.int16]:
    """The samples of ``Extraction.pcm``, read from the file as they are looked at."""
    return np.memmap(pcm, dtype="<i2", mode="r") if pcm.stat().st_size else np.zeros(0, np.int16)


def read_pcm(
    path: Path,
    *,
    limits: Limits,
    start: Fraction | None = None,
    end: Fraction | None = None,
    require_sandbox: bool = False,
) -> NDArray[np.int16]:
    """Mono samples at ``PCM_RATE`` of the stretch [``start``, ``end``); sample 0 is at ``start``, gaps are silence.

    Two bytes a sample are held in memory: ask for stretches of a long file.

    Raises:
        MediaError: see ``probe``; ``media.no_sound`` where the file has none.
        SandboxError: no fence, and ``require_sandbox``.
    """
    examined = examine(path, limits=limits, require_sandbox=require_sandbox)
    if not examined.info.has_audio:
        raise MediaError(
            "media.no_sound",
            f"{path.name} has no sound",
            expected="a file with an audio track",
            found="picture only",
        )
    begin = start or Fraction(0)
    length = min(Fraction(limits.max_seconds), end - begin if end is not None else Fraction(limits.max_seconds))
    if length <= 0:
        return np.zeros(0, dtype=np.int16)
    bound = 2 * int(length * PCM_RATE)
    with open_media(path) as media:
        command = commands.sound(examined, media.fd, limits, start=begin)
        with fenced(command, limits=limits, require_sandbox=require_sandbox, fds=[media.fd]) as child:
            raw = child.answer(bound)
            if len(raw) < bound:
                commands.require_success(path, child)
    return np.frombuffer(raw, dtype="<i2", count=len(raw) // 2).astype(np.int16, copy=False)
