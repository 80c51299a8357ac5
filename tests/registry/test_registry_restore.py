"""Restoring: all or nothing, into an empty registry only, and from nothing but an undamaged backup."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from click.testing import CliRunner
from newsroom import Newsroom
from postgres import BACKENDS
from sqlalchemy import text

from provenance.cli import main
from provenance.errors import ProvenanceError, RegistryError
from provenance.settings import Settings, load_settings
from registry.backup import back_up, faults
from registry.databases import database_of
from registry.log.sequencing import recording
from registry.restore import restore
from registry.store import create_registry, open_registry

Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture(scope="session")
def backup(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a registry with the photograph, on SQLite; its log's key lies beside it."""
    folder = tmp_path_factory.mktemp("backup")
    settings = load_settings(folder / "home")
    with create_registry(settings) as registry:
        newsroom.register(registry, newsroom.photo.path, settings)
        back_up(registry, folder / "backup.tar", work=folder / "work")
    shutil.copy(settings.log / "key.pem", folder)
    return folder / "backup.tar"


def rewritten(backup: Path, target: Path, change: Callable[[list[Member]], list[Member]]) -> Path:
    """The backup with other members."""
    with tarfile.open(backup) as tar:
        members = [(entry, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]
    with tarfile.open(target, "w") as tar:
        for entry, data in change(members):
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return target


def entry(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    return made


def refused(settings: Settings, source: Path) -> str:
    """The code of the error; afterwards there is still no registry."""
    with pytest.raises(ProvenanceError) as caught:
        restore(settings, source, work=settings.home / "work")
    assert caught.value.hint
    with pytest.raises(RegistryError) as absent:
        open_registry(settings)
    assert absent.value.code == "registry.absent"
    assert not (settings.home / "work").exists()
    return caught.value.code


@BACKENDS
def test_a_backup_is_restored_into_a_new_or_an_empty_registry(
    newsroom: Newsroom, backup: Path, settings: Settings
) -> None:
    with create_registry(settings):
        pass
    shutil.copy(backup.parent / "key.pem", settings.log)
    done = restore(settings, backup, work=settings.home / "work")
    assert (done.assets, done.blobs, done.log_fault) == (1, 2, None)
    with open_registry(settings) as registry:
        assert list(faults(registry)) == []
        assert newsroom.register(registry, newsroom.photo.path, settings).created is False
        assert newsroom.register(registry, newsroom.clip.path, settings).created is True


@BACKENDS
def test_nothing_is_restored_over_what_is_registered(newsroom: Newsroom, backup: Path, settings: Settings) -> None:
    with create_registry(settings) as registry:
        newsroom.register(registry, newsroom.clip.path, settings)
    with pytest.raises(RegistryError) as caught:
        restore(settings, backup, work=settings.home / "work")
    assert caught.value.code == "restore.not_empty"
    with open_registry(settings) as registry:
        assert list(faults(registry)) == []
        assert newsroom.register(registry, newsroom.clip.path, settings).created is False


CHANGES: dict[str, tuple[Callable[[list[Member]], list[Member]], str]] = {
    "a blob is missing": (lambda members: members[:-1], "restore.incomplete"),
    "a blob is changed": (lambda members: [*members[:-1], (members[-1][0], members[-1][1] + b"!")], "restore.damaged"),
    "an empty database": (lambda members: [(members[0][0], b""), *members[1:]], "restore.not_a_backup"),
    "no database": (lambda members: [(members[0][0], b"SQLite format 3\0" * 99), *members[1:]], "registry.corrupt"),
    "no file of it": (lambda members: members[1:], "restore.not_a_backup"),
    "another file": (lambda members: [*members, (entry("../escaped"), b"")], "restore.not_a_backup"),
    "a blob twice": (lambda members: [*members, members[-1]], "restore.not_a_backup"),
    "a blob too many": (lambda members: [*members, (entry(f"blobs/00/{'0' * 64}"), b"")], "restore.not_a_backup"),
    "a link": (lambda members: [(entry("registry.db", tarfile.SYMTYPE), b""), *members[1:]], "restore.not_a_backup"),
    "nothing": (lambda _: [], "restore.not_a_backup"),
}


@pytest.mark.parametrize("what", CHANGES)
@BACKENDS
def test_what_is_no_whole_backup_leaves_no_registry(
    backup: Path, settings: Settings, tmp_path: Path, what: str
) -> None:
    change, code = CHANGES[what]
    assert refused(settings, rewritten(backup, tmp_path / "changed.tar", change)) == code
    assert not (tmp_path / "escaped").exists()


def test_a_torn_file_and_one_of_another_kind_are_refused(backup: Path, settings: Settings, tmp_path: Path) -> None:
    torn = tmp_path / "torn.tar"
    torn.write_bytes(backup.read_bytes()[:-20_000])
    assert refused(settings, torn) in {"restore.not_a_backup", "restore.incomplete", "restore.damaged"}
    torn.write_bytes(b"not a tar file" * 1000)
    assert refused(settings, torn) == "restore.not_a_backup"
    assert refused(settings, tmp_path / "nowhere.tar") == "restore.failed"


def test_a_row_that_the_database_refuses_takes_all_others_back(
    backup: Path, settings: Settings, tmp_path: Path
) -> None:
    def damage(members: list[Member]) -> list[Member]:
        path = tmp_path / "damaged.db"
        path.write_bytes(members[0][1])
        with sqlite3.connect(path) as connection:
            connection.execute("INSERT INTO manifests VALUES ('nobody', 'nothing')")
        connection.close()
        return [(members[0][0], path.read_bytes()), *members[1:]]

    changed = rewritten(backup, tmp_path / "changed.tar", damage)
    assert refused(settings, changed) == "registry.database"
    assert restore(settings, backup, work=settings.home / "work").assets == 1


def test_a_registry_of_an_older_schema_is_upgraded_on_the_way(settings: Settings, tmp_path: Path) -> None:
    older = load_settings(tmp_path / "older")
    database = database_of(older)
    database.make_place()
    engine = database.engine()
    with engine.execution_options(provenance_writes=True).begin() as connection:
        config = Config()
        config.set_main_option("script_location", "registry:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(text("INSERT INTO organisations VALUES ('organisation:Herald', '2026-01-01T00:00:00Z')"))
    engine.dispose()
    with tarfile.open(tmp_path / "older.tar", "w") as tar:
        tar.add(older.home / "registry.db", "registry.db")
    done = restore(settings, tmp_path / "older.tar", work=settings.home / "work")
    assert (done.assets, done.log_fault) == (0, None)
    with open_registry(settings) as registry, registry.reading() as session:
        assert session.execute(text("SELECT owner FROM organisations")).scalars().all() == ["organisation:Herald"]


def test_the_command_restores_and_says_which_key_is_missing(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"

    def run(*arguments: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, ["--home", str(home), "assets", *map(str, arguments)])
        return done.exit_code, done.stdout, done.stderr

    code, out, err = run("restore", backup)
    assert (code, out) == (0, f"1 assets and 2 blobs restored into {home / 'registry.db'}\n")
    assert "warning: nothing can be recorded yet" in err
    assert "key.pem" in err
    assert not (home / "log" / "key.pem").exists()
    assert run("check")[:2] == (0, "everything holds\n")
    assert run("restore", backup)[0] == 1
    (home / "log").mkdir()
    shutil.copy(backup.parent / "key.pem", home / "log")
    with open_registry(load_settings(home)) as registry, recording(registry):
        pass
