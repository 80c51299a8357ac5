"""What a recording is made from: a device, a stream, a file or a pipe, and what may be opened for each."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from provenance.errors import MediaError
from provenance.media.kinds import sniff

_PROTOCOLS = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsp,rtsps,rtp,tcp,tls",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,tls,tcp",
    "srt": "srt,udp",
    "http": "http,tcp",
    "https": "https,http,tls,tcp,crypto",
}
"""FFmpeg's protocols that may be used for each scheme: no address leads to a local file."""
_PIPED = "mpegts,matroska,webm,flv,mov,nut,avi,mpeg,h264,hevc,ivf,ogg,mjpeg,yuv4mpegpipe,wav,aac,mp3,flac"
_PROBE = {"probesize": "5000000", "analyzeduration": "2000000"}
_MOST_STREAMS = "16"


@dataclass(frozen=True, slots=True)
class Address:
    """A source as it is opened. ``shown``: its name without what is secret. ``live``: when it ends, it is lost.

    ``relayed``: FFmpeg's own program fetches it, since the library cannot.
    """

    url: str
    shown: str
    live: bool
    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    relayed: bool = False


def read_address(text: str, form: str | None = None, size: str | None = None, rate: str | None = None) -> Address:
    """Understand what the user named.

    Args:
        form: FFmpeg's name of what comes through a pipe, or of a device's pixels.
        size: of a device's pictures, such as 1920x1080.
        rate: of a device, in pictures a second.

    Raises:
        MediaError: ``capture.source``; of a file, as of any.
    """
    if text == "-":
        options = {**_limits("pipe"), **({} if form else {"format_whitelist": _PIPED})}
        return Address("pipe:0", "a pipe", True, form, options)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme:
        return _stream(text, scheme)
    path = Path(text)
    try:
        device = stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        device = text.startswith("/dev/")
    if device:
        given = {"video_size": size, "framerate": rate, "input_format": form}
        return Address(text, text, True, "v4l2", {k: v for k, v in given.items() if v})
    kind = sniff(path)
    return Address(f"file:{path.absolute()}", path.name, False, kind.demuxer, _limits("file"))


def _stream(text: str, scheme: str) -> Address:
    parts = urlsplit(text)
    if scheme not in _PROTOCOLS or not parts.hostname or not text.isprintable():
        raise MediaError(
            "capture.source",
            "this is no source that can be recorded",
            expected=f"/dev/videoN, {', '.join(f'{name}://' for name in _PROTOCOLS)}, a file, or - for a pipe",
            found=f"{scheme}://…"[:100],
        )
    options = _limits(_PROTOCOLS[scheme])
    if scheme.startswith("rtsp"):
        options["rtsp_transport"] = "tcp"
    host = parts.hostname if ":" not in parts.hostname else f"[{parts.hostname}]"
    port = f":{parts.port}" if parts.port else ""
    return Address(text, f"{scheme}://{host}{port}{parts.path}", True, None, options, relayed=scheme == "srt")


def _limits(protocols: str) -> dict[str, str]:
    return {"protocol_whitelist": protocols, "max_streams": _MOST_STREAMS, **_PROBE}


def in_words(error: BaseException) -> str:
    """What a library said, on one line and without the address, which may hold a password."""
    words = getattr(error, "strerror", None) or str(error)
    return (words.splitlines() or [""])[0][:200] or type(error).__name__
