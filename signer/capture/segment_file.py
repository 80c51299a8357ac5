"""Writing segments: in fragments while they are recorded, since a crash then loses little; then as plain MP4."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import av.stream

from provenance.errors import MediaError
from provenance.files import replace_atomically
from signer.capture.values import MICROSECOND

COPIED = {
    "video": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"}),
    "audio": frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac", "flac"}),
}
"""What MP4 takes as it is; all else is coded anew."""

_FRAGMENTS = {
    "movflags": "frag_keyframe+delay_moov+default_base_moof",
    "frag_duration": "200000",
    "flush_packets": "1",
}
"""A fifth of a second each: what a crash costs at most, beside what the source had not sent."""


class Part:
    """A segment while it is recorded. ``templates``: streams to take over by kind; ``configs``: headers they lack."""

    def __init__(
        self, path: Path, templates: Mapping[str, av.stream.Stream], configs: Mapping[str, bytes], start: Fraction
    ) -> None:
        self.path = path
        self._start = start
        self._container = av.open(str(path), "w", format="mp4", options=_FRAGMENTS)
        self._streams: dict[str, Any] = {}
        self._last: dict[str, int] = {}
        for kind, template in templates.items():
            self._streams[kind] = _take_over(self._container, template, configs.get(kind))

    def write(self, kind: str, packet: Any, offset: Fraction) -> bool:
        """Write a packet whose times plus ``offset`` are those of the session; False where it is too damaged for that.

        Raises:
            OSError: the disk refuses.
        """
        base = packet.time_base
        shift = round((offset - self._start) / base)
        dts = packet.dts + shift
        last = self._last.get(kind)
        # MP4 has no two packets at one time; clocks of sources are rounded.
        dts = dts if last is None else max(dts, last + 1)
        self._last[kind] = dts
        packet.pts = max(packet.pts + shift, dts)
        packet.dts = dts
        packet.stream = self._streams[kind]
        try:
            self._container.mux(packet)
        except av.error.FFmpegError as error:
            # The muxer's own "no" has the number of this one.
            if isinstance(error, OSError) and error.errno != errno.EPERM:
                raise
            return False
        return True

    def close(self) -> None:
        """Write the rest."""
        self._container.close()


def _take_over(container: Any, template: Any, config: bytes | None) -> Any:
    codec = template.codec_context.codec
    if not codec.is_encoder and codec.canonical_name == "av1":
        # Its decoder has a name of its own, by which the library finds no encoder: none is needed.
        return container.add_stream_from_template(template, opaque=True)
    stream = container.add_stream_from_template(template)
    if config is not None:
        stream.codec_context.extradata = config
    if template.codec_context.codec.canonical_name == "hevc":
        # The name under which players of other makers look for it.
        stream.codec_context.codec_tag = "hvc1"
    return stream


def format_of(templates: Mapping[str, Any], configs: Mapping[str, bytes]) -> str:
    """A digest that is equal for segments that can be joined."""
    digest = hashlib.sha256()
    for kind, stream in sorted(templates.items()):
        context = stream.codec_context
        sizes = (context.width, context.height) if kind == "video" else (context.sample_rate, context.channels)
        header = configs.get(kind) or context.extradata or b""
        digest.update(repr((kind, context.codec.canonical_name, sizes)).encode() + header)
    return digest.hexdigest()[:32]


def finish_part(part: Path, target: Path) -> tuple[int, Fraction]:
    """Rewrite a part as plain MP4; the pictures and the length in s that it holds. What is cut off in it is left out.

    Raises:
        MediaError: ``capture.unsalvageable``: nothing in it can be read.
        OutputError: it cannot be written.
    """
    with replace_atomically(target, replace=True) as staged:
        return join([(part, 0)], staged)


def join(parts: Sequence[tuple[Path, int]], target: Path) -> tuple[int, Fraction]:
    """Write segments one after the other, each from its own moment (µs) on, without coding anything anew.

    Returns pictures and length in s, as ``finish_part``.

    Raises:
        MediaError: ``capture.unsalvageable``.
        OSError: the disk refuses.
    """
    frames, end = 0, Fraction(0)
    streams: dict[str, Any] = {}
    last: dict[str, int] = {}
    out: Any = av.open(str(target), "w", format="mp4")
    try:
        for path, _ in parts:
            # One that was cut short may lack the sound that the others have.
            if len(streams) < len(COPIED):
                with _readable(path) as source:
                    streams |= {s.type: _take_over(out, s, None) for s in _kinds(source) if s.type not in streams}
        for path, start_us in parts:
            with _readable(path) as source:
                for packet in _packets(source):
                    kind, base = packet.stream.type, packet.time_base
                    if kind not in streams:
                        continue
                    shift = round(start_us * MICROSECOND / base)
                    before = last.get(kind, packet.dts + shift - 1)
                    dts = max(packet.dts + shift, before + 1)
                    pts = max(packet.pts + shift, dts)
                    # Fragments do not tell; without a length the last picture of all is not shown.
                    packet.duration = packet.duration or dts - before
                    last[kind] = dts
                    end = max(end, (pts + (packet.duration or 0)) * base - parts[0][1] * MICROSECOND)
                    frames += kind == "video"
                    packet.dts, packet.pts, packet.stream = dts, pts, streams[kind]
                    _write(out, packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(parts[0][0], error) from error
    finally:
        out.close()
    if end <= 0:
        raise _unreadable(parts[0][0], None)
    return frames, end


def _write(out: Any, packet: Any) -> None:
    """Write a packet. That the disk refuses is no fault of what was recorded: that error is none of the library's."""
    try:
        out.mux(packet)
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno != errno.EPERM:
            raise OSError(error.errno, error.strerror, out.name) from error
        raise


def _readable(path: Path) -> Any:
    return av.open(str(path), "r", format="mov", options={"protocol_whitelist": "file"})


def _kinds(source: Any) -> list[Any]:
    return [*source.streams.video[:1], *source.streams.audio[:1]]


def _packets(source: Any) -> Iterator[Any]:
    packets = source.demux(_kinds(source))
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            return  # Cut off in the middle of a fragment.
        if packet.size and packet.dts is not None and packet.pts is not None:
            yield packet


def _unreadable(path: Path, error: Exception | None) -> MediaError:
    return MediaError(
        "capture.unsalvageable",
        f"nothing in {path.name} can be read",
        expected="a segment that was recorded for a fifth of a second or longer",
        found=str(error)[:200] if error else f"{path.stat().st_size if path.exists() else 0} bytes without a picture",
    )


def sync(path: Path) -> None:
    """Have a file's content on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
