"""Sound fingerprints say where they mean something; ISCC codes are those of the reference implementation."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import iscc_core
import numpy as np
import pytest

from provenance.errors import MediaError
from provenance.fingerprints import iscc, sound


def test_silence_is_not_informative_and_music_is() -> None:
    rng = np.random.default_rng(3)
    lively = rng.integers(0, 2**32, 60, dtype=np.uint64).astype(np.uint32)
    silent = np.full(60, 627964279, np.uint32)
    flags = sound.informative(np.concatenate([lively, silent]))
    assert flags[:50].all()
    assert not flags[70:].any()


def test_bit_error_is_a_share_of_bits() -> None:
    a = np.array([0, 0xFFFFFFFF, 0b1011], np.uint32)
    assert sound.bit_error(a, a).tolist() == [0, 0, 0]
    assert sound.bit_error(a, np.array([0xFFFFFFFF, 0, 0], np.uint32)).tolist() == [1, 1, 3 / 32]


def signature(folder: Path, form: str) -> Path:
    target = folder / f"signature.{form}"
    graph = f"signature=format={form}:filename={target.name}"
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=5:duration=6"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-vf", graph, "-f", "null", "-"]
    subprocess.run(command, cwd=folder, check=True)
    return target


def test_binary_signature_is_read_as_the_xml_one_says(tmp_path: Path) -> None:
    frames = iscc.read_mpeg7_frames(signature(tmp_path, "binary").read_bytes())
    text = signature(tmp_path, "xml").read_text()
    rows = [list(map(int, row.split())) for row in re.findall(r"<FrameSignature>(.*?)</FrameSignature>", text, re.S)]
    assert frames.tolist() == rows
    assert len(rows) == 30


def test_video_code_is_the_one_iscc_core_makes(tmp_path: Path) -> None:
    path = signature(tmp_path, "binary")
    rows = [tuple(row) for row in iscc.read_mpeg7_frames(path.read_bytes()).tolist()]
    assert iscc.video_iscc(path) == iscc_core.gen_video_code_v0(rows, bits=256)["iscc"]


def test_a_signature_cut_short_is_refused_or_empty(tmp_path: Path) -> None:
    whole = signature(tmp_path, "binary").read_bytes()
    assert len(iscc.read_mpeg7_frames(whole[:20])) == 0
    claims_more = whole[:33] + b"\xff\xff\xff\x7f" + whole[37:200]
    with pytest.raises(MediaError, match="cut short"):
        iscc.read_mpeg7_frames(claims_more)
