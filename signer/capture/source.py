"""Reading a source in a thread of its own, and coming back to it when it is lost."""

from __future__ import annotations

import errno
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import av
import av.container
import av.error
import av.stream

from provenance.child_environment import child_environment
from provenance.errors import MediaError
from provenance.media import ffmpeg
from signer.capture.address import Address, in_words

_OPEN_S = 15.0
_READ_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0
_WAITING = 128
"""Packets read and not yet taken: some two seconds; then the source has to wait."""
_MOST_PACKET_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Opened:
    """The source is there: its first picture and sound streams. ``away_s``: how long it was not, None at first."""

    container: av.container.InputContainer
    video: av.stream.Stream | None
    audio: av.stream.Stream | None
    away_s: float | None


@dataclass(frozen=True, slots=True)
class Read:
    """A packet of a stream, and when it came, in s of a clock that does not jump."""

    packet: Any
    arrived: float


@dataclass(frozen=True, slots=True)
class Over:
    """No more packets until it is ``Opened`` again; or ever, if ``final``. ``reason`` in words; None: it had an end."""

    reason: str | None
    final: bool


class Reader(threading.Thread):
    """Reads a source: puts what happens into ``items``. A daemon: a read that blocks holds up nobody's end."""

    def __init__(self, address: Address, reconnect_s: float) -> None:
        super().__init__(name="source", daemon=True)
        self.items: queue.Queue[Opened | Read | Over] = queue.Queue(_WAITING)
        self._address = address
        self._reconnect_s = reconnect_s
        self._stop = threading.Event()
        self._got_any = False

    def stop(self) -> None:
        """Read no more."""
        self._stop.set()

    def run(self) -> None:
        """Read until the end, until it is told to stop, or until a lost source stays away."""
        # A read that a signal breaks off looks like the end of a pipe; signals are the main thread's.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        lost_at: float | None = None
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            self._got_any = False
            try:
                with _opened(self._address) as container:
                    away = time.monotonic() - lost_at if lost_at is not None else None
                    reason = None if self._read(container, away) else "the stream ended"
            except (av.error.FFmpegError, OSError, ValueError, MediaError) as error:
                # What FFmpeg says of a stream over HTTP that ends without a length.
                broken = self._got_any and getattr(error, "errno", None) == errno.EIO
                reason = "the stream broke off" if broken else in_words(error)
            if self._got_any:
                lost_at, pause = time.monotonic(), _FIRST_PAUSE_S
            elif lost_at is None:
                lost_at = time.monotonic()
            again = self._address.live and reason is not None and self._address.url != "pipe:0"
            left = self._reconnect_s - (time.monotonic() - lost_at)
            final = not again or left <= 0
            self._put(Over(reason, final))
            if final or self._stop.wait(min(pause, left)):
                return
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _read(self, container: av.container.InputContainer, away: float | None) -> bool:
        """Read to the end; whether it is one, or the stream only broke off."""
        video = container.streams.video[0] if container.streams.video else None
        audio = container.streams.audio[0] if container.streams.audio else None
        streams = [stream for stream in (video, audio) if stream is not None]
        if not streams:
            raise MediaError("capture.no_streams", "there is neither picture nor sound in the source")
        self._put(Opened(container, video, audio, away))
        for packet in container.demux(streams):
            if self._stop.is_set():
                return True
            if packet.size > _MOST_PACKET_BYTES:
                raise MediaError("capture.packet", f"a packet of {packet.size} bytes", expected="one of a picture")
            if packet.size:
                self._got_any = True
                self._put(Read(packet, time.monotonic()))
        # A file over HTTP has a length and an end; a live stream that ends has broken off.
        return not self._address.live or self._address.url == "pipe:0" or container.size > 0

    def _put(self, item: Opened | Read | Over) -> None:
        while not self._stop.is_set():
            try:
                self.items.put(item, timeout=0.2)
            except queue.Full:
                continue
            return


@contextmanager
def _opened(address: Address) -> Iterator[av.container.InputContainer]:
    if address.relayed:
        with _relayed(address) as (pipe, options):
            yield _open(replace(address, url=pipe, format="mpegts", options=options))
        return
    yield _open(address)


def _open(address: Address) -> av.container.InputContainer:
    # A pipe is silent as long as it likes.
    waits = None if address.url.startswith("pipe:") else (_OPEN_S, _READ_S)
    # Not closed here: whoever takes the last packet still needs its streams.
    return av.open(address.url, "r", format=address.format, options=address.options, timeout=waits)


@contextmanager
def _relayed(address: Address) -> Iterator[tuple[str, dict[str, str]]]:
    command = [
        str(ffmpeg.binary()), "-hide_banner", "-nostdin", "-loglevel", "quiet",
        "-protocol_whitelist", address.options["protocol_whitelist"],
        "-i", address.url, "-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-muxdelay", "0", "-f", "mpegts", "pipe:1",
    ]  # fmt: skip
    # A group of its own: Ctrl-C is for the recording to deal with.
    with subprocess.Popen(  # noqa: S603  (no shell)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=child_environment(lambda name: name.startswith("PROVENANCE_")),
        process_group=0,
    ) as process:
        try:
            if process.stdout is None:
                raise OSError("no pipe to FFmpeg")
            yield f"pipe:{process.stdout.fileno()}", {"protocol_whitelist": "pipe"}
        finally:
            process.kill()
