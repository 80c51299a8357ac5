"""The database: made whole, opened safely, refused clearly."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from provenance.errors import RegistryError
from provenance.settings import Settings, load_settings
from registry import store as store_module
from registry.models import REVISIONS, SLOTS, Base
from registry.store import Registry, create_registry, open_registry


def refused(settings: Settings) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        open_registry(settings)
    assert caught.value.hint
    return caught.value


def test_migrations_make_exactly_the_tables_of_the_models(registry: Registry) -> None:
    for name in ("account_models", "checks.models", "log.models", "revocations", "sighting_models"):
        import_module(f"registry.{name}")
    with registry.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_known_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "registry:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_band_and_sound_tables_have_no_hidden_row_numbers(registry: Registry) -> None:
    with registry.reading() as session:
        for table in (table.name for slot in SLOTS for table in slot.all):
            statement = session.execute(text(f"SELECT sql FROM sqlite_master WHERE name = '{table}'")).scalar_one()
            assert "WITHOUT ROWID" in statement


@pytest.mark.parametrize(
    ("pragma", "value"), [("foreign_keys", 1), ("synchronous", 2), ("journal_mode", "wal"), ("busy_timeout", 10_000)]
)
def test_every_connection_is_durable_and_checks_references(registry: Registry, pragma: str, value: object) -> None:
    with registry.reading() as first, registry.reading() as second:
        for session in (first, second):
            assert session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_registry_without_a_write_ahead_log_waits_for_who_writes_to_get_one(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    create_registry(settings).close()
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None, check_same_thread=False)) as writer:
        assert writer.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(f"INSERT INTO blobs VALUES ('{'a' * 64}', 1, 'x/y')")
        done = threading.Timer(0.3, writer.execute, ("COMMIT",))
        done.start()
        with open_registry(settings) as registry, registry.reading() as session:
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert session.execute(text("SELECT count(*) FROM blobs")).scalar_one() == 1
        done.join()


def test_a_row_that_refers_to_nothing_is_refused(registry: Registry) -> None:
    with pytest.raises(RegistryError) as caught, registry.writing() as session:
        session.execute(text("INSERT INTO manifests VALUES ('nobody', 'nothing')"))
    assert caught.value.code == "registry.database"
    assert "FOREIGN KEY" in str(caught.value.found)


def insert_then_fail(registry: Registry) -> None:
    with registry.writing() as session:
        session.execute(text(f"INSERT INTO blobs VALUES ('{'a' * 64}', 1, 'x/y')"))
        session.execute(text("INSERT INTO blobs VALUES (NULL, 1, 'x/y')"))


def test_a_failed_transaction_leaves_nothing(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="NOT NULL"):
        insert_then_fail(registry)
    with registry.reading() as session:
        assert session.execute(text("SELECT count(*) FROM blobs")).scalar_one() == 0


def test_opening_never_makes_a_registry(settings: Settings) -> None:
    assert refused(settings).code == "registry.absent"
    assert "provenance init" in str(refused(settings).hint)
    assert not settings.home.exists()


def test_an_empty_file_is_no_registry(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "registry.db").touch()
    assert refused(settings).code == "registry.absent"


def test_making_a_registry_again_changes_nothing(settings: Settings) -> None:
    with create_registry(settings) as registry, registry.writing() as session:
        session.execute(text(f"INSERT INTO blobs VALUES ('{'a' * 64}', 1, 'x/y')"))
    with create_registry(settings) as registry, registry.reading() as session:
        assert session.execute(text("SELECT count(*) FROM blobs")).scalar_one() == 1


def test_garbage_is_refused_and_left_as_it_is(settings: Settings) -> None:
    settings.home.mkdir()
    path = settings.home / "registry.db"
    path.write_bytes(b"this was never a database " * 400)
    before = path.read_bytes()
    assert refused(settings).code == "registry.corrupt"
    with pytest.raises(RegistryError) as caught:
        create_registry(settings)
    assert caught.value.code == "registry.corrupt"
    assert path.read_bytes() == before


def test_a_torn_database_is_refused(settings: Settings) -> None:
    create_registry(settings).close()
    path = settings.home / "registry.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 30_000)
    assert refused(settings).code == "registry.corrupt"


def test_damage_met_in_mid_use_is_named(registry: Registry) -> None:
    with registry.writing() as session:
        session.execute(text("DROP TABLE sound_keys_0"))
    with pytest.raises(RegistryError) as caught, registry.reading() as session:
        session.execute(text("SELECT * FROM sound_keys_0"))
    assert caught.value.code == "registry.corrupt"


def test_a_database_of_something_else_is_refused(settings: Settings) -> None:
    settings.home.mkdir()
    with sqlite3.connect(settings.home / "registry.db") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    assert refused(settings).code == "registry.corrupt"


def test_a_newer_schema_is_refused_and_not_touched(settings: Settings) -> None:
    create_registry(settings).close()
    with sqlite3.connect(settings.home / "registry.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert refused(settings).code == "registry.newer_schema"
    with pytest.raises(RegistryError) as caught:
        create_registry(settings)
    assert caught.value.code == "registry.newer_schema"
    with sqlite3.connect(settings.home / "registry.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


def test_an_older_schema_is_upgraded_only_when_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    create_registry(settings).close()
    monkeypatch.setattr(store_module, "REVISIONS", (*REVISIONS, "next"))
    error = refused(settings)
    assert error.code == "registry.older_schema"
    assert "provenance init" in str(error.hint)


def test_a_failed_upgrade_leaves_no_half_made_schema(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "REVISIONS", ("no such revision",))
    with pytest.raises(Exception, match="no such revision"):
        create_registry(settings)
    monkeypatch.undo()
    assert refused(settings).code == "registry.absent"


@pytest.mark.parametrize(
    "address", ["mysql://db/x", "postgresql+asyncpg://db/x", "not an address", "sqlite://", "sqlite:///:memory:"]
)
def test_a_database_that_is_not_a_file_is_refused(tmp_path: Path, address: str) -> None:
    error = refused(load_settings(tmp_path, database_url=address))
    assert error.code == "registry.unsupported_database"


def test_a_password_in_the_address_is_not_repeated(tmp_path: Path) -> None:
    error = refused(load_settings(tmp_path, database_url="mysql://me:hunter2@db/x"))
    assert "hunter2" not in str(error)


def test_a_home_with_odd_characters_works(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "a b?c%20#d")
    create_registry(settings).close()
    open_registry(settings).close()
    assert (settings.home / "registry.db").stat().st_size > 0


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home")
    settings.home.write_text("in the way")
    with pytest.raises(RegistryError) as caught:
        create_registry(settings)
    assert caught.value.code == "registry.write"


@pytest.mark.parametrize("verb", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events"])
def test_history_cannot_be_rewritten(registry: Registry, verb: str) -> None:
    with registry.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF").close()
        connection.commit()
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("INSERT INTO events VALUES ('x', 1, 'registered', '2026', 'me', '{}')")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(verb)
