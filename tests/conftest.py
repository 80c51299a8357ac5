"""Fixtures that every area's tests share."""

from __future__ import annotations

import pytest
from support.media import MediaLibrary, shared_folder

from provenance.media.values import Limits


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaLibrary:
    """Generated media by name: ``media("plain.mp4")``; names are in ``support.media.RECIPES``."""
    return MediaLibrary(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits()
