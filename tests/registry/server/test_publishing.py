"""Registering at a registry elsewhere: in parts, resumed, and with a token that stays secret."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from desks import HERALD, Desk, desk, trust_the_newsrooms
from newsroom import Newsroom, make_photo

from provenance.cli import main
from provenance.settings import Settings, load_settings
from registry.accounts import add_organisation, new_token
from registry.assets import list_assets, show_asset
from registry.client import sending
from registry.client.connection import Connection
from registry.client.sending import Sending
from registry.store import Registry, create_registry


@pytest.fixture
def herald(http: httpx.Client, registry: Registry, newsroom: Newsroom, settings: Settings) -> Iterator[Desk]:
    trust_the_newsrooms(newsroom, settings)
    with desk(registry, http) as made:
        yield made


@pytest.fixture
def home(newsroom: Newsroom, tmp_path: Path, herald: Desk) -> Path:
    """A publisher's home: trust and kept reference copies, no registry."""
    folder = tmp_path / "publisher"
    shutil.copytree(newsroom.settings.home, folder)
    (folder / "token").write_text(herald.text + "\n")
    return folder


def run(home: Path, http: httpx.Client, *arguments: object) -> Result:
    elsewhere = ["--registry", str(http.base_url), "--token-file", str(home / "token")]
    return CliRunner().invoke(main, ["--home", str(home), *map(str, arguments), *elsewhere])


def test_a_publisher_registers_and_looks_after_its_assets_elsewhere(
    newsroom: Newsroom, home: Path, http: httpx.Client, registry: Registry, herald: Desk
) -> None:
    clip, photo = newsroom.clip, newsroom.photo
    made = run(home, http, "register", clip.path, photo.path, "--embargo", "--json")
    assert made.exit_code == 0, made.output
    assert [(one["asset_id"], one["created"]) for one in json.loads(made.stdout)] == [
        (clip.asset_id, True),
        (photo.asset_id, True),
    ]
    assert clip.reference is not None
    record = show_asset(registry, clip.asset_id)
    assert record.embargoed
    assert record.original.reference_sha256 == clip.reference.sha256
    assert record.events[0].actor == herald.token.actor
    assert "was registered already" in run(home, http, "register", clip.path).stdout
    assert run(home, http, "assets", "release", clip.asset_id).exit_code == 0
    assert run(home, http, "assets", "supersede", clip.asset_id, photo.asset_id).exit_code == 0
    assert run(home, http, "assets", "withdraw", clip.asset_id, "--reason", "a test").exit_code == 0
    events = show_asset(registry, clip.asset_id).events
    assert [event.kind for event in events] == ["registered", "released", "superseded", "withdrawn"]
    assert not (home / "registry.db").exists()
    assert list((home / "sending").iterdir()) == []


def test_the_file_may_stay_at_home(newsroom: Newsroom, home: Path, http: httpx.Client, registry: Registry) -> None:
    made = run(home, http, "register", newsroom.clip.path, "--without-file")
    assert made.exit_code == 0, made.output
    assert show_asset(registry, newsroom.clip.asset_id).events[0].detail["content_checked"] is False
    shutil.rmtree(home / "references")
    missing = run(home, http, "register", newsroom.photo.path, "--without-file")
    assert (missing.exit_code, "register.needs_file" in missing.stderr) == (1, True)


def test_a_refusal_is_told_in_the_registry_s_words_and_without_the_token(
    newsroom: Newsroom, home: Path, http: httpx.Client, registry: Registry, tmp_path: Path, herald: Desk
) -> None:
    foreign = newsroom.sign(newsroom.photo.path, tmp_path / "courier.jpg", newsroom.courier)
    done = run(home, http, "--verbose", "register", foreign.path)
    assert done.exit_code == 1
    assert "registry.other_owner" in done.stderr
    (home / "token").write_text("prvt_000000000000_" + "0" * 64)
    unknown = run(home, http, "--verbose", "register", newsroom.photo.path)
    assert "token.invalid" in unknown.stderr
    said = done.output + unknown.output
    assert herald.text not in said
    assert "0" * 64 not in said
    assert list_assets(registry, 10) == []


