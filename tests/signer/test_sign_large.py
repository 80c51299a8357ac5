"""Large MP4s are hashed as a tree that any implementation reads; the media in them stay what they were."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from signing_bench import Bench

from provenance.assets import Capture
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError
from provenance.files import sha256_file
from provenance.settings import load_settings
from provenance.trust.anchors import load_anchors
from signer.keys import load_key
from signer.sign import sign_file
from signer.tree_hash import LARGE_BYTES, PIECE_KB, Header, Overlaid, long_header

PIECE = PIECE_KB * 1024
HEADER = 16


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


FILE_TYPE, INDEX, ROOM = box(b"ftyp", b"isom"), box(b"moov", b"tracks"), box(b"free")
MEDIA = box(b"mdat", bytes(LARGE_BYTES))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of pictures that are not compressed, with sound: 42 MB."""
    path = tmp_path_factory.mktemp("large") / "large.mov"
    made = ["-f", "lavfi", "-i", "testsrc2=size=480x360:rate=10:duration=12", "-f", "lavfi", "-i", "sine=duration=12"]
    coded = ["-c:v", "rawvideo", "-pix_fmt", "uyvy422", "-c:a", "pcm_s16le"]
    run(*made, *coded, path)
    assert path.stat().st_size > LARGE_BYTES
    return path


@pytest.fixture(scope="module")
def signed(original: Path, keys_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    return sign(original, folder, keys_folder)


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Path:
    """The signed file, to be tampered with."""
    return Path(shutil.copyfile(signed, tmp_path / "copy.mov"))


def sign(source: Path, folder: Path, keys_folder: Path) -> Path:
    settings = load_settings(folder / "home")
    key = load_key(keys_folder, "development", None)
    target = folder / source.name
    sign_file(Capture(source, "large"), target, key=key, settings=settings, anchors=load_anchors(settings.anchors))
    return target


def run(*arguments: str | Path) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *map(str, arguments)]
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def media_of(path: Path) -> tuple[int, int]:
    """Where ``mdat`` begins, and its size: its header is of 16 bytes."""
    with path.open("rb") as stream:
        for at in iter(lambda: stream.tell(), path.stat().st_size):
            head = stream.read(HEADER)
            long = head[:4] == (1).to_bytes(4, "big")
            size = int.from_bytes(head[8:] if long else head[:4], "big")
            if head[4:8] == b"mdat":
                assert long
                return at, size
            stream.seek(at + size)
    raise AssertionError("no mdat")


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)[0]
        stream.seek(offset)
        stream.write(bytes([byte ^ 1]))


