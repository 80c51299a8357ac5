"""What only a server brings: logins, several writers at once, a schema that others can see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from newsroom import Newsroom, filled_tables
from postgres import GUARDED_USER, PostgresServer
from sqlalchemy import text

from provenance.errors import RegistryError
from provenance.settings import Settings, load_settings
from registry.assets import list_assets, release, show_asset, withdraw
from registry.backup import faults
from registry.models import Base
from registry.store import Registry, create_registry, open_registry

PASSWORD = "correct horse"


@pytest.fixture
def backend() -> str:
    return "postgresql"


def refused(settings: Settings) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        open_registry(settings)
    assert caught.value.hint
    return caught.value


def with_url(tmp_path: Path, url: str) -> Settings:
    return load_settings(tmp_path, database_url=url)


def test_migrations_make_exactly_the_tables_of_the_models(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_empty_database_is_no_registry_yet(settings: Settings) -> None:
    assert refused(settings).code == "registry.absent"


def test_a_wrong_password_is_told_and_not_repeated(server: PostgresServer, tmp_path: Path) -> None:
    server.run(f"CREATE DATABASE guarded_registry OWNER {GUARDED_USER}")
    for password in ("hunter2!@/x", "hunter2 'x"):
        error = refused(with_url(tmp_path, server.address("guarded_registry", GUARDED_USER, password)))
        assert error.code == "registry.login"
        assert "hunter2" not in str(error)
        assert "hunter2" not in str(error.__cause__)
    assert refused(with_url(tmp_path, server.address("guarded_registry", GUARDED_USER))).code == "registry.login"
    right = with_url(tmp_path, server.address("guarded_registry", GUARDED_USER, PASSWORD))
    create_registry(right).close()
    with open_registry(right) as registry:
        assert list_assets(registry, 1) == []


def test_a_password_among_the_options_is_not_repeated(server: PostgresServer, tmp_path: Path) -> None:
    url = server.address("postgres", GUARDED_USER) + "&password=hunter2"
    assert "hunter2" not in str(refused(with_url(tmp_path, url)))


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@127.0.0.1:1/x", "postgresql+psycopg://me@/x?host=/nowhere"])
def test_a_server_that_is_down_is_told(tmp_path: Path, url: str) -> None:
    error = refused(with_url(tmp_path, url))
    assert error.code == "registry.unreachable"
    assert "hunter2" not in str(error)


def test_a_database_that_is_not_there_is_told(server: PostgresServer, tmp_path: Path) -> None:
    error = refused(with_url(tmp_path, server.address("nobody_made_it")))
    assert error.code == "registry.unreachable"
    assert "createdb" in str(error.hint)


def test_a_newer_schema_is_refused_and_not_touched(registry: Registry, settings: Settings) -> None:
    with registry.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert refused(settings).code == "registry.newer_schema"
    with pytest.raises(RegistryError) as caught:
        create_registry(settings)
    assert caught.value.code == "registry.newer_schema"


def test_a_database_of_something_else_is_refused(server: PostgresServer, tmp_path: Path) -> None:
    url = server.new_database()
    server.run("CREATE TABLE recipes (name text)", url.split("/")[-1].split("?")[0])
    assert refused(with_url(tmp_path, url)).code == "registry.corrupt"


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events", "TRUNCATE events"])
def test_history_cannot_be_rewritten(
    newsroom: Newsroom, registry: Registry, settings: Settings, statement: str
) -> None:
    done = newsroom.register(registry, newsroom.photo.path, settings)
    with pytest.raises(RegistryError, match="append-only"), registry.writing() as session:
        session.execute(text(statement))
    assert [event.kind for event in show_asset(registry, done.asset_id).events] == ["registered"]


def test_reading_cannot_write_and_sees_one_state(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    with pytest.raises(RegistryError), registry.reading() as session:
        session.execute(text("DELETE FROM assets"))
    count = text("SELECT count(*) FROM assets")
    with registry.reading() as session:
        assert session.execute(count).scalar_one() == 0
        newsroom.register(registry, newsroom.photo.path, settings)
        assert session.execute(count).scalar_one() == 0
    with registry.reading() as session:
        assert session.execute(count).scalar_one() == 1


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads that begin together; what each returned or raised."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        gate.wait(30)
        try:
            return call()
        except RegistryError as error:
            return error.code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_one_asset_registered_many_times_at_once_is_there_once(
    newsroom: Newsroom, registry: Registry, settings: Settings
) -> None:
    done = at_once(*[lambda: newsroom.register(registry, newsroom.photo.path, settings).created] * 4)
    assert sorted(map(bool, done)) == [False, False, False, True]
    assert len(list_assets(registry, 10)) == 1
    assert [event.number for event in show_asset(registry, newsroom.photo.asset_id).events] == [1]
    assert list(faults(registry)) == []


def test_several_assets_are_registered_at_once(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    paths = (newsroom.photo.path, newsroom.clip.path)
    done = at_once(*[lambda path=path: newsroom.register(registry, path, settings).created for path in paths])
    assert done == [True, True]
    assert list(faults(registry)) == []


def test_changes_to_one_asset_wait_for_each_other(newsroom: Newsroom, registry: Registry, settings: Settings) -> None:
    asset_id = newsroom.register(registry, newsroom.photo.path, settings, embargoed=True).asset_id
    done = at_once(
        lambda: withdraw(registry, asset_id, "one", "a"),
        lambda: withdraw(registry, asset_id, "two", "b"),
        lambda: release(registry, asset_id, "c"),
    )
    assert sorted(map(str, done)) == ["None", "None", "asset.withdrawn"]
    events = show_asset(registry, asset_id).events
    assert [event.number for event in events] == [1, 2, 3]


def test_a_registry_made_by_several_at_once_is_made_once(settings: Settings) -> None:
    done = at_once(*[lambda: create_registry(settings).close()] * 3)
    assert done == [None] * 3
    with open_registry(settings) as registry, registry.reading() as session:
        for table in filled_tables():
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