def test_whoever_comes_second_is_told_of_the_first(
    newsroom: Newsroom, home: Path, http: httpx.Client, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    foreign = newsroom.sign(newsroom.photo.path, tmp_path / "courier.jpg", newsroom.courier)
    newsroom.register(registry, foreign.path, settings)
    done = run(home, http, "register", newsroom.photo.path)
    assert done.exit_code == 0, done.output
    assert f"another owner registered the same picture: {foreign.asset_id}" in done.stderr


def test_signing_registers_elsewhere_too(
    http: httpx.Client, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "publisher"
    assert CliRunner().invoke(main, ["--home", str(home), "init"]).exit_code == 0
    shutil.copytree(home / "trust", settings.anchors)
    photo = make_photo(tmp_path / "photo.jpg")
    first = CliRunner().invoke(main, ["--home", str(home), "sign", str(photo), "-o", str(tmp_path / "signed.jpg")])
    assert first.exit_code == 0, first.output
    told = json.loads(
        CliRunner().invoke(main, ["--home", str(home), "inspect", str(tmp_path / "signed.jpg"), "--json"]).stdout
    )
    owner = f"organisation:{told['signer']['organisation']}"
    add_organisation(registry, owner)
    (home / "token").write_text(new_token(registry, "desk", role="publisher", owner=owner, valid=None)[1])
    again = run(home, http, "sign", photo, "-o", tmp_path / "again.jpg", "--register")
    assert again.exit_code == 0, again.output
    assert "registered  yes, entry 0 of the log" in again.stdout
    (line,) = list_assets(registry, 10)
    assert line.title == "photo.jpg"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sending, "PART_BYTES", 100_000)
    return 100_000


class BrokenOffError(Exception):
    """What a test breaks an upload off with."""


def test_what_was_sent_is_not_sent_again_by_the_next_run(
    http: httpx.Client, herald: Desk, settings: Settings, tmp_path: Path, parts: int
) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(5 * parts + 1))
    seen: list[int] = []

    def watch(offset: int) -> None:
        seen.append(offset)
        if len(seen) == 3:
            raise BrokenOffError

    with Connection(str(http.base_url), herald.text) as connection:
        with pytest.raises(BrokenOffError):
            Sending(connection, file, tmp_path / "notes").send(watch)
        again = Sending(connection, file, tmp_path / "notes")
        upload_id = again.send(seen.append)
        assert seen == [0, parts, 2 * parts, 2 * parts, 3 * parts, 4 * parts, 5 * parts, 5 * parts + 1]
        assert (settings.uploads / upload_id / "upload").read_bytes() == file.read_bytes()
        again.done()
        assert Sending(connection, file, tmp_path / "notes").send(seen.append) != upload_id


class KilledServer:
    """``provenance serve`` in a process of its own, that can be killed and started again at the same port."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "provenance.cli", "--home", str(self._home), "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        address = self._process.stderr.readline().split(" at ")[1].split()[0]
        self.port = httpx.URL(address).port or 0
        self.address = address

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        assert self._process.stderr is not None
        self._process.stderr.close()


def test_an_upload_outlives_a_server_that_is_killed(tmp_path: Path, parts: int) -> None:
    settings = load_settings(tmp_path / "home")
    with create_registry(settings) as registry:
        add_organisation(registry, HERALD)
        _, text = new_token(registry, "desk", role="publisher", owner=HERALD, valid=None)
    file = tmp_path / "file"
    file.write_bytes(os.urandom(4 * parts))
    server = KilledServer(settings.home)
    try:

        def kill_once(offset: int) -> None:
            if offset == 2 * parts and not killed:
                killed.append(offset)
                server.kill()
                server.start()

        killed: list[int] = []
        with Connection(server.address, text, sleep=lambda _seconds: time.sleep(0.5)) as connection:
            upload_id = Sending(connection, file, tmp_path / "notes").send(kill_once)
        assert killed
        assert (settings.uploads / upload_id / "upload").read_bytes() == file.read_bytes()
    finally:
        server.kill()
