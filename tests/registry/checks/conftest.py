"""Fixtures: an altered clip of the newsroom's film, a copy of its photograph, and a registry that has both."""

from __future__ import annotations

from pathlib import Path

import pytest
from checking import ffmpeg, make_altered, trust
from newsroom import Newsroom

from provenance.settings import Settings
from registry.store import Registry


@pytest.fixture(scope="session")
def altered(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_altered(newsroom.clip.path, tmp_path_factory.mktemp("clips") / "altered.mp4")


@pytest.fixture(scope="session")
def smaller(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photograph as it goes round: quickly examined."""
    target = tmp_path_factory.mktemp("clips") / "smaller.jpg"
    ffmpeg("-i", newsroom.photo.path, "-vf", "scale=iw*0.7:-2", "-map_metadata", "-1", "-update", "1", target)
    return target


@pytest.fixture
def filled(newsroom: Newsroom, registry: Registry, settings: Settings) -> Registry:
    """The registry with film and photograph in it, in a home that trusts their signer."""
    trust(newsroom, settings)
    for signed in (newsroom.clip, newsroom.photo):
        newsroom.register(registry, signed.path, settings)
    return registry
