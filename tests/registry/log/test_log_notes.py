"""Checkpoints are signed notes that other implementations read, and whatever is not quite one is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as OtherCheckpoint

from provenance.errors import LogError
from registry.log.merkle import leaf_hash
from registry.log.notes import MAX_NOTE_BYTES, Signer, Verifier, read_checkpoint, read_vkey
from registry.log.paths import TilePath, read_tile_path, tile_of_size

SIGNER = Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ROOT = leaf_hash(b"a leaf")
NOTE = SIGNER.checkpoint(7, ROOT)


def test_a_checkpoint_has_the_form_of_the_specification_and_another_reader_takes_it() -> None:
    origin, size, root, empty, signature, end = NOTE.split("\n")
    assert (origin, size, base64.b64decode(root), empty, end) == ("example.com/log", "7", ROOT, "", "")
    assert signature.startswith("\u2014 example.com/log ")
    other = OtherCheckpoint.from_text(NOTE)
    other.verify(Vkey.from_string(SIGNER.verifier.vkey))
    assert (other.origin, other.size, other.root_hash) == ("example.com/log", 7, ROOT)
    assert Vkey("example.com/log", None, 1, SIGNER.verifier.public).serialize() == SIGNER.verifier.vkey


def test_a_vkey_of_the_go_checksum_database_is_read() -> None:
    """The published key of sum.golang.org: the key id is computed as everybody computes it."""
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert read_vkey(text).name == "sum.golang.org"
    assert read_vkey(text).vkey == text


def test_a_checkpoint_is_read_with_its_key() -> None:
    found = read_checkpoint(NOTE.encode(), SIGNER.verifier)
    assert (found.size, found.root, found.note) == (7, ROOT, NOTE)


def test_signatures_of_witnesses_are_passed_over() -> None:
    witness = "\u2014 witness.example/w " + base64.b64encode(b"wwww" + bytes(72)).decode() + "\n"
    text, signature = NOTE.split("\n\n")
    found = read_checkpoint(f"{text}\n\n{witness}{signature}".encode(), SIGNER.verifier)
    assert found.size == 7


def code(data: bytes, verifier: Verifier = SIGNER.verifier) -> str:
    with pytest.raises(LogError) as caught:
        read_checkpoint(data, verifier)
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize(
    ("was", "becomes"), [("\n7\n", "\n8\n"), ("\n7\n", "\n07\n"), ("example.com/log\n7", "example.com/lob\n7")]
)
def test_a_changed_checkpoint_is_refused(was: str, becomes: str) -> None:
    assert code(NOTE.replace(was, becomes, 1).encode()) == "log.signature"


def test_another_key_under_the_same_name_is_refused() -> None:
    other = Signer("example.com/log", Ed25519PrivateKey.generate())
    assert code(NOTE.encode(), other.verifier) == "log.unknown_key"
    forged = other.checkpoint(7, ROOT).split(" ")[-1]
    swapped = base64.b64encode(SIGNER.verifier.key_id + base64.b64decode(forged)[4:]).decode()
    assert code(NOTE.replace(NOTE.split(" ")[-1].strip(), swapped).encode()) == "log.signature"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not a log</html>",
        b"\xff\xfe",
        NOTE.encode()[:-1],
        NOTE.replace("\n\n", "\n").encode(),
        NOTE.replace("\n", "\r\n").encode(),
        NOTE.encode() + b"no signature\n",
        NOTE.encode() + ("\u2014 x " + "A" * MAX_NOTE_BYTES + "\n").encode(),
        NOTE.replace("\u2014", "-").encode(),
        NOTE.rstrip("\n").encode() + b"=\n",
    ],
)
def test_what_is_no_signed_note_is_refused(data: bytes) -> None:
    assert code(data) == "log.format"


@pytest.mark.parametrize("size", ["-1", "+7", "07", "7 ", "٧", "1" * 30, ""])
def test_a_signed_text_that_is_no_checkpoint_is_refused(size: str) -> None:
    text = f"{SIGNER.name}\n{size}\n{base64.b64encode(ROOT).decode()}\n"
    signature = base64.b64encode(SIGNER.verifier.key_id + SIGNER.private.sign(text.encode())).decode()
    assert code(f"{text}\n\u2014 {SIGNER.name} {signature}\n".encode()) == "log.format"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert code(data) == "log.format"


@given(st.one_of(st.text(max_size=120), st.from_regex(r"[a-z]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", fullmatch=True)))
def test_no_text_is_a_key_by_chance(text: str) -> None:
    with pytest.raises(LogError) as caught:
        read_vkey(text)
    assert caught.value.code == "log.vkey"


@given(
    st.one_of(st.none(), st.integers(0, 63)),
    st.one_of(st.integers(0, 2000), st.integers(0, 10**15)),
    st.integers(1, 256),
)
def test_a_tile_has_one_name(level: int | None, number: int, width: int) -> None:
    tile = TilePath(level, number, width)
    assert read_tile_path(str(tile)) == tile


def test_names_are_those_of_the_specification() -> None:
    assert str(TilePath(0, 1_234_067)) == "tile/0/x001/x234/067"
    assert str(TilePath(None, 0, 17)) == "tile/entries/000.p/17"
    assert str(tile_of_size(0, 273, 70_000)) == "tile/0/273.p/112"
    assert str(tile_of_size(1, 1, 70_000)) == "tile/1/001.p/17"
    assert str(tile_of_size(2, 0, 70_000)) == "tile/2/000.p/1"
    assert str(tile_of_size(0, 0, 256)) == "tile/0/000"


@pytest.mark.parametrize(
    "path",
    ["tile/0/1", "tile/0/x000/001", "tile/00/001", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
     "tile/0/000.p/257", "tile/0/../000", "tile/0/000\n", "tile/0/٠٠٠", "tile/entries/000/", "/tile/0/000", "tile"],
)  # fmt: skip
def test_what_is_not_quite_a_name_is_none(path: str) -> None:
    assert read_tile_path(path) is None
