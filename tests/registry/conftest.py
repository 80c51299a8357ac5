"""Fixtures of the registry's tests: signed files made once a run, and a fresh registry for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, make_newsroom
from postgres import PostgresServer, running_server
from sqlalchemy.engine import make_url

from provenance.settings import Settings, load_settings
from registry.store import Registry, create_registry, make_tables


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return make_newsroom(tmp_path_factory.mktemp("newsroom"))


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """What the registry is kept in: SQLite, unless the test is marked with ``postgres.BACKENDS``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the tables of a registry and nothing in them. Copy it."""
    settings = load_settings(tmp_path_factory.mktemp("empty") / "home")
    make_tables(settings)
    return settings.home / "registry.db"


@pytest.fixture(scope="session")
def empty_database(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of such a database on PostgreSQL, to be made a template of."""
    settings = load_settings(tmp_path_factory.mktemp("empty") / "home", database_url=server.new_database())
    make_tables(settings)
    return str(make_url(settings.database).database)


@pytest.fixture
def settings(tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> Settings:
    """Those of a home with nothing in it; for a test that wants a registry, with tables, which take long to make."""
    home = tmp_path / "home"
    # The fixture `registry` makes them before the test begins; how they are made is what other tests are about.
    makes_tables = "registry" not in request.fixturenames
    if backend == "sqlite":
        if not makes_tables:
            home.mkdir()
            shutil.copy(request.getfixturevalue("empty_file"), home / "registry.db")
        return load_settings(home)
    server: PostgresServer = request.getfixturevalue("server")
    template = "template1" if makes_tables else request.getfixturevalue("empty_database")
    return load_settings(home, database_url=server.new_database(template))


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with create_registry(settings) as store:
        yield store
