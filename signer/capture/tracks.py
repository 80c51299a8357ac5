"""The picture and the sound of a source as they go into a segment: taken over as they are, or coded anew."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.audio.resampler
import av.error
from av.bitstream import BitStreamFilterContext

from signer.capture.bitstream import audio_config, is_closed
from signer.capture.segment_file import COPIED

_KEY_EVERY_S = 2
"""A key picture so often, where pictures are coded anew: segments can be cut there."""
_VIDEO = {"preset": "veryfast", "crf": "20"}
_MOST_PIXELS = str(16384 * 8192)
_SOUND_RATE = 48000
_TICKS = Fraction(1, 90000)


class Track:
    """One stream, taken over as it is. ``template``: what a segment's stream is made after; ``config``: its header."""

    reencoded: str | None = None

    def __init__(self, stream: Any) -> None:
        self.kind: str = stream.type
        self.template = stream
        self.config: bytes | None = None
        self.codec: str = stream.codec_context.codec.canonical_name
        self._strip: Any = None

    @property
    def step(self) -> Fraction:
        """Seconds from one packet to the next, as far as its container says; else 0."""
        rate = getattr(self.template, "average_rate", None)
        return 1 / Fraction(rate) if self.kind == "video" and rate else Fraction(0)

    @property
    def ready(self) -> bool:
        """Whether the header is known that a segment needs."""
        return self.codec != "aac" or self.config is not None or bool(self.template.codec_context.extradata)

    def take(self, packet: Any) -> Iterator[Any]:
        """The packets that go into a segment for one from the source."""
        if packet.dts is None:
            packet.dts = packet.pts
        if packet.pts is None:
            packet.pts = packet.dts
        if packet.dts is None:
            return
        if self.codec == "aac" and not self.template.codec_context.extradata:
            if self.config is None:
                self.config = audio_config(bytes(packet)[:16])
                self._strip = BitStreamFilterContext("aac_adtstoasc", self.template)
            if self.config is not None:
                # One that is damaged is left out, as a gap in time shows.
                with contextlib.suppress(av.error.FFmpegError):
                    yield from self._strip.filter(packet)
                return
        yield packet

    def closes(self, packet: Any) -> bool:
        """Whether nothing after this key picture refers to what was before it."""
        if self.codec == "mpeg4":
            # Its bytes do not say; where pictures are reordered, those after a key picture may refer to before it.
            return not self.template.codec_context.has_b_frames
        return is_closed(self.codec, bytes(packet))

    def end(self) -> Iterator[Any]:
        """What is still to come when no more packets do."""
        yield from ()


class Coded(Track):
    """One stream, coded anew as H.264 or AAC, by one encoder for the whole recording."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._source = stream
        if self.kind == "video":
            stream.codec_context.options = {"max_pixels": _MOST_PIXELS}
        # Never written to: it holds the encoder, and is what segments are made after.
        holder: Any = av.open(io.BytesIO(), "w", format="mp4")
        self._holder = holder
        if self.kind == "video":
            rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            out = holder.add_stream("libx264", rate=rate, options=dict(_VIDEO))
            out.width, out.height = stream.codec_context.width & ~1, stream.codec_context.height & ~1
            out.pix_fmt = "yuv420p"
            out.codec_context.time_base = _TICKS
            out.codec_context.gop_size = max(1, round(rate * _KEY_EVERY_S))
            self._rate = rate
        else:
            out = holder.add_stream("aac", rate=_SOUND_RATE)
            out.codec_context.layout = "mono" if stream.codec_context.channels == 1 else "stereo"
            self._resampler = av.audio.resampler.AudioResampler("fltp", out.codec_context.layout, _SOUND_RATE, 1024)
        out.codec_context.open()
        self.template = out
        self.config = bytes(out.codec_context.extradata or b"") or None
        self.codec = "h264" if self.kind == "video" else "aac"
        self.reencoded = f"{self.kind}: {stream.codec_context.codec.canonical_name} as {self.codec}"

    @property
    def step(self) -> Fraction:
        """See ``Track``."""
        return 1 / self._rate if self.kind == "video" else Fraction(1024, _SOUND_RATE)

    def take(self, packet: Any) -> Iterator[Any]:
        """See ``Track``. A packet that cannot be decoded is missing from then on, as a gap in time shows."""
        for frame in self._decoded(packet):
            yield from self._encode(frame)

    def end(self) -> Iterator[Any]:
        """See ``Track``."""
        for frame in self._decoded(None):
            yield from self._encode(frame)
        yield from self._filled(self.template.encode(None))

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return list(self._source.codec_context.decode(packet))
        except av.error.FFmpegError:
            return []

    def _encode(self, frame: Any) -> Iterator[Any]:
        if frame.pts is None:
            return
        if frame.time_base is None:
            # The last ones out of a decoder.
            frame.time_base = self._source.time_base
        if self.kind == "video":
            small = frame.reformat(width=self.template.width, height=self.template.height, format="yuv420p")
            small.pts, small.time_base = round(frame.pts * frame.time_base / _TICKS), _TICKS
            small.pict_type = 0
            yield from self._filled(self.template.encode(small))
            return
        for piece in self._resampler.resample(frame):
            yield from self._filled(self.template.encode(piece))

    def _filled(self, packets: Any) -> Iterator[Any]:
        for packet in packets:
            if packet.size and packet.dts is not None:
                yield packet


def track_of(stream: Any) -> Track:
    """The stream as MP4 can take it."""
    return Track(stream) if stream.codec_context.codec.canonical_name in COPIED[stream.type] else Coded(stream)
