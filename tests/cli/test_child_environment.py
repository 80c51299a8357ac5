"""Programs that we start load no libraries from the folder that they work in."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import cv2
import pytest

from provenance.child_environment import child_environment

ROOT = Path(__file__).parents[2]


def starters() -> list[tuple[str, ast.Call]]:
    """Every call in our packages that starts a program."""
    packages = ("provenance", "registry", "signer", "verifier")
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("subprocess.run", "subprocess.Popen")
    ]


def test_what_the_loader_of_opencv_leaves_behind_leads_no_child_to_the_working_folder() -> None:
    assert cv2.__version__
    assert os.environ["LD_LIBRARY_PATH"].endswith(":"), "OpenCV mended its loader: child_environment is not needed"
    assert "" not in child_environment()["LD_LIBRARY_PATH"].split(":")


@pytest.mark.parametrize(("ours", "theirs"), [(":", None), ("/a::/b:", "/a:/b"), ("/a", "/a")])
def test_only_folders_that_were_named_are_looked_into(
    ours: str, theirs: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", ours)
    monkeypatch.setenv("PROVENANCE_PIN", "628371")
    environment = child_environment(lambda name: name == "PROVENANCE_PIN")
    assert environment.get("LD_LIBRARY_PATH") == theirs
    assert "PROVENANCE_PIN" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_every_program_is_started_with_an_environment_of_its_own() -> None:
    calls = starters()
    assert len(calls) >= 7
    assert not [place for place, call in calls if "env" not in {word.arg for word in call.keywords}]
