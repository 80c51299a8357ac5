"""Signed originals for the tests: real certificates, real media made by FFmpeg from pictures of scikit-image."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import skimage
from cryptography.hazmat.primitives import serialization

from provenance.assets import Capture, SignedAsset
from provenance.media.kinds import sniff
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import AnchorList, add_anchors, load_anchors
from provenance.trust.policy import Policy, SignedUnder
from registry.models import SLOTS, Base
from registry.register import Registered, register
from registry.store import Registry
from signer.authority import issue_authority, issue_leaf
from signer.sign import sign_file
from signer.signing import SigningKey
from signer.writer import write_signed

PICTURES = Path(skimage.__file__).parent / "data"


def make_clip(target: Path, picture: str = "astronaut.png", *, seconds: int = 4, tone: int = 300) -> Path:
    """A camera wandering over a picture, with a warbling tone."""
    pan = f"crop=240:180:x='60+50*sin(t*1.3)+{tone % 7}':y='60+40*cos(t)',scale=320:240"
    sound = f"aevalsrc='0.4*sin(2*PI*({tone}+120*sin(3*t))*t)':s=22050:d={seconds}"
    ffmpeg("-loop", "1", "-i", str(PICTURES / picture), "-f", "lavfi", "-i", sound, "-vf", pan, "-t", str(seconds),
            "-r", "25", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-c:a", "aac", str(target))  # fmt: skip
    return target


def make_photo(target: Path, picture: str = "coffee.png") -> Path:
    """A photograph as JPEG."""
    ffmpeg("-i", str(PICTURES / picture), "-frames:v", "1", str(target))
    return target


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def make_key(organisation: str, now: datetime | None = None) -> tuple[SigningKey, bytes]:
    """A signing key of an organisation, and the root that vouches for it."""
    moment = now or datetime.now(UTC)
    root = issue_authority(f"{organisation} root", None, moment, 3000, path_length=0)
    leaf = issue_leaf(f"{organisation} desk", organisation, root, moment, 800)
    key = SigningKey(organisation.lower().replace(" ", "-"), "es256", (leaf.certificate,), leaf.private)
    return key, root.certificate.public_bytes(serialization.Encoding.PEM)


def filled_tables() -> list[str]:
    """The tables that registering writes to: all but what a new registry holds or people file, and the spare slot."""
    others = {
        "index_versions",
        "key_revocations",
        "sightings",
        "organisations",
        "tokens",
        "sessions",
        "examinations",
        "checks",
    }
    return sorted(set(Base.metadata.tables) - {table.name for table in SLOTS[1].all} - others)


@dataclass(frozen=True)
class Newsroom:
    """Two newsrooms that a trust list vouches for, a third that none does, and what they signed."""

    settings: Settings
    anchors: tuple[AnchorList, ...]
    herald: SigningKey
    courier: SigningKey
    stranger: SigningKey
    clip: SignedAsset
    photo: SignedAsset

    @property
    def policy(self) -> Policy:
        return SignedUnder(self.anchors)

    def sign(self, source: Path, target: Path, key: SigningKey | None = None, **options: Any) -> SignedAsset:
        """Sign as the Herald, or with another key."""
        capture = Capture(source, options.pop("title", source.stem))
        key = key or self.herald
        return sign_file(capture, target, key=key, settings=self.settings, anchors=self.anchors, **options)

    def register(self, store: Registry, path: Path, settings: Settings, **options: Any) -> Registered:
        """Register under the policy that trusts both newsrooms."""
        options = {"anchors": self.anchors, "policy": self.policy} | options
        return register(store, path, settings=settings, **options)


def make_newsroom(folder: Path) -> Newsroom:
    """Keys, anchors, a signed clip and a signed photo."""
    settings = load_settings(folder / "home")
    herald, herald_root = make_key("Herald")
    courier, courier_root = make_key("Courier")
    stranger, _ = make_key("Stranger")
    add_anchors(settings.anchors, "herald", herald_root)
    add_anchors(settings.anchors, "courier", courier_root)
    anchors = load_anchors(settings.anchors)
    clip, photo = make_clip(folder / "clip.mp4"), make_photo(folder / "photo.jpg")

    def sign(source: Path, title: str) -> SignedAsset:
        target = folder / f"signed-{source.name}"
        return sign_file(Capture(source, title), target, key=herald, settings=settings, anchors=anchors)

    return Newsroom(settings, anchors, herald, courier, stranger, sign(clip, "A wandering camera"), sign(photo, "Cup"))


def sign_claiming(source: Path, target: Path, key: SigningKey, assertions: list[dict[str, Any]]) -> Path:
    """Sign with whatever assertions one likes, as a signer with other software or bad intent would."""
    created = {"action": "c2pa.created", "digitalSourceType": f"{_IPTC}/digitalCapture"}
    manifest = {
        "claim_generator_info": [{"name": "other software", "version": "1"}],
        "title": source.name,
        "assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": [created]}}, *assertions],
    }
    target.touch()
    write_signed(source, target, manifest, kind=sniff(source), key=key)
    return target


_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype"
