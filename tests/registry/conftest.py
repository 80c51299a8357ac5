"""Fixtures of the registry's tests: signed files made once a run, and a fresh registry for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, make_newsroom

from provenance.settings import Settings, load_settings
from registry.store import Registry, create_registry


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return make_newsroom(tmp_path_factory.mktemp("newsroom"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "home")


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with create_registry(settings) as store:
        yield store
