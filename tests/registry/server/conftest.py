"""Fixtures of the server's tests: the application over a fresh registry, asked through a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from serving import serving

from provenance.settings import Settings
from registry.server.app import create_app
from registry.store import Registry


@pytest.fixture
def http(settings: Settings, registry: Registry) -> Iterator[httpx.Client]:
    """Asks the application that serves ``registry``."""
    with serving(create_app(settings)) as client:
        yield client
