"""Fixtures of the signer's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from signing_bench import Bench, make_media

from provenance.settings import load_settings
from provenance.trust.anchors import add_anchors, load_anchors
from signer.authority import development_authority
from signer.keys import load_key


@pytest.fixture(autouse=True)
def no_passphrase_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROVENANCE_PASSPHRASE", "PROVENANCE_PIN", "PROVENANCE_TSA", "PROVENANCE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    development_authority(folder)
    return folder


@pytest.fixture
def bench(tmp_path: Path, keys_folder: Path) -> Bench:
    settings = load_settings(tmp_path / "home")
    add_anchors(settings.anchors, "development", (keys_folder / "development.root.pem").read_bytes())
    return Bench(settings, load_key(keys_folder, "development", None), load_anchors(settings.anchors))


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that makes a tiny file of a kind, once, and returns its path. Do not modify it."""
    folder = tmp_path_factory.mktemp("media")

    return lambda kind: make_media(folder, kind)
