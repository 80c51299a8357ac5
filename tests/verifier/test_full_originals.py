"""A clip is compared with the signed file itself where that is at hand; whatever is wrong with it, the copy does."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import footage
import numpy as np
import pytest
from click.testing import CliRunner
from support.media import MediaLibrary
from verdict_desk import Desk

from provenance.assets import asset_id_of
from provenance.cli import main
from provenance.credentials.claimed import claimed_asset_id
from provenance.fingerprints.extract import fingerprint
from provenance.report import ComparedWith, Kind, Region, Report, Severity, Verdict
from provenance.settings import Settings, load_settings
from registry.catalog import LocalCatalog
from registry.store import open_registry
from verifier import archive
from verifier.archive import Archive
from verifier.pictures import pictures_at, size_of


@dataclass(frozen=True)
class Withheld:
    """A registry whose publisher keeps no reference copies, and the folder of what was signed."""

    settings: Settings
    folder: Path

    def ids(self) -> dict[str, str]:
        return {path.name: claimed_asset_id(path) or "" for path in self.folder.iterdir() if path.suffix != ".c2pa"}


@pytest.fixture(scope="module")
def withheld(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Withheld:
    base = tmp_path_factory.mktemp("withheld")
    folder = base / "originals"
    for name in ("bunny.mp4", "bicycle.webm", "cup.jpg"):
        desk.sign(desk.media(name), folder / name, withhold_reference=True)
    files = [path for path in folder.iterdir() if path.suffix != ".c2pa"]
    settings = desk.registry(base / "home", *files)
    shutil.copytree(desk.settings.anchors, settings.anchors)
    return Withheld(settings, folder)


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """A folder of originals with one file in it."""
    place = tmp_path / "originals" / "2026"
    place.mkdir(parents=True)
    (place / "interview.mp4").write_bytes(desk.signed("bicycle.mp4").read_bytes())
    return place.parent


def used(report: Report) -> list[ComparedWith | None]:
    return [match.compared_with for match in report.matches]


def notes(report: Report) -> list[str]:
    return [line for line in report.not_checked if line.startswith("the full original")]


def overlap(a: Region, b: Region) -> float:
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a.w * a.h + b.w * b.h - shared)


def test_without_a_reference_copy_an_alteration_is_found_in_the_full_original(desk: Desk, withheld: Withheld) -> None:
    clip = desk.media("bunny-repainted.mp4")
    report = desk.verify(clip, withheld.settings, originals=[withheld.folder], evidence=True)
    assert (report.verdict, used(report), notes(report)) == (Verdict.ALTERED, [ComparedWith.FULL], [])
    (changed,) = [item.finding for item in report.findings if item.severity is Severity.ALTERING]
    assert changed.kind is Kind.REGION
    assert changed.region is not None
    assert overlap(changed.region, footage.REPAINT) >= 0.4
    assert changed.clip is not None
    assert changed.clip.as_seconds() == pytest.approx(
        [footage.REPAINT_FROM, footage.REPAINT_FROM + footage.REPAINT_S], abs=0.4
    )
    assert "pair" in {picture.role for picture in report.evidence}
    without = desk.verify(clip, withheld.settings)
    assert (without.verdict, used(without)) == (Verdict.INCONCLUSIVE, [None])
    assert any("the full original is not at hand" in line for line in without.not_checked)


@pytest.mark.parametrize("name", ["bicycle-360p.mp4", "cup-small.jpg"])
def test_without_a_reference_copy_an_untouched_copy_is_a_match(desk: Desk, withheld: Withheld, name: str) -> None:
    report = desk.verify(desk.media(name), withheld.settings, originals=[withheld.folder])
    assert (report.verdict, used(report), notes(report)) == (Verdict.MATCH, [ComparedWith.FULL], [])


def test_the_full_original_goes_before_the_reference_copy(desk: Desk, folder: Path) -> None:
    report = desk.verify(desk.media("bicycle-360p.mp4"), originals=[folder])
    assert (report.verdict, used(report), notes(report)) == (Verdict.MATCH, [ComparedWith.FULL], [])
    assert report.as_json()["matches"][0]["compared_with"] == "full original"
    assert used(desk.report("bicycle-360p.mp4")) == [ComparedWith.REFERENCE]


def test_a_changed_file_is_not_compared_with_and_the_copy_does(desk: Desk, folder: Path) -> None:
    (original,) = folder.rglob("*.mp4")
    data = bytearray(original.read_bytes())
    data[-2000] ^= 0xFF
    original.write_bytes(data)
    # It is no original of its own either.
    report = desk.verify(original, originals=[folder])
    assert report.verdict is not Verdict.AUTHENTIC
    assert used(report) == [ComparedWith.REFERENCE]
    assert notes(report) == [
        "the full original of “bicycle”: the credential of its file does not hold (content_changed)"
    ]
    # An intact file beside it is found all the same.
    (folder / "again.mp4").write_bytes(desk.signed("bicycle.mp4").read_bytes())
    again = desk.verify(desk.media("bicycle-360p.mp4"), originals=[folder])
    assert (used(again), notes(again)) == ([ComparedWith.FULL], [])


def test_what_is_not_there_is_said_and_the_copy_does(desk: Desk, tmp_path: Path) -> None:
    report = desk.verify(desk.media("bicycle-360p.mp4"), originals=[tmp_path, tmp_path / "not mounted"])
    assert (report.verdict, used(report)) == (Verdict.MATCH, [ComparedWith.REFERENCE])
    assert notes(report) == ["the full original of “bicycle”: it is not in the folders of originals"]
    assert str(tmp_path) not in json.dumps(report.as_json())


def test_a_file_that_is_written_to_meanwhile_leaves_the_verdict_open(desk: Desk, folder: Path) -> None:
    (original,) = folder.rglob("*.mp4")

    def touch(share: float, doing: str) -> None:
        if doing.startswith("comparing the picture"):
            os.utime(original)

    report = desk.verify(desk.media("bicycle-360p.mp4"), originals=[folder], on_progress=touch)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "changed while it was compared with" in report.summary


def test_the_signed_file_is_authentic_wherever_it_lies(desk: Desk, folder: Path) -> None:
    (original,) = folder.rglob("*.mp4")
    report = desk.verify(original, originals=[folder])
    assert (report.verdict, used(report)) == (Verdict.AUTHENTIC, [None])


@pytest.mark.parametrize("way", ["option", "setting"])
def test_the_command_looks_where_option_and_setting_say(
    desk: Desk, withheld: Withheld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    words = ["--home", str(withheld.settings.home), "verify", str(desk.media("cup-small.jpg"))]
    page = tmp_path / "report.html"
    if way == "setting":
        monkeypatch.setenv("PROVENANCE_ORIGINALS", json.dumps([str(withheld.folder)]))
        words += ["--report", str(page)]
    else:
        words += ["--originals", str(tmp_path), "--originals", str(withheld.folder)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "with its full original" in result.output
    if way == "setting":
        text = page.read_text("utf-8")
        assert "full original" in text
        assert str(withheld.folder) not in text


def test_a_folder_that_is_not_there_is_wrong_usage(desk: Desk, tmp_path: Path) -> None:
    words = ["verify", "--originals", str(tmp_path / "gone"), str(desk.media("cup-small.jpg"))]
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), *words])
    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_the_archive_knows_every_asset_by_its_claim_and_sidecars_count(desk: Desk, withheld: Withheld) -> None:
    for name, asset_id in withheld.ids().items():
        with open_registry(withheld.settings) as store:
            original = LocalCatalog(store).original(asset_id)
        assert original is not None
        assert asset_id == asset_id_of(original.manifest_label, original.hard_binding)
        found = list(Archive([withheld.folder], withheld.folder / ".cache").claimants(asset_id))
        assert [path.name for path in found] == [name]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose claims are read."""
    names: list[str] = []

    def claimed(path: Path) -> str | None:
        names.append(path.name)
        return claimed_asset_id(path)

    monkeypatch.setattr(archive, "claimed_asset_id", claimed)
    return names


