"""Fixtures of the registry's tests: signed files made once a run, and a fresh registry for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, make_newsroom
from postgres import PostgresServer, running_server

from provenance.settings import Settings, load_settings
from registry.store import Registry, create_registry


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


@pytest.fixture
def settings(tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> Settings:
    home = tmp_path / "home"
    if backend == "sqlite":
        return load_settings(home)
    server: PostgresServer = request.getfixturevalue("server")
    return load_settings(home, database_url=server.new_database())


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with create_registry(settings) as store:
        yield store
