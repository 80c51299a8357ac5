"""The benchmark of serving counts what was answered, and sees what must not be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.serving_home import iscc_body, iscc_text
from benchmarks.serving_load import Sample, questions, rows, summarise, turns
from benchmarks.serving_page import Bounds, Checked, Phase, page, wrong
from registry.iscc_index import code_of

_ANSWERS = [Sample("GET", "200", float(ms), True) for ms in range(1, 100)]


def _phase() -> Phase:
    writing = summarise("registering", [Sample("registering", "201", 900.0, True)] * 3, 10.0)
    checked = Checked(kills=2, statuses={"202": 2}, ends={"done": 2})
    return Phase("readers", 10.0, rows(_ANSWERS, 10.0), writing, 3, 3, 0.9, checked)


def test_a_row_has_rate_median_and_99th_percentile_of_all_answers() -> None:
    row = summarise("GET", [*_ANSWERS, Sample("GET", "503", 1000.0, False)], 10.0)
    assert (row.count, row.per_s, row.longest_ms) == (100, 10.0, 1000.0)
    assert row.median_ms == pytest.approx(50.5)
    assert 99 < row.high_ms < 110
    assert row.right == 0.99
    assert row.statuses == {"200": 99, "503": 1}


def test_the_last_row_is_of_all_kinds() -> None:
    found = rows([*_ANSWERS, Sample("POST", "ReadTimeout", 5.0, False)], 10.0)
    assert [row.kind for row in found] == ["GET", "POST", "all"]
    assert found[-1].statuses == {"200": 99, "ReadTimeout": 1}


def test_a_stretch_without_any_answer_has_a_row() -> None:
    assert summarise("all", [], 10.0).count == 0


def test_nothing_is_wrong_where_all_was_answered_kept_and_checked() -> None:
    assert wrong(_phase()) == []


def test_a_lost_registration_and_a_lost_check_are_wrong() -> None:
    phase = replace(_phase(), kept=2, checked=Checked(2, {"202": 1, "503": 1}, {"running": 1}))
    assert wrong(phase) == ["1 of 3 registrations lost", "1 checks refused with 503", "1 checks running"]


def test_an_answer_that_is_no_answer_is_wrong() -> None:
    phase = replace(_phase(), reading=rows([*_ANSWERS, Sample("GET", "500", 1.0, False)], 10.0))
    assert wrong(phase) == ["1 answers 500"]


def test_an_error_is_said_on_the_page() -> None:
    text = page({"sqlite": [_phase(), replace(_phase(), kept=2)]}, 1_000_000, Bounds(50, 10.0, 8.0), load=7.0)
    assert text.count("No error, nothing lost.") == 1
    assert "Others kept it busy" in text
    assert "**Not as it should be:** 1 of 3 registrations lost." in text


def test_questions_name_the_original_they_were_made_from() -> None:
    asked = questions(1000)
    assert {each.label for each in asked} == {"urn:c2pa:1", None}
    assert len({each.kind for each in asked}) == 4
    assert code_of(iscc_text(iscc_body(1))).body == iscc_body(1)  # type: ignore[union-attr]


def test_readers_begin_at_different_questions_and_ask_all_of_them() -> None:
    asked = questions(1000)[:8]
    first, second = turns(asked, 2)
    assert next(first) == asked[0]
    assert {next(second).value for _ in range(12)} == {each.value for each in asked}