def test_a_file_is_read_again_only_when_it_was_touched(
    desk: Desk, folder: Path, tmp_path: Path, read: list[str]
) -> None:
    (folder / "notes.txt").write_text("no media")
    (folder / ".hidden.mp4").write_bytes(desk.signed("bunny.mp4").read_bytes())
    cache = tmp_path / "cache.json"
    wanted = claimed_asset_id(desk.signed("bicycle.mp4")) or ""
    assert list(Archive([folder], cache).claimants(wanted)) == [folder / "2026" / "interview.mp4"]
    assert read == ["notes.txt", "interview.mp4"]
    read.clear()
    assert list(Archive([folder], cache).claimants(wanted)) == [folder / "2026" / "interview.mp4"]
    assert read == []
    # Moved: the file under its new name is found, and nothing else opened.
    (folder / "2026" / "interview.mp4").rename(folder / "moved.mp4")
    assert list(Archive([folder], cache).claimants(wanted)) == [folder / "moved.mp4"]
    assert read == ["moved.mp4"]
    read.clear()
    # Another file under the same name is not taken for it.
    (folder / "moved.mp4").write_bytes(desk.signed("bunny.mp4").read_bytes())
    assert list(Archive([folder], cache).claimants(wanted)) == []
    assert read == ["moved.mp4"]


def test_a_folder_that_was_not_named_is_not_used_though_it_was_once(desk: Desk, folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    wanted = claimed_asset_id(desk.signed("bicycle.mp4")) or ""
    assert list(Archive([folder], cache).claimants(wanted))
    other = tmp_path / "other"
    other.mkdir()
    assert list(Archive([other], cache).claimants(wanted)) == []


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 1}', '{"a": [null]}', "\x00"])
def test_a_damaged_cache_is_made_anew(desk: Desk, folder: Path, tmp_path: Path, content: str, read: list[str]) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text(content)
    wanted = claimed_asset_id(desk.signed("bicycle.mp4")) or ""
    for _ in range(2):
        assert list(Archive([folder], cache).claimants(wanted)) == [folder / "2026" / "interview.mp4"]
    assert read == ["interview.mp4"]
    assert cache.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["rotated.mp4", "late_picture.mp4", "variable.mp4", "anamorphic.mp4", "still.jpg"])
def test_a_full_original_shows_what_its_reference_copy_shows_at_every_moment(
    media: MediaLibrary, tmp_path: Path, name: str
) -> None:
    settings = load_settings(tmp_path / "home")
    full = media(name)
    _, extraction = fingerprint(full, tmp_path, limits=settings.limits, reference=True)
    copy = extraction.reference
    assert copy is not None
    size = size_of(copy, settings)
    assert size_of(full, settings) == size
    moments = [float(time) + 0.005 for time in extraction.frame_times[::10]] or [0.0]
    pairs = zip(pictures_at(full, moments, size, settings), pictures_at(copy, moments, size, settings), strict=True)
    for theirs, ours in pairs:
        assert theirs is not None
        assert ours is not None
        assert np.abs(theirs.astype(int) - ours).mean() < 4
