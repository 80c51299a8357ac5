"""Blobs: what is read is what was written, or an error says so."""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
from pathlib import Path

import pytest

from provenance.errors import RegistryError
from registry.blobs import BlobStore

DATA = b"signed manifest" * 1000
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path / "blobs"))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_blob_is_named_after_its_content_and_stored_once(store: BlobStore, tmp_path: Path) -> None:
    assert store.put_bytes(DATA) == NAME
    (tmp_path / "same").write_bytes(DATA)
    assert store.put_file(tmp_path / "same") == NAME
    assert store.get(NAME) == DATA
    assert store.size(NAME) == len(DATA)
    assert files(tmp_path / "blobs") == [tmp_path / "blobs" / NAME[:2] / NAME]


def test_a_changed_blob_is_noticed_and_never_handed_out(store: BlobStore, tmp_path: Path) -> None:
    store.put_bytes(DATA)
    (tmp_path / "blobs" / NAME[:2] / NAME).write_bytes(DATA[:-1] + b"!")
    with pytest.raises(RegistryError) as caught:
        store.get(NAME)
    assert caught.value.code == "blobs.tampered"
    with pytest.raises(RegistryError):
        store.fetch(NAME, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not store.intact(NAME)


def test_storing_again_mends_a_torn_blob(store: BlobStore, tmp_path: Path) -> None:
    store.put_bytes(DATA)
    (tmp_path / "blobs" / NAME[:2] / NAME).write_bytes(DATA[:100])
    store.put_bytes(DATA)
    assert store.get(NAME) == DATA


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    for ask in (store.get, store.size):
        with pytest.raises(RegistryError) as caught:
            ask(NAME)
        assert caught.value.code == "blobs.missing"
        assert NAME in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 63 + "/", "a" * 64 + "\n", "." * 64]
)
def test_no_name_reaches_outside_the_store(store: BlobStore, tmp_path: Path, name: str) -> None:
    for ask in (store.get, store.size, store.intact):
        with pytest.raises(RegistryError) as caught:
            ask(name)
        assert caught.value.code == "blobs.name"
    with pytest.raises(RegistryError):
        store.fetch(name, tmp_path / "out")


def test_a_store_in_the_way_of_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file, not a folder")
    with pytest.raises(RegistryError) as caught:
        BlobStore(str(tmp_path / "blobs")).put_bytes(DATA)
    assert caught.value.code in {"blobs.write", "blobs.read"}
    assert caught.value.hint


def test_other_file_systems_work_alike(tmp_path: Path) -> None:
    store = BlobStore("memory://blobs-test")
    (tmp_path / "same").write_bytes(DATA)
    assert store.put_file(tmp_path / "same") == NAME
    assert store.put_bytes(DATA) == NAME
    assert store.fetch(NAME, tmp_path / "out").read_bytes() == DATA
    with pytest.raises(RegistryError) as caught:
        store.get("0" * 64)
    assert caught.value.code == "blobs.missing"


def test_an_address_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RegistryError) as caught:
        BlobStore("teleport://somewhere")
    assert caught.value.code == "blobs.address"


def _write_with_little_room(folder: str, codes: multiprocessing.SimpleQueue[str]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    try:
        BlobStore(folder).put_bytes(DATA)
    except RegistryError as error:
        codes.put(error.code)
    else:
        codes.put("written")


def test_a_full_disk_leaves_no_half_written_blob(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    codes = context.SimpleQueue()
    child = context.Process(target=_write_with_little_room, args=(str(tmp_path / "blobs"), codes))
    child.start()
    child.join()
    assert codes.get() == "blobs.write"
    assert files(tmp_path / "blobs") == []
