"""A run tells how far it is and can be ended at any step; out of time, it never claims what it did not do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from footage import PARADE_LATE, REPAINT_S
from support.media import ffmpeg
from support.processes import children
from verdict_contract import check_contract
from verdict_desk import Desk

from provenance.cli import main
from provenance.report import Kind, Report, Severity, Verdict
from provenance.settings import Settings
from verifier import spans
from verifier.comparers import pairs
from verifier.watch import TimeSpentError, Watch

BUDGET_S = 60.0
SPENT = "the time budget of 60 s was spent"
STAGES = (
    "reading the credential",
    "reading the clip",
    "looking for originals",
    "laying it on “parade”",
    "comparing the sound, 0 to 15 s",
    "comparing the picture, 0 to 8 s",
    "comparing the picture, 8 to 15 s",
    "drawing evidence",
    "done",
)


class Clock:
    """Stands still until a run comes to a step; then all time is spent."""

    def __init__(self, until: str = "never") -> None:
        self.until = until
        self.now = 0.0
        self.told: list[tuple[float, str]] = []

    def __call__(self) -> float:
        return self.now

    def hear(self, share: float, doing: str) -> None:
        self.told.append((share, doing))
        if doing.startswith(self.until):
            self.now = 10 * BUDGET_S

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(doing for _, doing in self.told))


@pytest.fixture(scope="module")
def parade(desk: Desk) -> Settings:
    """A registry that holds the parade alone."""
    return desk.registry_of("parade.mp4")


@pytest.fixture(scope="module")
def own(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A registry that nobody else uses: what others leave and take away at the same time would be seen."""
    return desk.registry(tmp_path_factory.mktemp("own") / "home", desk.signed("bicycle.mp4"))


def until(stage: str, desk: Desk, parade: Settings, name: str) -> Report:
    """The report on a file where all time is spent as soon as a step has begun."""
    clock = Clock(stage)
    report = desk.verify(desk.media(name), parade, budget=BUDGET_S, clock=clock, on_progress=clock.hear)
    assert any(doing.startswith(stage) for doing in clock.stages)
    assert report.budget is not None
    assert (report.budget.seconds, report.budget.spent, report.budget.complete) == (BUDGET_S, 10 * BUDGET_S, False)
    return report


def stretches(report: Report, what: str) -> list[tuple[float, float]]:
    """Clip seconds of which the report says that there was no time for them."""
    pattern = re.compile(rf"the {what} from ([\d.]+) to ([\d.]+) s: {SPENT}")
    found = [pattern.fullmatch(line) for line in report.not_checked]
    return [(float(line[1]), float(line[2])) for line in found if line]


