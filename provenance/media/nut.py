"""Raw pictures with exact times, as our own decoder child sends them through a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import IO

import av
import numpy as np
from av.codec.context import CodecContext
from numpy.typing import NDArray

OUTPUT = ("-c:v", "rawvideo", "-fps_mode", "passthrough", "-enc_time_base", "filter", "-f", "nut", "pipe:1")
"""FFmpeg's options for what ``read_pictures`` reads: put them after the ``-map`` of each grey or BGR stream."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One raw picture: the stream it is of (in the order of the maps), time in seconds, pixels (h, w) or (h, w, 3)."""

    stream: int
    time: Fraction
    image: NDArray[np.uint8]


def read_pictures(pipe: IO[bytes]) -> Iterator[Picture]:
    """Pictures as they arrive; ends where the stream does, also when its writer was killed in mid-picture."""
    try:
        container = av.open(pipe, "r", format="nut", metadata_errors="ignore", options={"probesize": "32"})
    except av.FFmpegError:
        return
    with container:
        shapes: dict[int, tuple[int, ...]] = {}
        try:
            for packet in container.demux():
                if packet.pts is None or packet.time_base is None or packet.size == 0:
                    continue
                index = packet.stream.index
                if index not in shapes:
                    shapes[index] = _shape(packet.stream.codec_context, packet.size)
                shape = shapes[index]
                if packet.size != int(np.prod(shape)):
                    return
                image = np.frombuffer(memoryview(packet), dtype=np.uint8).reshape(shape)
                yield Picture(index, packet.pts * packet.time_base, image)
        except av.FFmpegError:
            return


def _shape(context: CodecContext, size: int) -> tuple[int, ...]:
    width, height = int(getattr(context, "width", 0)), int(getattr(context, "height", 0))
    return (height, width) if size == width * height else (height, width, 3)
