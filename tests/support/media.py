"""Makes the media the tests run on: real files of every kind, small, from FFmpeg's own sources and a few bytes by hand.

No footage is stored. Each file is made once per test session, whichever worker asks first.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
from support.tiles import grid

Recipe = Callable[[Path], None]
RECIPES: dict[str, Recipe] = {}

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2")
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "25")


class MediaLibrary:
    """Files by name, made on first use in a folder that all workers of a session share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            with (self._folder / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not path.exists():
                    part = self._folder / f"part-{name}"
                    RECIPES[name](part)
                    part.replace(path)
        return path

    def copy_as(self, name: str, target: Path) -> Path:
        """The file under another name, for tests of names or that change it."""
        target.write_bytes(self(name).read_bytes())
        return target


def ffmpeg(*arguments: str | Path) -> None:
    """Run the bundled FFmpeg, quietly; raises with its words where it fails."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-nostdin", "-loglevel", "error", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if result.returncode:
        raise RuntimeError(f"making test media failed: {result.stderr.decode()}")


def recipe(*names: str) -> Callable[[Callable[[Path, MediaLibrary], None] | Recipe], Recipe]:
    def register(function: Recipe) -> Recipe:
        for name in names:
            RECIPES[name] = function
        return function

    return register


def _sibling(part: Path, name: str) -> Path:
    return MediaLibrary(part.parent)(name)


@recipe("plain.mp4", "plain.mov", "plain.avi", "plain.mkv", "plain.ts", "plain.flv", "plain.3gp")
def _plain(path: Path) -> None:
    sound = {".avi": ("-c:a", "pcm_s16le"), ".3gp": ("-c:a", "aac")}.get(path.suffix, ())
    ffmpeg(*PICTURE, *TONE, *H264, *sound, "-shortest", "-f", _muxer(path), path)


def _muxer(path: Path) -> str:
    suffix = path.suffix.lstrip(".")
    return {"mkv": "matroska", "ts": "mpegts", "wmv": "asf"}.get(suffix, suffix)


@recipe("plain.wmv")
def _asf(path: Path) -> None:
    ffmpeg(*PICTURE, *TONE, "-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf", path)


@recipe("plain.webm")
def _webm(path: Path) -> None:
    ffmpeg(*PICTURE, *TONE, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", path)


@recipe("tone.m4a", "tone.mp3", "tone.wav", "tone.flac", "tone.ogg", "tone.aac")
def _tone(path: Path) -> None:
    container = {"m4a": "ipod", "aac": "adts"}.get(path.suffix[1:], path.suffix[1:])
    ffmpeg(*TONE, "-f", container, path)


@recipe("sweep.wav")
def _sweep(path: Path) -> None:
    """Eight seconds of a tone that changes: a sound print needs some three seconds before its first value."""
    ffmpeg("-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*(300+200*floor(2*t))*t):s=44100:d=8", "-f", "wav", path)


@recipe("covered.m4a", "covered.mp3")
def _covered(path: Path) -> None:
    """Music with cover art: a picture stream that is no picture of the file."""
    cover = _sibling(path, "still.jpg")
    container = "ipod" if path.suffix == ".m4a" else "mp3"
    ffmpeg(*TONE, "-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic",
           "-f", container, path)  # fmt: skip


@recipe("silent.mp4")
def _silent(path: Path) -> None:
    ffmpeg(*PICTURE, *H264, path)


@recipe("one_frame.mp4", "two_frames.mp4")
def _moment(path: Path) -> None:
    """Videos that last less than a tenth of a second."""
    ffmpeg(*PICTURE, *H264, "-frames:v", "1" if "one" in path.name else "2", "-f", "mp4", path)


@recipe("rotated.mp4")
def _rotated(path: Path) -> None:
    """Coded lying down with a display matrix that stands it up: red above, blue below when shown upright."""
    upright = _sibling(path, "marked.mp4")
    ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", path)


@recipe("mirrored.mp4")
def _mirrored(path: Path) -> None:
    ffmpeg("-display_hflip", "-i", _sibling(path, "marked.mp4"), "-c", "copy", path)


@recipe("marked.mp4")
def _marked(path: Path) -> None:
    """White top left corner on black, so that every turn and mirroring can be told from the picture."""
    ffmpeg("-f", "lavfi", "-i", "color=black:size=320x240:rate=25:duration=0.4,drawbox=0:0:80:60:white:fill",
           *H264, path)  # fmt: skip


@recipe("numbered.mp4", "numbered.mkv")
def _numbered(path: Path) -> None:
    """50 frames at 25 a second, each as bright as its number tells: luma (limited range) 40 + 3 n."""
    ffmpeg("-f", "lavfi", "-i", "nullsrc=size=64x48:rate=25:duration=2,geq=lum='40+3*N':cb=128:cr=128",
           *TONE, *H264, "-qp", "1", "-bf", "2", "-f", _muxer(path), path)  # fmt: skip


@recipe("variable.mp4", "variable.mkv")
def _variable(path: Path) -> None:
    """Frames 0, 1, 2 of every five of 25 a second: an uneven clock."""
    ffmpeg(*PICTURE, "-vf", "select='lt(mod(n,5),3)'", *H264, "-fps_mode", "passthrough", "-f", _muxer(path), path)


@recipe("late.ts")
def _late(path: Path) -> None:
    ffmpeg(*PICTURE, *TONE, *H264, "-output_ts_offset", "30", "-f", "mpegts", path)


@recipe("late_sound.mp4")
def _late_sound(path: Path) -> None:
    """Sound that begins half a second after the picture."""
    ffmpeg(*PICTURE, "-itsoffset", "0.5", *TONE, *H264, path)


@recipe("late_picture.mp4")
def _late_picture(path: Path) -> None:
    """The picture begins half a second after the sound."""
    ffmpeg("-itsoffset", "0.5", *PICTURE, *TONE, *H264, "-fps_mode", "passthrough", path)


@recipe("odd.mp4")
def _odd(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=642x360:rate=25:duration=0.4",
           "-vf", "format=yuv444p,crop=641:359:exact=1", "-c:v", "libx264", "-preset", "veryfast", path)  # fmt: skip


@recipe("tall.mp4")
def _tall(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=720x1560:rate=25:duration=0.4", *H264, path)


@recipe("ten_bit.mp4")
def _ten_bit(path: Path) -> None:
    ffmpeg(*PICTURE, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params",
           "log-level=error", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
           path)  # fmt: skip


@recipe("anamorphic.mp4")
def _anamorphic(path: Path) -> None:
    ffmpeg(*PICTURE, "-vf", "setsar=3/2", *H264, path)


@recipe("many.mkv")
def _many(path: Path) -> None:
    """Sound first, then two pictures, a second sound and subtitles."""
    text = path.with_suffix(".srt")
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    ffmpeg(*PICTURE, "-f", "lavfi", "-i", "color=red:size=64x64:duration=2", *TONE, "-i", text, "-map", "2:a",
           "-map", "0:v", "-map", "1:v", "-map", "2:a", "-map", "3:s", *H264, "-f", "matroska", path)  # fmt: skip
    text.unlink()


@recipe("resized.ts")
def _resized(path: Path) -> None:
    """Changes from 320 x 240 to 640 x 360 in mid-stream, as a broadcast may."""
    parts = []
    for number, size in enumerate(("320x240", "640x360")):
        part = path.with_suffix(f".{number}.ts")
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=1", *H264, "-output_ts_offset", str(number),
               "-f", "mpegts", part)  # fmt: skip
        parts.append(part)
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    for part in parts:
        part.unlink()


@recipe("cut_off.mp4")
def _cut_off(path: Path) -> None:
    """Index in front, the second half of the data gone."""
    whole = path.with_suffix(".whole.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=6", *H264, "-movflags", "+faststart", whole)
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    whole.unlink()


@recipe("headless.mp4")
def _headless(path: Path) -> None:
    """Index at the end, and the end gone."""
    data = _sibling(path, "plain.mp4").read_bytes()
    path.write_bytes(data[: len(data) // 2])


@recipe("zero_seconds.mp4")
def _zero_seconds(path: Path) -> None:
    """A video track whose header promises pictures and holds none."""
    ffmpeg(*PICTURE, *H264, "-movflags", "+empty_moov+frag_keyframe", "-f", "mp4", path)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])


@recipe("billion.mp4")
def _billion(path: Path) -> None:
    """A whole file of 50 frames whose time table claims 10⁹."""
    data = bytearray(_sibling(path, "silent.mp4").read_bytes())
    table = data.index(b"stts")
    struct.pack_into(">I", data, table + 12, 10**9)
    path.write_bytes(data)


@recipe("still.png", "still.jpg", "still.bmp", "still.tiff", "still.webp")
def _still(path: Path) -> None:
    ok, data = cv2.imencode(path.suffix, test_picture(640, 480))
    if not ok:
        raise RuntimeError(f"OpenCV does not write {path.suffix}")
    path.write_bytes(data.tobytes())


def test_picture(width: int, height: int) -> np.ndarray:
    """A BGR picture with texture everywhere and a white top left corner; the same on every machine."""
    noise = np.random.default_rng(7).integers(0, 160, (height // 8, width // 8, 3), dtype=np.uint8)
    picture = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    picture[: height // 4, : width // 4] = 255
    return picture


test_picture.__test__ = False  # type: ignore[attr-defined]


@recipe("still.avif", "still.jxl", "still.gif")
def _other_stills(path: Path) -> None:
    codec = {
        ".avif": ("-c:v", "libaom-av1", "-cpu-used", "8", "-still-picture", "1", "-f", "avif"),
        ".jxl": ("-c:v", "libjxl", "-effort", "1", "-f", "image2"),
        ".gif": ("-f", "gif"),
    }[path.suffix]
    ffmpeg("-i", _sibling(path, "still.png"), "-frames:v", "1", *codec, path)


@recipe("tiled.avif", "turned_tiles.avif")
def _tiled(path: Path) -> None:
    """The still in four tiles that only together are the picture; or the same, to be turned clockwise by a quarter."""
    tiles = []
    for number, corner in enumerate(("0:0", "320:0", "0:240", "320:240")):
        part = path.with_suffix(f".{number}.avif")
        ffmpeg("-i", _sibling(path, "still.png"), "-vf", f"crop=320:240:{corner}", "-frames:v", "1",
               "-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p", "-still-picture", "1",
               "-f", "avif", part)  # fmt: skip
        tiles.append(part.read_bytes())
        part.unlink()
    quarters = 3 if path.name.endswith("turned_tiles.avif") else 0
    path.write_bytes(grid(tiles, columns=2, tile_width=320, tile_height=240, quarters=quarters))


@recipe("turned.jpg")
def _turned(path: Path) -> None:
    """EXIF orientation 6: to be turned clockwise by a quarter; the white corner is then top right."""
    data = _sibling(path, "still.jpg").read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:])


@recipe("moving.gif", "moving.apng", "moving.webp", "moving.avif")
def _moving(path: Path) -> None:
    codec = {
        ".gif": ("-f", "gif"),
        ".apng": ("-f", "apng"),
        ".webp": ("-c:v", "libwebp_anim", "-f", "webp"),
        ".avif": ("-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p", "-f", "avif"),
    }[path.suffix]
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=1", *codec, path)


@recipe("huge.png")
def _huge(path: Path) -> None:
    """Claims 20 000 x 20 000 pixels, and holds one row of them."""
    write_png(path, 20_000, 20_000, zlib.compress(bytes(60_001)))


@recipe("pixel.png")
def _pixel(path: Path) -> None:
    write_png(path, 1, 1, zlib.compress(b"\0\xff\xff\xff"))


def write_png(path: Path, width: int, height: int, data: bytes) -> None:
    """A PNG of 8-bit RGB with whatever is given as its compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    )


def shared_folder(base: Path) -> Path:
    """The folder for a session's media: above the workers' own where there are several."""
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "media"