def test_progress_names_every_step_and_never_goes_back(desk: Desk, parade: Settings) -> None:
    clock = Clock()
    report = desk.verify(
        desk.media("parade-again.mp4"), parade, budget=BUDGET_S, clock=clock, on_progress=clock.hear, evidence=True
    )
    assert clock.stages == list(STAGES)
    shares = [share for share, _ in clock.told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len([share for share, doing in clock.told if doing == "reading the clip"]) > 10
    assert report.verdict is Verdict.MATCH
    assert report.as_json()["budget"] == {"seconds": 60.0, "spent": 0.0, "complete": True}
    assert not any("budget" in line for line in report.not_checked)


@pytest.mark.parametrize(
    ("stage", "left", "reason"),
    [
        ("reading the clip", "all of the clip", "before the clip was read"),
        ("looking for originals", "whether it comes from a registered original", "before all were looked up"),
        ("laying it on", "whether it shows “parade”", "before it was laid on all that it may come from"),
    ],
)
def test_without_time_to_find_the_original_nothing_is_said(
    desk: Desk, parade: Settings, stage: str, left: str, reason: str
) -> None:
    report = until(stage, desk, parade, "parade-late.mp4")
    assert (report.verdict, report.matches, report.findings) == (Verdict.INCONCLUSIVE, (), ())
    assert any(line.startswith(f"{left}: {SPENT}") for line in report.not_checked)
    assert report.summary == f"Nothing can be said of the clip yet: {SPENT} {reason}."
    assert (report.clip.width, report.clip.height) == (320, 180)
    assert report.clip.duration == pytest.approx(15.3, abs=0.3)


def test_a_stranger_is_not_unknown_before_all_originals_were_looked_up(desk: Desk, parade: Settings) -> None:
    assert until("looking for originals", desk, parade, "stranger.mp4").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", ["parade-again.mp4", "parade-late.mp4"])
def test_a_picture_compared_in_part_is_inconclusive_and_says_which_part(
    desk: Desk, parade: Settings, name: str
) -> None:
    report = until("comparing the picture, 0 to", desk, parade, name)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [match.title for match in report.matches] == ["parade"]
    ((start, end),) = stretches(report, "picture")
    assert start == pytest.approx(report.clip.duration / 2, abs=0.5)
    assert end == pytest.approx(report.clip.duration, abs=0.2)
    assert stretches(report, "sound") == []
    assert f"{SPENT} before all was compared" in report.summary


def test_what_was_found_in_time_stands(desk: Desk, parade: Settings) -> None:
    report = until("comparing the picture, 0 to", desk, parade, "parade-early.mp4")
    assert report.verdict is Verdict.ALTERED
    altering = [item.finding for item in report.findings if item.severity is Severity.ALTERING]
    assert {finding.kind for finding in altering} == {Kind.REGION}
    ((start, _),) = stretches(report, "picture")
    assert all(finding.clip is not None and float(finding.clip.end) <= start for finding in altering)
    assert report.summary.endswith(f"{SPENT[0].upper()}{SPENT[1:]} before all was compared.")


def test_what_one_original_leaves_open_is_not_foreign_while_another_was_not_laid(desk: Desk, tmp_path: Path) -> None:
    joined = tmp_path / "joined.mp4"
    parts = "".join(f"[{n}:v]trim=0:3,setpts=PTS-STARTPTS,scale=640:360,setsar=1,fps=25[v{n}];" for n in (0, 1))
    inputs = "-i", desk.media("street.mp4"), "-i", desk.media("bunny.mp4")
    graph = f"{parts}[v0][v1]concat=n=2:v=1[v]"
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-preset", "veryfast", joined)
    clock = Clock()

    def hear(share: float, doing: str) -> None:
        clock.hear(share, doing)
        if len([stage for stage in clock.stages if stage.startswith("laying it on")]) > 1:
            clock.now = 10 * BUDGET_S

    report = desk.verify(joined, budget=BUDGET_S, clock=clock, on_progress=hear)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert len(report.matches) == 1
    assert Kind.FOREIGN_FOOTAGE not in {item.finding.kind for item in report.findings}
    whole = desk.verify(joined)
    assert {match.title for match in whole.matches} == {"street", "bunny"}


def test_the_same_alteration_is_found_where_time_suffices(desk: Desk) -> None:
    report = desk.report("parade-late.mp4", only="parade.mp4")
    assert report.verdict is Verdict.ALTERED
    (found,) = [item.finding for item in report.findings if item.severity is Severity.ALTERING]
    assert found.clip is not None
    assert found.clip.as_seconds() == pytest.approx([PARADE_LATE, PARADE_LATE + REPAINT_S], abs=0.5)
    assert "budget" not in report.as_json()


def test_sound_alone_compared_leaves_the_whole_picture(desk: Desk, parade: Settings) -> None:
    report = until("comparing the sound", desk, parade, "parade-again.mp4")
    assert report.verdict is Verdict.INCONCLUSIVE
    ((start, end),) = stretches(report, "picture")
    assert (start, end) == pytest.approx((0.0, report.clip.duration), abs=0.2)
    assert not any("not recognised" in line for line in report.not_checked)


def test_the_signed_bytes_need_no_time(desk: Desk) -> None:
    clock = Clock("reading the clip")
    report = desk.verify(desk.signed("bunny.mp4"), budget=BUDGET_S, clock=clock, on_progress=clock.hear)
    assert report.verdict is Verdict.AUTHENTIC
    assert report.budget is not None
    assert report.budget.complete


class CancelledError(Exception):
    """What a caller raises to end a run."""


def tree(folder: Path) -> Sequence[str]:
    """All files but those that an open database has beside it."""
    return sorted(str(path) for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))


