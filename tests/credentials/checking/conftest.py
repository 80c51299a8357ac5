"""The whole program in a home that trusts the test authority, and a git repository to work in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from credential_world import World
from newsdesk import Desk, Run

from provenance.cli import main
from provenance.trust.anchors import add_anchors


@pytest.fixture(scope="session")
def home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    add_anchors(folder / "trust", "newsrooms", world.root.pem)
    return folder


@pytest.fixture(scope="session")
def desk(media: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(folder / "home", media / "a.jpg", folder / "signed.jpg")
    assert desk.run("init").exit_code == 0
    assert desk.run("sign", desk.picture, "-o", desk.signed, "--title", "A picture").exit_code == 0
    return desk


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: empty, in no repository."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def check(home: Path, work: Path) -> Run:
    def call(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, ["--home", str(home), "check", *map(str, arguments)])

    return call


@pytest.fixture
def git(work: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Git in the working folder, which becomes a repository, with no settings but its own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Desk")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "desk@example.org")

    def call(*arguments: str | Path) -> str:
        done = subprocess.run(["git", *map(str, arguments)], cwd=work, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    call("init", "--quiet", "--initial-branch=main")
    return call
