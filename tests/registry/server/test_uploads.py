"""Uploads in parts: an independent client of tus gets along, what was sent stays, and every bound holds."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from desks import Desk, desk
from serving import serving
from tusclient.client import TusClient

from provenance.errors import RegistryError
from provenance.settings import Settings, UploadLimits
from registry.accounts import Scope, new_token
from registry.server.app import create_app
from registry.store import Registry
from registry.uploads import Uploads

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream"}
MB = 1 << 20
LIMITS = UploadLimits(max_bytes=8 * MB, per_token_bytes=12 * MB, total_bytes=16 * MB, hours=1)


@pytest.fixture
def limited_settings(settings: Settings) -> Settings:
    server = settings.server.model_copy(update={"uploads": LIMITS, "max_file_bytes": 4 * MB})
    return settings.model_copy(update={"server": server})


@pytest.fixture
def client(limited_settings: Settings, registry: Registry) -> Iterator[httpx.Client]:
    with serving(create_app(limited_settings)) as asking:
        yield asking


@pytest.fixture
def sender(registry: Registry, client: httpx.Client) -> Iterator[Desk]:
    with desk(registry, client) as made:
        yield made


def begin(who: Desk, length: int) -> str:
    made = who.http.post("/v1/uploads", headers=TUS | {"Upload-Length": str(length)})
    assert made.status_code == 201, made.text
    assert "upload-expires" in made.headers
    return made.headers["location"]


def part(who: Desk, where: str, offset: int, data: bytes) -> httpx.Response:
    return who.http.patch(where, headers=PART | {"Upload-Offset": str(offset)}, content=data)


def offset_of(who: Desk, where: str) -> int:
    return int(who.http.head(where, headers=TUS).headers["upload-offset"])


def test_another_implementation_of_the_protocol_sends_and_resumes(
    sender: Desk, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(3 * MB + 17))
    tus = TusClient(str(sender.http.base_url.join("/v1/uploads")), dict(sender.http.headers))
    with file.open("rb") as stream:
        uploader = tus.uploader(file_stream=stream, chunk_size=MB, metadata={"filename": "a/../ü"})
        uploader.upload(stop_at=2 * MB)
        assert offset_of(sender, str(uploader.url)) == 2 * MB
        tus.uploader(file_stream=stream, chunk_size=MB, url=uploader.url).upload()
    (kept,) = settings.uploads.glob("*/upload")
    assert kept.read_bytes() == file.read_bytes()
    said = sender.http.head(str(uploader.url), headers=TUS).headers
    assert said["upload-metadata"].startswith("filename ")
    assert said["cache-control"] == "no-store"


def test_the_server_says_what_it_takes(client: httpx.Client) -> None:
    said = client.options("/v1/uploads").headers
    assert said["tus-version"] == "1.0.0"
    assert said["tus-max-size"] == str(8 * MB)
    assert set(said["tus-extension"].split(",")) == {"creation", "expiration", "termination"}


def test_what_came_before_the_connection_broke_is_kept_by_the_next_server(
    limited_settings: Settings, registry: Registry, sender: Desk
) -> None:
    where = begin(sender, 3 * MB)
    assert part(sender, where, 0, b"a" * MB).headers["upload-offset"] == str(MB)
    head = f"PATCH {where} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sender.text}\r\nContent-Length: {MB}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (PART | {"Upload-Offset": str(MB)}).items())
    with socket.create_connection((sender.http.base_url.host, sender.http.base_url.port or 0)) as line:
        line.sendall(head.encode() + b"\r\n" + b"b" * 1000)
        time.sleep(0.3)
    for _ in range(50):
        if offset_of(sender, where) == MB + 1000:
            break
        time.sleep(0.1)
    with serving(create_app(limited_settings)) as other, desk(registry, other) as stranger:
        assert stranger.http.head(where, headers=TUS).status_code == 404
        with httpx.Client(base_url=other.base_url, headers={"Authorization": f"Bearer {sender.text}"}) as again:
            assert again.head(where, headers=TUS).headers["upload-offset"] == str(MB + 1000)


def test_parts_must_follow_each_other(sender: Desk) -> None:
    where = begin(sender, 100)
    assert part(sender, where, 10, b"x").json()["code"] == "upload.offset"
    assert part(sender, where, 0, b"x" * 40).status_code == 204
    assert part(sender, where, 0, b"x").status_code == 409
    assert offset_of(sender, where) == 40
    early = sender.http.post("/v1/assets", params={"upload": where.rsplit("/", 1)[1]})
    assert (early.status_code, early.json()["code"]) == (409, "upload.incomplete")


def test_an_endless_upload_is_cut_at_its_promised_length(sender: Desk, settings: Settings) -> None:
    where = begin(sender, 1000)

    def endless() -> Iterator[bytes]:
        for _ in range(2000):
            yield b"x" * 1000

    headers = PART | {"Upload-Offset": "0"}
    # The server may hang up on who does not stop.
    with suppress(httpx.TransportError):
        assert sender.http.patch(where, headers=headers, content=endless()).status_code == 413
    (kept,) = settings.uploads.glob("*/upload")
    assert kept.stat().st_size == 1000


def test_a_part_is_bounded_too(sender: Desk) -> None:
    where = begin(sender, 8 * MB)
    assert part(sender, where, 0, b"x" * (4 * MB + 1)).status_code == 413


def test_sizes_are_bounded_by_file_by_token_and_together(
    sender: Desk, registry: Registry, client: httpx.Client
) -> None:
    def codes(who: Desk, *lengths: int) -> list[str | int]:
        made = [who.http.post("/v1/uploads", headers=TUS | {"Upload-Length": str(length)}) for length in lengths]
        return [answer.status_code if answer.is_success else answer.json()["code"] for answer in made]

    assert codes(sender, 0, -1, 8 * MB + 1) == ["upload.too_large"] * 3
    assert codes(sender, 8 * MB, 4 * MB, 1) == [201, 201, "upload.quota"]
    with desk(registry, client) as other:
        assert codes(other, 4 * MB, 1) == [201, "upload.no_room"]


def test_an_upload_is_its_sender_s_alone_and_can_be_ended(
    sender: Desk, registry: Registry, client: httpx.Client, settings: Settings
) -> None:
    where = begin(sender, 100)
    with desk(registry, client) as other:
        assert other.http.head(where, headers=TUS).status_code == 404
        assert part(other, where, 0, b"x").status_code == 404
        assert other.http.delete(where, headers=TUS).status_code == 404
    with desk(registry, client, role="reader") as reader:
        # A clip to be checked, which may not be as large as what is registered.
        assert reader.http.delete(begin(reader, 1), headers=TUS).status_code == 204
        large = reader.http.post("/v1/uploads", headers=TUS | {"Upload-Length": str(4 * MB + 1)})
        assert (large.status_code, large.json()["code"]) == (413, "upload.too_large")
    _, text = new_token(registry, "reads", role="reader", owner=None, valid=None, scopes=[Scope.READ])
    only_reads = TUS | {"Upload-Length": "1", "Authorization": f"Bearer {text}"}
    assert client.post("/v1/uploads", headers=only_reads).status_code == 403
    assert client.post("/v1/uploads", headers=TUS | {"Upload-Length": "1"}).status_code == 401
    assert sender.http.delete(where, headers=TUS).status_code == 204
    assert sender.http.head(where, headers=TUS).status_code == 404
    assert list(settings.uploads.glob("*/upload")) == []


def test_who_does_not_speak_the_protocol_is_told(sender: Desk) -> None:
    where = begin(sender, 100)
    assert sender.http.head(where).status_code == 412
    assert sender.http.post("/v1/uploads", headers={"Upload-Length": "1"}).headers["tus-version"] == "1.0.0"
    plain = sender.http.patch(where, headers=TUS | {"Upload-Offset": "0"}, content=b"x")
    assert plain.status_code == 415
    assert sender.http.post("/v1/uploads", headers=TUS).status_code == 400
    long = TUS | {"Upload-Length": "1", "Upload-Metadata": "x" * 2001}
    assert sender.http.post("/v1/uploads", headers=long).status_code == 400


@pytest.mark.parametrize("name", ["..", "../about", "%2e%2e%2fx", "0" * 31, "0" * 33, "\0"])
def test_an_upload_has_no_other_name_than_ours(tmp_path: Path, name: str) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMITS)
    for ask in (uploads.find, uploads.path, uploads.remove):
        with pytest.raises(RegistryError) as caught:
            ask(name, "holder")
        assert caught.value.code == "upload.unknown"


def test_unfinished_uploads_expire_and_make_room(tmp_path: Path) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    uploads = Uploads(tmp_path / "uploads", LIMITS, clock=lambda: moment)
    first = uploads.create("holder", 8 * MB)
    with uploads.appending(first.upload_id, "holder", 0) as sink:
        sink.write(b"x")
        with pytest.raises(RegistryError, match="another request"):
            uploads.appending(first.upload_id, "holder", 0).__enter__()
    assert uploads.find(first.upload_id, "holder").offset == 1
    moment += timedelta(hours=1)
    with pytest.raises(RegistryError, match="no such upload"):
        uploads.find(first.upload_id, "holder")
    uploads.create("holder", 8 * MB)
    assert len(list((tmp_path / "uploads").glob("*/upload"))) == 1


def test_a_torn_note_about_an_upload_is_no_upload(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", LIMITS)
    made = uploads.create("holder", 10)
    (tmp_path / "uploads" / made.upload_id / "about.json").write_text('{"upload_id"')
    with pytest.raises(RegistryError):
        uploads.find(made.upload_id, "holder")
    uploads.create("holder", 10)
    assert not (tmp_path / "uploads" / made.upload_id).exists()
