"""Frames of any video or still at a wanted size, decoded by a fenced child, with the file's own times."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

from provenance.errors import MediaError
from provenance.media import commands, nut
from provenance.media.fence import fenced
from provenance.media.probe import examine
from provenance.media.source import open_media
from provenance.media.values import Frame, Limits


def read_frames(
    path: Path,
    *,
    limits: Limits,
    width: int,
    height: int,
    colour: bool = False,
    start: Fraction | None = None,
    end: Fraction | None = None,
    require_sandbox: bool = False,
) -> Generator[Frame, None, None]:
    """Yield every frame with ``start`` <= time < ``end`` at ``width`` x ``height``: grey, or BGR with ``colour``.

    Closing the iterator kills the child.

    Raises:
        MediaError: see ``probe``; ``media.no_frames`` where the file has no picture.
        SandboxError: no fence, and ``require_sandbox``.
    """
    examined = examine(path, limits=limits, require_sandbox=require_sandbox)
    if not examined.info.has_video:
        raise MediaError(
            "media.no_frames",
            f"{path.name} has no picture",
            expected="video or a still",
            found="sound only",
            hint="use the sound, or pass the file that has the picture",
        )
    with open_media(path) as media:
        command = commands.frames(examined, media.fd, limits, width, height, colour=colour, start=start)
        with fenced(command, limits=limits, require_sandbox=require_sandbox, fds=[media.fd]) as child:
            count = 0
            lead = examined.clock.lead(video=True, audio=False)
            for picture in nut.read_pictures(child.stdout):
                time = picture.time - lead
                if end is not None and time >= end:
                    return
                if start is None or time >= start:
                    count += 1
                    yield Frame(time, picture.image)
                if count > limits.max_frames:
                    break
            commands.require_success(path, child)
