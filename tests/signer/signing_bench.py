"""What the signer's tests share: a home with a development key, and tiny media made with FFmpeg and Pillow."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pillow_heif
from PIL import Image

from provenance.assets import Capture, SignedAsset
from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import SignedUnder
from signer.sign import sign_file
from signer.signing import SigningKey

EMBEDDED = ("mp4", "mov", "m4a", "avi", "wav", "mp3", "jpg", "png", "webp", "heic", "avif", "gif", "flac")
SIDECAR = ("webm", "mkv", "ts", "ogg")

_PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=12:duration=1.5"]
_SOUND = ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=16000:duration=3"]
_H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
_RECIPES: dict[str, list[str]] = {
    "mp4": [*_PICTURE, *_SOUND, *_H264, "-c:a", "aac", "-shortest"],
    "fragmented.mp4": [*_PICTURE, *_H264, "-g", "6", "-movflags", "frag_keyframe+empty_moov"],
    "mov": [*_PICTURE, *_H264],
    "m4a": [*_SOUND, "-c:a", "aac"],
    "avi": [*_PICTURE, "-c:v", "mpeg4"],
    "wav": [*_SOUND],
    "mp3": [*_SOUND, "-c:a", "libmp3lame"],
    "flac": [*_SOUND],
    "gif": [*_PICTURE],
    "webm": [*_PICTURE, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"],
    "mkv": [*_PICTURE, *_H264],
    "ts": [*_PICTURE, *_H264],
    "ogg": [*_SOUND, "-c:a", "libvorbis"],
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A home with a development key, and short ways to what tests ask of it."""

    settings: Settings
    key: SigningKey
    anchors: tuple[AnchorList, ...]

    def sign(self, source: Path, target: Path, title: str | None = None, **said: Any) -> SignedAsset:
        """Sign without a reference copy. ``said``: fields of a ``Capture``; the title is else the target's name."""
        capture = Capture(source, title or target.name, **said)
        where = {"key": self.key, "settings": self.settings, "anchors": self.anchors}
        return sign_file(capture, target, withhold_reference=True, **where)  # type: ignore[arg-type]

    def read(self, path: Path) -> Credential:
        return read_credential(path, anchors=self.anchors, policy=SignedUnder(self.anchors))


def make_media(folder: Path, kind: str) -> Path:
    """Make ``clip.<kind>`` in a folder, unless it is there."""
    path = folder / f"clip.{kind}"
    if not path.exists():
        if kind in _RECIPES:
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *_RECIPES[kind], str(path)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        else:
            _picture(path)
    return path


def _picture(path: Path) -> None:
    if path.suffix == ".heic":
        pillow_heif.register_heif_opener()
    noise = np.random.default_rng(7).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((160, 120)).save(path)
