"""A home made once, and a copy of it for each test that meets bad input."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from bad_input import Room
from click.testing import CliRunner
from support.media import MediaLibrary

from provenance.cli import main

# The certificate authority of the credential tests is the one that can make faulty certificates.
sys.path.append(str(Path(__file__).parents[1] / "credentials"))


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, media: MediaLibrary) -> Path:
    """A home with one registered picture, and that picture signed; never changed."""
    base = tmp_path_factory.mktemp("furnished")
    for words in (["init"], ["sign", str(media("still.png")), "-o", str(base / "signed.png"), "--register"]):
        result = CliRunner().invoke(main, ["--home", str(base / "home"), *words])
        assert result.exit_code == 0, result.output
    return base


@pytest.fixture
def room(tmp_path: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A furnished home, with the desk as working folder and a temporary folder of its own."""
    base = tmp_path / "room"
    shutil.copytree(furnished / "home", base / "home")
    (base / "desk").mkdir()
    (base / "tmp").mkdir()
    monkeypatch.chdir(base / "desk")
    monkeypatch.setenv("TMPDIR", str(base / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for variable in ("PROVENANCE_HOME", "PROVENANCE_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    return Room(base)


@pytest.fixture
def signed(room: Room, furnished: Path) -> Path:
    """The registered picture, on the desk."""
    return Path(shutil.copy(furnished / "signed.png", room.desk / "signed.png"))
