"""What is printed never steers a terminal."""

from __future__ import annotations

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.console import progress, safe, stdout, warn


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Harbour at dawn", "Harbour at dawn"),
        ("München, 東京, القاهرة", "München, 東京, القاهرة"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("[bold]x[/]", "[bold]x[/]"),
        (7, "7"),
    ],
)
def test_text_is_kept_and_steering_is_spelled_out(text: object, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(alphabet=st.characters()))
def test_nothing_invisible_or_unprintable_survives(text: str) -> None:
    shown = safe(text)
    shown.encode("utf-8")
    assert not {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - set("\u200c\u200d")


def test_line_feeds_stay_where_they_are_asked_for() -> None:
    assert safe("a\nb\x1b", lines=True) == "a\nb\\x1b"


def test_overlong_text_is_cut() -> None:
    assert safe("x" * 10_000) == "x" * 2000 + "…"
    assert safe("x" * 11, limit=10) == "x" * 10 + "…"


def test_results_are_printed_without_reading_markup_or_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    stdout().print("[bold]7[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]7[/bold] :smile:\n"


def test_a_warning_goes_to_stderr_and_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    warn("mind the \x1b[2J gap")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "warning: mind the \\x1b[2J gap\n"


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("working") as advance:
        advance(0.5)
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("quiet", [True, False])
def test_progress_shows_on_a_terminal_unless_told_to_be_quiet(quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("clip\x1b[2J.mp4", quiet=quiet) as advance:
        for share in (-1.0, 0.3, 2.0):
            advance(share)
    assert ("clip\\x1b[2J.mp4" in terminal.getvalue()) is not quiet
