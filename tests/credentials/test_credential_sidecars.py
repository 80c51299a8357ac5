"""Credentials that are not in the file: sidecars, and remote addresses, which are never fetched."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from credential_world import World, sign

from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError

Signed = Callable[[str], Path]


@pytest.fixture
def webm(world: World, media: Path, tmp_path: Path) -> Path:
    """A signed file that cannot embed its manifest; the sidecar's bytes are in ``store`` beside it."""
    store = sign(media / "a.webm", tmp_path / "clip.webm", world.newsroom, embed=False)
    (tmp_path / "store").write_bytes(store)
    return tmp_path / "clip.webm"


@pytest.mark.parametrize("name", ["clip.webm.c2pa", "clip.c2pa"])
def test_a_sidecar_beside_the_file_is_found(world: World, webm: Path, name: str) -> None:
    shutil.copy(webm.with_name("store"), webm.with_name(name))
    credential = world.read(webm)
    assert credential.state is CredentialState.AUTHENTIC
    assert credential.sidecar
    assert credential.manifest == webm.with_name("store").read_bytes()
    assert credential.signer is not None
    assert credential.hard_binding is not None


def test_without_its_sidecar_it_has_nothing(world: World, webm: Path) -> None:
    credential = world.read(webm)
    assert credential.state is CredentialState.UNSUPPORTED
    assert not credential.sidecar


def test_a_sidecar_that_may_belong_to_another_file_is_left_alone(world: World, webm: Path, media: Path) -> None:
    shutil.copy(webm.with_name("store"), webm.with_name("clip.c2pa"))
    shutil.copy(media / "a.mp4", webm.with_name("clip.mp4"))
    assert world.read(webm).state is CredentialState.UNSUPPORTED
    assert world.read(webm.with_name("clip.mp4")).state is CredentialState.NONE


def test_a_sidecar_of_other_content_is_content_changed(world: World, webm: Path) -> None:
    shutil.copy(webm.with_name("store"), webm.with_name("clip.webm.c2pa"))
    data = bytearray(webm.read_bytes())
    data[-5] ^= 1
    webm.write_bytes(data)
    assert world.read(webm).state is CredentialState.CONTENT_CHANGED


def test_a_sidecar_of_garbage_is_broken(world: World, webm: Path) -> None:
    webm.with_name("clip.webm.c2pa").write_bytes(b"garbage" * 50)
    credential = world.read(webm)
    assert credential.state is CredentialState.BROKEN
    assert credential.sidecar


def test_an_embedded_manifest_goes_before_a_sidecar(world: World, signed: Signed, tmp_path: Path) -> None:
    shutil.copy(signed("a.jpg"), tmp_path / "a.jpg")
    (tmp_path / "a.jpg.c2pa").write_bytes(b"garbage" * 50)
    credential = world.read(tmp_path / "a.jpg")
    assert credential.state is CredentialState.AUTHENTIC
    assert not credential.sidecar


def test_a_sidecar_that_is_named_goes_before_an_embedded_manifest(world: World, media: Path, tmp_path: Path) -> None:
    store = sign(media / "a.jpg", tmp_path / "a.jpg", world.newsroom)
    (tmp_path / "other.c2pa").write_bytes(store)
    assert world.read(tmp_path / "a.jpg", sidecar=tmp_path / "other.c2pa").sidecar


def test_a_sidecar_that_is_missing_is_an_error(world: World, webm: Path) -> None:
    with pytest.raises(CredentialError) as caught:
        world.read(webm, sidecar=webm.with_name("absent.c2pa"))
    assert caught.value.code == "credential.sidecar"


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and the requests that reached it."""
    requests: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/manifest.c2pa", requests
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4", "a.png"])
def test_a_remote_address_is_told_and_never_fetched(
    world: World, media: Path, tmp_path: Path, listener: tuple[str, list[str]], name: str
) -> None:
    url, requests = listener
    sign(media / name, tmp_path / name, world.newsroom, remote_url=url, embed=False)
    credential = world.read(tmp_path / name)
    assert credential.state is CredentialState.UNSUPPORTED
    assert credential.remote_url == url
    assert credential.codes == ("manifest.inaccessible",)
    assert requests == []


def test_an_embedded_manifest_with_a_remote_address_is_read_without_fetching(
    world: World, media: Path, tmp_path: Path, listener: tuple[str, list[str]]
) -> None:
    url, requests = listener
    sign(media / "a.jpg", tmp_path / "a.jpg", world.newsroom, remote_url=url)
    assert world.read(tmp_path / "a.jpg").state is CredentialState.AUTHENTIC
    assert requests == []
