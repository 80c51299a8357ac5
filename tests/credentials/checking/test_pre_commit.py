"""The hooks as pre-commit runs them: the real program, the real definitions, a real repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from newsdesk import Desk

from verifier.checking.finding import MEDIA_SUFFIXES

ROOT = Path(__file__).parents[3]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
Commit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def commit(work: Path, git: Callable[..., str], desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """Add files and commit them in a repository with both hooks installed; the hooks' words are in ``stderr``."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PROVENANCE_HOME", str(desk.home))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(HOOKS, hooks)
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "hooks"]):
        subprocess.run(["git", *arguments], cwd=hooks, check=True)
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=hooks, capture_output=True, text=True, check=True
    ).stdout.strip()
    # "unsupported": what is installed here, in place of an environment of their own that pip would fill for minutes.
    ids = [{"id": hook["id"], "language": "unsupported"} for hook in yaml.safe_load(HOOKS.read_text())]
    config = {"repos": [{"repo": hooks.as_uri(), "rev": revision, "hooks": ids}]}
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    subprocess.run(["pre-commit", "install"], cwd=work, check=True, capture_output=True)
    git("add", ".pre-commit-config.yaml")

    def call(*files: Path | str) -> subprocess.CompletedProcess[str]:
        git("add", "--", *files)
        return subprocess.run(
            ["git", "commit", "--message", "pictures"], cwd=work, capture_output=True, text=True, check=False
        )

    return call


def test_a_commit_is_stopped_until_its_pictures_are_signed(
    commit: Commit, work: Path, git: Callable[..., str], desk: Desk
) -> None:
    data = bytearray(desk.signed.read_bytes())
    data[-100] ^= 1
    (work / "tampered.jpg").write_bytes(data)
    shutil.copy(desk.picture, work / "--it's new.jpg")
    before = {path.name: path.read_bytes() for path in work.iterdir() if path.is_file()}
    stopped = commit("tampered.jpg", "--it's new.jpg")
    assert stopped.returncode == 1
    assert "FAIL  tampered.jpg  changed" in stopped.stderr
    assert "try: bring back the file as it was signed" in stopped.stderr
    assert "FAIL  --it's new.jpg  unsigned" in stopped.stderr
    assert not git("rev-list", "--all"), "nothing was committed"
    assert {name: (work / name).read_bytes() for name in before} == before, "what was there is as it was"

    told = re.search(r"^  (mv .*)$", stopped.stderr, re.MULTILINE)
    assert told
    subprocess.run(["bash", "-c", told[1]], cwd=work, check=True)
    git("rm", "--quiet", "--cached", "tampered.jpg")
    passed = commit()
    assert passed.returncode == 0, passed.stderr
    held = git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    assert "--it's new.jpg" in held
    assert "tampered.jpg" not in held
    assert desk.run("check", "--", "--it's new.jpg").exit_code == 0


def test_a_hook_of_git_alone_sees_what_the_commit_would_hold(
    work: Path, git: Callable[..., str], home: Path, media: Path, signed: Callable[[str], Path]
) -> None:
    hook = work / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {Path(sys.executable).parent / 'provenance'} --home {home} check -q --staged\n")
    hook.chmod(0o755)
    shutil.copy(signed("a.jpg"), work / "a.jpg")
    git("add", ".")
    git("commit", "--quiet", "--no-verify", "--message", "signed")
    shutil.copy(media / "a.jpg", work / "a.jpg")
    commit = ["git", "commit", "--all", "--message", "not staged before"]
    stopped = subprocess.run(commit, cwd=work, capture_output=True, text=True, check=False)
    assert stopped.returncode == 1
    assert "FAIL  a.jpg  unsigned" in stopped.stderr
    assert git("rev-list", "--count", "HEAD") == "1"


def test_the_hooks_are_given_what_calls_itself_media() -> None:
    check, sign = yaml.safe_load(HOOKS.read_text())
    for suffix in MEDIA_SUFFIXES:
        for name in (f"a/b{suffix}", f"B{suffix.upper()}"):
            assert re.search(check["files"], name), name
            assert re.search(sign["files"], name), name
    assert re.search(check["files"], "a.webm.c2pa")
    assert not re.search(sign["files"], "a.webm.c2pa")
    assert not re.search(check["files"], "app.ts")
