"""An audit from outside finds every way in which a log can lie, in process and over HTTP."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from synthetic_assets import add_asset, frame_prints

from provenance.cli import main
from provenance.errors import LogError, RegistryError
from provenance.settings import load_settings
from registry.assets import add_event
from registry.log.leaves import MAX_LEAF_BYTES
from registry.log.local import LocalLog
from registry.log.sequencing import recording, replace_key
from registry.log.sources import MAX_RESOURCE_BYTES, HttpLog
from registry.store import Registry, create_registry, open_registry

LIE = "UPDATE log_leaves SET data = CAST(replace(data, 'released', 'releasef') AS BLOB) WHERE leaf_index = 77"


def fill(home: Path, count: int, name: str = "asset") -> None:
    """A registry with one asset and that many more events."""
    with create_registry(load_settings(home)) as registry:
        with registry.reading() as session:
            known = session.connection().exec_driver_sql("SELECT count(*) FROM assets").scalar_one()
        if not known:
            add_asset(registry, name, frame_prints(np.zeros((1, 32), dtype=np.uint8)))
        with recording(registry) as session:
            for _ in range(count):
                add_event(session, name, "released", registry.now(), "me", {})
                session.flush()


def change(home: Path, *statements: str) -> None:
    """What somebody does who has the database, but not the key."""
    with closing(sqlite3.connect(home / "registry.db")) as connection:
        for statement in ("DROP TRIGGER log_leaves_no_update", "DROP TRIGGER log_leaves_no_delete", *statements):
            connection.execute(statement)
        connection.commit()


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), "log", *map(str, arguments)])


Answer = Callable[[str], tuple[int, bytes, dict[str, str]] | None]


@contextmanager
def served(registry: Registry, instead: Answer = lambda _path: None) -> Iterator[str]:
    """The log of a registry behind a real socket; ``instead`` may answer a path otherwise. Its address."""
    own = LocalLog(registry)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/log/")
            data = own.read(path)
            status, body, headers = instead(path) or (404 if data is None else 200, data or b"", {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Watched:
    """A registry, and the home of somebody else who looks at its log over HTTP."""

    home: Path
    auditor: Path
    address: str
    instead: dict[str, tuple[int, bytes, dict[str, str]]]

    def check(self, *arguments: object) -> Result:
        return run(self.auditor, "check", self.address, *arguments)

    def watch(self, *arguments: object) -> Result:
        return run(self.auditor, "monitor", self.address, "--once", *arguments)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """300 entries: a full bundle, a partial one, and two levels of tiles."""
    home = tmp_path / "home"
    fill(home, 300)
    instead: dict[str, tuple[int, bytes, dict[str, str]]] = {}
    with open_registry(load_settings(home)) as registry, served(registry, instead.get) as address:
        yield Watched(home, tmp_path / "auditor", address, instead)


def test_a_log_that_holds_is_followed(watched: Watched) -> None:
    first = watched.check()
    assert first.exit_code == 0, first.output
    assert "300 entries (300 released); was not seen before" in first.stdout
    assert "pinned" in first.stderr
    fill(watched.home, 10)
    second = watched.watch()
    assert second.exit_code == 0
    assert "310 entries (10 released); goes on from the 300 seen before" in second.stdout
    assert "pinned" not in second.stderr
    whole = json.loads(watched.check("--json").stdout)
    assert (whole["holds"], whole["entries"], whole["seen_before"]) == (True, 310, 310)
    assert "310 entries (nothing new)" in watched.watch().stdout
    (state,) = (watched.auditor / "log" / "seen").iterdir()
    assert state.stat().st_mode & 0o077 == 0


def refused(result: Result, code: str) -> None:
    assert result.exit_code == 6, result.output
    assert f"[{code}]" in result.stdout or f'"{code}"' in result.stdout


def test_a_changed_entry_is_found(watched: Watched) -> None:
    change(watched.home, LIE)
    refused(watched.check(), "log.entries")
    refused(watched.check("--json"), "log.entries")
    refused(watched.watch(), "log.entries")
    assert not list((watched.auditor / "log").rglob("*.json"))


def test_an_entry_changed_after_it_was_seen_is_found(watched: Watched) -> None:
    assert watched.check().exit_code == 0
    change(watched.home, LIE)
    refused(watched.check(), "log.entries")


def test_a_changed_tile_is_found(watched: Watched) -> None:
    change(watched.home, "UPDATE log_tiles SET hashes = zeroblob(32) WHERE level = 1")
    refused(watched.check(), "log.tiles")


def test_what_is_left_out_is_found(watched: Watched) -> None:
    change(watched.home, "DELETE FROM log_leaves WHERE leaf_index = 299")
    refused(watched.check(), "log.withheld")
    watched.instead["tile/entries/001.p/44"] = (200, b"\x00\x05short", {})
    refused(watched.check(), "log.entries")


def test_a_log_that_was_set_back_is_found(watched: Watched, tmp_path: Path) -> None:
    """The operator's own key has signed the old tree: only who has seen the new one can tell."""
    with closing(sqlite3.connect(watched.home / "registry.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "before.db"),))
    fill(watched.home, 5)
    assert watched.check().exit_code == 0
    former = tmp_path / "former"
    shutil.copytree(watched.home / "log", former / "log")
    shutil.copy(tmp_path / "before.db", former / "registry.db")
    with open_registry(load_settings(former)) as registry:
        note = LocalLog(registry).read("checkpoint")
    assert note is not None
    watched.instead["checkpoint"] = (200, note, {})
    refused(watched.check(), "log.rolled_back")
    refused(watched.watch(), "log.rolled_back")
    watched.instead["checkpoint"] = (404, b"", {})
    refused(watched.watch(), "log.rolled_back")
    # What was seen stays remembered.
    watched.instead.clear()
    assert watched.watch().exit_code == 0


def test_a_log_with_two_histories_is_found(watched: Watched, tmp_path: Path) -> None:
    """Signed with the same key, each sound by itself; one of them as long, one longer than what was seen."""
    assert watched.check().exit_code == 0
    (watched.auditor / "log" / "seen").rename(tmp_path / "seen")
    for count in (300, 400):
        other = tmp_path / f"other-{count}"
        shutil.copytree(watched.home / "log", other / "log")
        fill(other, count)
        with open_registry(load_settings(other)) as registry, served(registry) as address:
            auditor = tmp_path / f"auditor-{count}"
            assert run(auditor, "check", address).exit_code == 0
            # The same log under the address that is watched.
            (state,) = (tmp_path / "seen").iterdir()
            (mine,) = (auditor / "log" / "seen").iterdir()
            mine.write_text(state.read_text())
            refused(run(auditor, "check", address), "log.forked")
            refused(run(auditor, "monitor", address, "--once"), "log.forked")


def test_another_key_is_not_taken_until_it_is_given(watched: Watched) -> None:
    assert watched.check().exit_code == 0
    old = run(watched.home, "key").stdout.strip()
    assert watched.check("--key", old).exit_code == 0
    with open_registry(load_settings(watched.home)) as registry:
        replace_key(registry)
    new = run(watched.home, "key").stdout.strip()
    refused(watched.watch(), "log.unknown_key")
    refused(watched.check("--key", old), "log.unknown_key")
    assert watched.watch("--key", new).exit_code == 0
    assert watched.watch().exit_code == 0
    assert "log.vkey" in watched.check("--key", "nonsense").output


def test_a_checkpoint_that_was_changed_on_the_way_is_found(watched: Watched) -> None:
    with open_registry(load_settings(watched.home)) as registry:
        note = LocalLog(registry).read("checkpoint")
    assert note is not None
    watched.instead["checkpoint"] = (200, note.replace(b"\n300\n", b"\n299\n"), {})
    refused(watched.check(), "log.signature")
    watched.instead["checkpoint"] = (200, b"<html>a hotel's page</html>", {})
    refused(watched.check(), "log.format")


def test_what_cannot_be_reached_is_no_fraud(watched: Watched) -> None:
    assert watched.check().exit_code == 0
    for answer in ((503, b"", {}), (302, b"", {"Location": "http://127.0.0.1:9/"})):
        watched.instead["checkpoint"] = answer
        done = watched.watch()
        assert done.exit_code == 1
        assert "log.unreachable" in done.stderr
    done = run(watched.auditor, "monitor", "http://127.0.0.1:9", "--once")
    assert done.exit_code == 1
    assert "log.unreachable" in done.stderr


def test_a_registry_that_asks_for_patience_gets_some(watched: Watched) -> None:
    answers = iter(["9" * 5000, "soon"])
    watched.instead["checkpoint"] = (429, b"", {"Retry-After": "7"})
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        asked = next(answers, None)
        if asked is None:
            del watched.instead["checkpoint"]
        else:
            watched.instead["checkpoint"] = (429, b"", {"Retry-After": asked})

    with HttpLog(watched.address, sleep=sleep) as source:
        assert source.read("checkpoint")
    assert waits == [7, 30, 1]
    watched.instead["checkpoint"] = (429, b"", {})
    with HttpLog(watched.address, sleep=waits.append) as source, pytest.raises(RegistryError) as caught:
        source.read("checkpoint")
    assert (caught.value.code, len(waits)) == ("log.unreachable", 7)


def test_answers_are_bounded(watched: Watched) -> None:
    watched.instead["checkpoint"] = (200, b"x" * (MAX_RESOURCE_BYTES + 1), {})
    watched.instead["key"] = (200, b"x" * 100, {"Content-Encoding": "gzip"})
    watched.instead["tile/entries/000"] = (200, b"\xff\xff" + bytes(0xFFFF) * 2, {})
    with HttpLog(watched.address) as source:
        with pytest.raises(LogError) as caught:
            source.read("checkpoint")
        assert caught.value.code == "log.format"
        with pytest.raises(RegistryError) as unreachable:
            source.read("key")
        assert unreachable.value.code == "log.unreachable"
    del watched.instead["checkpoint"], watched.instead["key"]
    refused(watched.check(), "log.entries")
    assert MAX_LEAF_BYTES < 0xFFFF


@pytest.mark.parametrize(
    "address",
    ["ftp://example.com", "example.com", "http://user:secret@example.com/", "http://", "http://x/?a=b", "\x00"],
)
def test_an_address_that_cannot_be_asked_is_refused_without_repeating_it(tmp_path: Path, address: str) -> None:
    done = run(tmp_path, "check", address)
    assert done.exit_code == 1
    assert "log.address" in done.stderr
    assert "secret" not in done.output


def test_a_damaged_memory_is_said_and_not_overwritten(watched: Watched) -> None:
    assert watched.check().exit_code == 0
    (state,) = (watched.auditor / "log" / "seen").iterdir()
    kept = json.loads(state.read_text())
    for damage in ("", "[]", json.dumps(kept | {"roots": kept["roots"][:-1]}), json.dumps(kept | {"vkey": "x"})):
        state.write_text(damage)
        done = watched.check()
        assert done.exit_code == 1
        assert "log.memory" in done.stderr
        assert state.read_text() == damage


def test_ones_own_registry_is_checked_by_the_same_code(watched: Watched, tmp_path: Path) -> None:
    assert run(watched.home, "check").exit_code == 0
    change(watched.home, LIE)
    refused(run(watched.home, "check"), "log.entries")
    empty = tmp_path / "empty"
    create_registry(load_settings(empty)).close()
    done = run(empty, "check")
    assert done.exit_code == 1
    assert "nothing is in it yet" in done.stderr
    assert run(empty, "key").stdout.startswith("provenance-registry/")


def test_a_new_key_is_made_only_when_that_was_meant(watched: Watched) -> None:
    old = run(watched.home, "key").stdout
    asked = CliRunner().invoke(main, ["--home", str(watched.home), "log", "new-key"], input="n\n")
    assert asked.exit_code == 1
    assert run(watched.home, "key").stdout == old
    done = run(watched.home, "new-key", "--yes")
    assert done.exit_code == 0
    assert run(watched.home, "key").stdout == done.stdout != old
