"""Blobs and clips in a bucket: what holds in a folder holds there, and a registry in it is backed up and restored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3fs
from newsroom import Newsroom
from object_store import PART_BYTES, ObjectStore, running_store

from provenance.errors import RegistryError
from provenance.settings import Settings, load_settings
from registry.backup import back_up, faults
from registry.blobs import BlobStore
from registry.catalog import LocalCatalog
from registry.checks.shelf import Shelf
from registry.restore import restore
from registry.store import create_registry, open_registry

DATA = b"signed manifest" * 1000
NAME = hashlib.sha256(DATA).hexdigest()
KEY = f"blobs/{NAME[:2]}/{NAME}"


@pytest.fixture(scope="module")
def objects() -> Iterator[ObjectStore]:
    with running_store() as running:
        yield running


@pytest.fixture
def bucket(objects: ObjectStore) -> str:
    return objects.new_bucket()


@pytest.fixture
def store(bucket: str) -> BlobStore:
    return BlobStore(f"s3://{bucket}/blobs")


def test_a_blob_is_stored_once_and_read_back(
    store: BlobStore, objects: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "same").write_bytes(DATA)
    assert store.put_file(tmp_path / "same") == NAME
    first = objects.client.head_object(Bucket=bucket, Key=KEY)["LastModified"]
    assert store.put_bytes(DATA) == NAME
    assert objects.client.head_object(Bucket=bucket, Key=KEY)["LastModified"] == first
    assert objects.names(bucket) == [KEY]
    assert store.get(NAME) == DATA
    assert store.size(NAME) == len(DATA)
    assert store.fetch(NAME, tmp_path / "out").read_bytes() == DATA
    with store.open(NAME) as file:
        file.seek(15)
        assert file.read(6) == b"signed"


def test_a_blob_of_many_parts_and_one_of_nothing_come_back_whole(store: BlobStore, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(250)) * (PART_BYTES // 100))
    name = store.put_file(large)
    assert store.size(name) == large.stat().st_size
    assert store.intact(name)
    assert store.get(store.put_bytes(b"")) == b""


def test_a_changed_blob_is_never_handed_out_and_is_mended(
    store: BlobStore, objects: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    store.put_bytes(DATA)
    objects.client.put_object(Bucket=bucket, Key=KEY, Body=DATA[:-1] + b"!")
    with pytest.raises(RegistryError) as caught:
        store.fetch(NAME, tmp_path / "out")
    assert caught.value.code == "blobs.tampered"
    assert not (tmp_path / "out").exists()
    store.put_bytes(DATA)
    assert store.get(NAME) == DATA


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    for ask in (store.get, store.size, store.open):
        with pytest.raises(RegistryError) as caught:
            ask(NAME)
        assert caught.value.code == "blobs.missing"
        assert NAME in str(caught.value)


@pytest.mark.parametrize("size", [1000, 2 * PART_BYTES], ids=["one part", "many parts"])
def test_an_upload_that_is_torn_leaves_nothing(
    store: BlobStore, objects: ObjectStore, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = tmp_path / "growing"
    file.write_bytes(bytes(size))
    intact = BlobStore.intact

    def written_meanwhile(self: BlobStore, sha256: str) -> bool:
        with file.open("ab") as more:
            more.write(b"and more")
        return intact(self, sha256)

    monkeypatch.setattr(BlobStore, "intact", written_meanwhile)
    with pytest.raises(RegistryError) as caught:
        store.put_file(file)
    assert caught.value.code == "blobs.changed"
    assert objects.names(bucket) == []
    assert objects.unfinished(bucket) == 0


def test_a_bucket_that_is_not_there_is_an_error_in_words(objects: ObjectStore) -> None:
    store = BlobStore("s3://no-such-bucket/blobs")
    with pytest.raises(RegistryError) as caught:
        store.put_bytes(DATA)
    assert caught.value.code == "blobs.write"
    assert "bucket" in str(caught.value)


def test_a_store_that_does_not_answer_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        store = BlobStore("s3://bucket/blobs")
        for ask in (store.get, store.size, store.put_bytes):
            with pytest.raises(RegistryError) as caught:
                ask(DATA if ask == store.put_bytes else NAME)  # type: ignore[operator]
            assert caught.value.code == "blobs.read"
            assert "127.0.0.1:9" in str(caught.value)
        with pytest.raises(RegistryError) as caught:
            Shelf("s3://bucket/checks").examinations()
        assert caught.value.code == "check.files"
    finally:
        s3fs.S3FileSystem.clear_instance_cache()


def test_clips_lie_in_a_bucket_until_they_are_dropped(objects: ObjectStore, bucket: str, tmp_path: Path) -> None:
    shelf = Shelf(f"s3://{bucket}/checks")
    assert shelf.examinations() == []
    for number in ("a", "b"):
        (tmp_path / "sent").write_bytes(DATA)
        shelf.put(number, "clip", tmp_path / "sent")
    shelf.put("a", "preview", tmp_path / "sent")
    assert sorted(shelf.examinations()) == ["a", "b"]
    assert shelf.fetch("a", "clip", tmp_path / "fetched").read_bytes() == DATA
    shelf.drop("a", "clip")
    with pytest.raises(RegistryError) as caught:
        shelf.fetch("a", "clip", tmp_path / "gone")
    assert caught.value.code == "check.file_gone"
    shelf.drop("a")
    shelf.drop("never there")
    assert shelf.examinations() == ["b"]
    assert objects.names(bucket) == ["checks/b/clip"]


def test_a_registry_in_a_bucket_is_backed_up_and_restored_into_another(
    newsroom: Newsroom, objects: ObjectStore, tmp_path: Path
) -> None:
    def settings(name: str) -> Settings:
        return load_settings(tmp_path / name, blobs_url=f"s3://{objects.new_bucket()}/deep/inside")

    first, second = settings("first"), settings("second")
    with create_registry(first) as registry:
        newsroom.register(registry, newsroom.clip.path, first)
        assert list(faults(registry)) == []
        assert back_up(registry, tmp_path / "backup.tar", work=tmp_path / "work").blobs == 2
    assert restore(second, tmp_path / "backup.tar", work=tmp_path / "work").assets == 1
    with open_registry(second) as restored:
        assert list(faults(restored)) == []
        assert LocalCatalog(restored).reference_copy(newsroom.clip.asset_id, tmp_path) is not None