SHORT_STAGES = (
    "reading the credential",
    "reading the clip",
    "looking for originals",
    "laying it on “bicycle”",
    "comparing the sound, 0 to 2 s",
    "comparing the picture, 0 to 1 s",
    "comparing the picture, 1 to 2 s",
    "drawing evidence",
    "done",
)


@pytest.mark.parametrize("stage", SHORT_STAGES)
def test_a_listener_that_raises_ends_the_run_and_leaves_nothing(
    desk: Desk, own: Settings, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "CHUNK_S", 1.0)
    clip = desk.media("bicycle-360p.mp4")
    before, running = tree(own.home), children()

    def cancel(_share: float, doing: str) -> None:
        if doing == stage:
            raise CancelledError(doing)

    with pytest.raises(CancelledError, match=re.escape(stage)):
        desk.verify(clip, own, on_progress=cancel, evidence=True)
    assert tree(own.home) == before
    assert children() == running


def test_parts_of_the_work_share_the_bar_and_the_time() -> None:
    clock, told = Clock(), []
    watch = Watch(lambda share, doing: told.append((share, doing)), 10.0, clock, clock())
    inner = watch.part(0.2, 0.6, "outer").part(0.5, 1.0)
    inner.step(0.0)
    inner.step(7.0)
    watch.part(0.6, 0.6, "other").tell(0.4)
    assert told == [pytest.approx((0.4, "outer")), pytest.approx((0.6, "outer")), pytest.approx((0.6, "other"))]
    clock.now = 9.9
    assert not inner.over
    clock.now = 10.0
    assert inner.over
    with pytest.raises(TimeSpentError, match="the time budget of 10 s was spent"):
        inner.step(0.5)
    assert len(told) == 3
    assert not Watch(clock=clock).over


def typed(parade: Settings, clip: Path, budget: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--home", str(parade.home), "verify", "--budget", budget, str(clip)])
    return result.exit_code, result.stdout, result.stderr


def test_a_spent_budget_is_exit_code_five_and_said(desk: Desk, parade: Settings) -> None:
    code, said, _ = typed(parade, desk.media("parade-again.mp4"), "0.001s")
    assert code == 5
    words = " ".join(said.split())
    assert "INCONCLUSIVE" in words
    assert "before the clip was read" in words
    assert re.search(r"time budget 0\.001 s, [\d.]+ s spent, not enough", words)


@pytest.mark.parametrize("budget", ["0", "0s", "-3", "soon", "30 s", "1e5", "nan", "inf", "٣s", "", "2d", "30\x1b[2J"])
def test_what_is_no_length_of_time_is_wrong_usage(parade: Settings, budget: str) -> None:
    code, said, error = typed(parade, Path("nowhere.mp4"), budget)
    assert (code, said) == (2, "")
    assert "is no length of time; give one such as 30s, 2m or 90" in error
    assert "\x1b" not in error


@pytest.mark.parametrize(("budget", "seconds"), [("90", 90), ("30s", 30), ("2m", 120), ("1.5h", 5400), ("0.25", 0.25)])
def test_a_budget_is_granted_as_it_was_typed(desk: Desk, parade: Settings, budget: str, seconds: float) -> None:
    words = ["verify", "--no-registry", "--json", "--budget", budget, str(desk.media("cat.jpg"))]
    result = CliRunner().invoke(main, ["--home", str(parade.home), *words])
    report = json.loads(result.stdout)
    check_contract(report)
    assert report["budget"]["seconds"] == seconds


@pytest.mark.parametrize("name", ["parade-again.mp4", "parade-late.mp4"])
def test_a_clip_laid_in_spans_gets_the_same_report(
    desk: Desk, parade: Settings, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = desk.report(name, only="parade.mp4").as_json()
    monkeypatch.setattr(spans, "SPAN_S", 3.5)
    report = desk.verify(desk.media(name), parade).as_json()
    assert report["verdict"] == at_once["verdict"]
    assert [finding["kind"] for finding in report["findings"]] == [finding["kind"] for finding in at_once["findings"]]
    ((segment,), (before,)) = (said["matches"][0]["segments"] for said in (report, at_once))
    assert segment["clip"] == before["clip"]
    assert segment["original"] == pytest.approx(before["original"], abs=0.05)