def binding(bench: Bench, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = bench.read(path).assertions["c2pa.hash.bmff.v3"]
    return found


def test_a_large_file_is_signed_as_a_tree_and_reads_as_authentic(bench: Bench, signed: Path) -> None:
    credential = bench.read(signed)

    assert credential.state is CredentialState.AUTHENTIC
    assert credential.hard_binding
    assert binding(bench, signed)["merkle"][0]["fixedBlockSize"] == PIECE


def test_the_tree_is_the_one_that_the_specification_describes(bench: Bench, signed: Path) -> None:
    offset, size = media_of(signed)
    tree = binding(bench, signed)["merkle"][0]
    with signed.open("rb") as stream:
        stream.seek(offset + HEADER)
        content = stream.read(size - HEADER)
    row = [hashlib.sha256(content[at : at + PIECE]).digest() for at in range(0, len(content), PIECE)]

    assert tree["count"] == len(row)
    while len(row) > len(tree["hashes"]):
        pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
        row = [hashlib.sha256(b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    assert [bytes(node) for node in tree["hashes"]] == row


def test_pictures_and_sound_of_a_large_file_stay_as_they_were(original: Path, signed: Path) -> None:
    for codec in (["-c", "copy"], []):
        told = [run("-i", path, "-map", "0", *codec, "-f", "framehash", "-") for path in (original, signed)]
        assert told[0] == told[1]
        assert told[0].count("\n") > 120


def test_signing_a_large_file_leaves_the_input_alone(original: Path, keys_folder: Path, tmp_path: Path) -> None:
    before = sha256_file(original)
    sign(original, tmp_path, keys_folder)
    assert sha256_file(original) == before


def test_a_large_file_signed_again_has_one_tree_at_most_and_its_history(
    bench: Bench, signed: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.mov"
    sign_file(Capture(signed, "again"), again, key=bench.key, settings=bench.settings, anchors=bench.anchors)
    credential = bench.read(again)

    assert credential.state is CredentialState.AUTHENTIC
    assert [(entry.relationship, entry.failures) for entry in credential.ingredients] == [("parentOf", ())]
    assert "merkle" not in binding(bench, again)


@pytest.mark.parametrize("place", [0, 1, PIECE - 1, PIECE, 20 * PIECE + 5, -1])
def test_a_flipped_byte_of_the_media_is_found_wherever_it_is(bench: Bench, copy: Path, place: int) -> None:
    offset, size = media_of(copy)
    flip(copy, offset + (HEADER + place if place >= 0 else size + place))
    assert bench.read(copy).state is CredentialState.CONTENT_CHANGED


def test_a_flipped_byte_of_the_index_is_found(bench: Bench, copy: Path) -> None:
    flip(copy, copy.stat().st_size - 100)
    assert bench.read(copy).state is CredentialState.CONTENT_CHANGED


@pytest.mark.parametrize("place", [3, 15])
def test_another_length_of_the_media_is_found(bench: Bench, copy: Path, place: int) -> None:
    flip(copy, media_of(copy)[0] + place)
    assert bench.read(copy).state not in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.9999])
def test_a_truncated_large_file_is_not_authentic(bench: Bench, copy: Path, kept: float) -> None:
    os.truncate(copy, int(copy.stat().st_size * kept))
    assert bench.read(copy).state not in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)


def test_the_tree_of_one_file_does_not_fit_other_media(bench: Bench, copy: Path) -> None:
    offset, size = media_of(copy)
    with copy.open("r+b") as stream:
        stream.seek(offset + HEADER)
        content = stream.read(size - HEADER)
        # The same pieces in another order.
        stream.seek(offset + HEADER)
        stream.write(content[PIECE : 2 * PIECE] + content[:PIECE])
    assert bench.read(copy).state is CredentialState.CONTENT_CHANGED


def test_footage_too_long_for_a_credential_is_refused_before_it_is_decoded(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "long.mp4"
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    run("-f", "lavfi", "-i", "color=size=32x32:rate=2:duration=11000", *coded, source)
    told: list[float] = []

    with pytest.raises(CredentialError) as caught:
        sign_file(
            Capture(source, "long"),
            tmp_path / "signed.mp4",
            key=bench.key,
            settings=bench.settings,
            anchors=bench.anchors,
            on_progress=told.append,
        )

    assert caught.value.code == "fingerprints.too_long"
    assert told == []
    assert sorted(tmp_path.iterdir()) == [bench.settings.home, source]


@pytest.mark.parametrize("room", [b"free", b"wide", b"skip"])
def test_an_empty_box_before_the_media_becomes_part_of_their_header(room: bytes) -> None:
    content = FILE_TYPE + box(room) + MEDIA + INDEX
    header = long_header(io.BytesIO(content))

    assert header == Header(len(FILE_TYPE), (1).to_bytes(4, "big") + b"mdat" + (8 + len(MEDIA)).to_bytes(8, "big"))


def test_media_that_have_a_long_header_keep_it() -> None:
    media = (1).to_bytes(4, "big") + b"mdat" + (HEADER + LARGE_BYTES).to_bytes(8, "big") + bytes(LARGE_BYTES)
    assert long_header(io.BytesIO(FILE_TYPE + INDEX + media)) == Header(len(FILE_TYPE + INDEX), media[:HEADER])


@pytest.mark.parametrize(
    "content",
    [
        FILE_TYPE + ROOM + box(b"mdat", b"small") + INDEX,
        FILE_TYPE + MEDIA + INDEX,
        FILE_TYPE + box(b"free", b"content") + MEDIA + INDEX,
        FILE_TYPE + ROOM + MEDIA,
        FILE_TYPE + ROOM + MEDIA + ROOM + box(b"mdat", b"more") + INDEX,
        FILE_TYPE + INDEX + box(b"moof") + ROOM + MEDIA,
        FILE_TYPE + box(b"uuid", b"manifest") + ROOM + MEDIA + box(b"uuid", b"tree") + INDEX,
        FILE_TYPE + INDEX + ROOM + bytes(4) + MEDIA[4:],
        FILE_TYPE + INDEX + ROOM + MEDIA[:-1],
        b"RIFF" + bytes(LARGE_BYTES),
    ],
    ids=[
        "small",
        "no room",
        "room in use",
        "no index",
        "two",
        "fragments",
        "trees",
        "to the end",
        "cut off",
        "no boxes",
    ],
)
def test_what_is_no_plain_file_with_room_for_it_is_hashed_flat(content: bytes) -> None:
    assert long_header(io.BytesIO(content)) is None


@pytest.mark.parametrize("step", [1, 5, 16, 1000])
def test_the_header_is_seen_in_its_place_however_the_file_is_read(step: int) -> None:
    content = bytes(range(100))
    seen = Overlaid(io.BytesIO(content), Header(20, b"0123456789abcdef"))
    pieces = list(iter(lambda: seen.read(step), b""))

    assert b"".join(pieces) == content[:20] + b"0123456789abcdef" + content[36:]
    assert seen.seek(25) == seen.tell() == 25
    assert seen.read(3) == b"567"
