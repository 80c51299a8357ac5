"""A public key infrastructure and media signed with the C2PA library itself, made once for all tests of a worker."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
import imageio_ffmpeg
import numpy as np
import pki
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image
from pki import Identity

from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential
from provenance.trust.anchors import AnchorKind, AnchorList
from provenance.trust.policy import Policy, SignedUnder

TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".webm": "application/octet-stream",
}
CREATED = {
    "label": "c2pa.actions",
    "created": True,
    "data": {
        "actions": [
            {
                "action": "c2pa.created",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
            }
        ]
    },
}


@dataclass(frozen=True)
class World:
    """Whom there is: a trusted authority with a newsroom's key, a stranger, and a time-stamping authority."""

    root: Identity
    intermediate: Identity
    newsroom: Identity
    stranger: Identity
    tsa_root: Identity
    tsa: Identity

    @property
    def anchors(self) -> tuple[AnchorList, ...]:
        return (AnchorList("urn:test:newsrooms", "newsrooms", self.root.pem), self.tsa_anchors)

    @property
    def tsa_anchors(self) -> AnchorList:
        return AnchorList("urn:test:times", "times", self.tsa_root.pem, AnchorKind.TSA)

    def read(self, path: Path, *, policy: Policy | None = None, **options: Any) -> Credential:
        anchors = options.pop("anchors", self.anchors)
        return read_credential(path, anchors=anchors, policy=policy or SignedUnder(anchors), **options)


@pytest.fixture(scope="session")
def world() -> World:
    root = pki.authority()
    intermediate = pki.authority("Test Intermediate", issuer=root)
    tsa_root = pki.authority("Test Time Root", "Test Time")
    return World(
        root=root,
        intermediate=intermediate,
        newsroom=pki.leaf(intermediate),
        stranger=pki.leaf(pki.authority("Other Root", "Other Authority"), "Stranger", "Strange News"),
        tsa_root=tsa_root,
        tsa=pki.leaf(tsa_root, "Test Clock", "Test Time", usage=ExtendedKeyUsageOID.TIME_STAMPING, usage_critical=True),
    )


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with unsigned a.* and b.*, of different content, and the segments of a stream."""
    folder = tmp_path_factory.mktemp("media")
    for name, source in (("a", "testsrc"), ("b", "testsrc2")):
        sound = ["-f", "lavfi", "-i", "sine=d=1"]
        ffmpeg(
            "-f", "lavfi", "-i", f"{source}=s=160x90:d=1:r=10", *sound, "-pix_fmt", "yuv420p", folder / f"{name}.mp4"
        )
        noise = np.random.default_rng(len(source)).integers(0, 255, (60, 80, 3), dtype=np.uint8)
        for suffix in ("jpg", "png"):
            Image.fromarray(noise).save(folder / f"{name}.{suffix}")
    ffmpeg("-i", folder / "a.mp4", "-c:v", "libvpx", "-deadline", "realtime", "-an", folder / "a.webm")
    ffmpeg("-i", folder / "a.mp4", "-vn", folder / "a.wav")
    ffmpeg(
        "-i", folder / "a.mp4", "-c", "copy", "-an", "-f", "dash", "-use_template", "1",
        "-init_seg_name", "init.mp4", "-media_seg_name", "segment$Number$.m4s", folder / "a.mpd",
    )  # fmt: skip
    return folder


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def sign(
    source: Path,
    target: Path,
    identity: Identity,
    *,
    title: str = "A title",
    assertions: list[dict[str, Any]] | None = None,
    parent: Path | None = None,
    parent_title: str = "The parent",
    intent: Any = None,
    remote_url: str | None = None,
    embed: bool = True,
    tsa_url: str | None = None,
    core: dict[str, Any] | None = None,
) -> bytes:
    """Sign with the library directly; returns the manifest store."""
    given = [CREATED] if assertions is None else assertions
    definition = {"claim_generator_info": [{"name": "tests", "version": "1"}], "assertions": given}
    if intent is not c2pa.C2paBuilderIntent.UPDATE:
        definition["title"] = title
    settings = {
        "verify": {"verify_after_sign": False},
        "builder": {"thumbnail": {"enabled": False}},
        "core": core or {},
    }
    info = c2pa.C2paSignerInfo("es256", identity.chain_pem.encode(), identity.key_pem.encode(), tsa_url)
    with c2pa.Context.from_dict(settings) as context, c2pa.Signer.from_info(info) as signer:
        builder = c2pa.Builder(definition, context)
        if intent is not None:
            builder.set_intent(intent)
        if remote_url is not None:
            builder.set_remote_url(remote_url)
        if not embed:
            builder.set_no_embed()
        if parent is not None:
            with parent.open("rb") as stream:
                described = {"title": parent_title, "relationship": "parentOf"}
                builder.add_ingredient(described, TYPES[parent.suffix], stream)
        with source.open("rb") as stream, target.open("w+b") as output:
            return builder.sign(signer, TYPES[source.suffix], stream, output)


@pytest.fixture(scope="session")
def signed(world: World, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a file of ``media`` as the newsroom signed it; never changed by a test."""
    folder = tmp_path_factory.mktemp("signed")

    def path_of(name: str) -> Path:
        path = folder / name
        if not path.exists():
            sign(media / name, path, world.newsroom)
        return path

    return path_of
