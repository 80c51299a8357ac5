"""The report on a terminal: complete, narrow enough, and without foreign control characters."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from synthetic_report import HOSTILE, altered, bare

from provenance.presentation import words
from provenance.report import Report, Verdict
from verifier.render_text import print_report


def printed(report: Report, width: int = 80) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=width, markup=False, emoji=False, highlight=False))
    return out.getvalue()


def squeezed(text: str) -> str:
    return re.sub(r"[\s│]+", "", text)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_verdict_comes_first_in_capitals(verdict: Verdict) -> None:
    assert words.VERDICTS[verdict].upper() in printed(bare(verdict)).splitlines()[0]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_longer_than_the_terminal_or_80_columns(width: int) -> None:
    assert max(map(len, printed(altered(), width).splitlines())) <= min(width, 80)


def test_everything_in_the_report_is_printed() -> None:
    report = altered()
    text = squeezed(printed(report))
    for judged in report.findings:
        assert squeezed(words.KINDS[judged.finding.kind]) in text
        assert squeezed(judged.finding.explanation) in text
    for value in (
        report.summary,
        report.clip.name,
        report.clip.sha256,
        report.matches[0].title,
        report.matches[0].asset_id,
        *report.not_checked,
        *report.policy.values(),
        *report.versions.values(),
        *report.credential.codes,
        report.checked_at,
    ):
        assert squeezed(value) in text


def test_a_declared_change_says_by_whom_and_as_what() -> None:
    text = " ".join(printed(altered()).split())
    assert "Declared by Example Agency as c2pa.addedText, c2pa.placed." in text
    assert text.count("Declared by") == 1


def test_altering_findings_come_before_disclosed_ones() -> None:
    text = printed(altered())
    assert text.index("Passage cut out") < text.index("Re-encoded")


def test_hostile_text_never_steers_the_terminal() -> None:
    text = printed(altered(HOSTILE))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert "[bold]" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.25, "0:07.25"), (59.999, "1:00"), (723, "12:03"), (3723.5, "1:02:03.5"), (-1.5, "−0:01.5")],
)
def test_times_read_as_people_write_them(seconds: float, text: str) -> None:
    assert words.clock(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(1.0, "100"), (0.999, "99"), (0.5, "50"), (0.001, "1"), (0.0, "0")])
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, text: str) -> None:
    assert words.percent(share) == f"{text}\u00a0%"
