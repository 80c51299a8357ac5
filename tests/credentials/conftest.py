"""A public key infrastructure and signed media, made once for all tests of a worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pki
import pytest
from credential_world import World, ffmpeg, sign
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image


@pytest.fixture(scope="session")
def world() -> World:
    root = pki.authority()
    intermediate = pki.authority("Test Intermediate", issuer=root)
    stranger_root = pki.authority("Other Root", "Other Authority")
    tsa_root = pki.authority("Test Time Root", "Test Time")
    return World(
        root=root,
        intermediate=intermediate,
        newsroom=pki.leaf(intermediate),
        stranger=pki.leaf(stranger_root, "Stranger", "Strange News"),
        stranger_root=stranger_root,
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
