"""A report read back from its JSON is the report that was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthetic_report import HOSTILE, altered, bare

from provenance.errors import ReportError
from provenance.presentation import svg
from provenance.report import Report
from provenance.report_reading import read_report


@pytest.mark.parametrize("report", [altered(), bare(), altered(HOSTILE)], ids=["altered", "bare", "hostile"])
def test_reading_undoes_writing(report: Report) -> None:
    told = json.loads(json.dumps(report.as_json()))
    read = read_report(told, report.evidence)
    assert read.as_json() == report.as_json()
    assert read.evidence == report.evidence
    assert svg.timeline(read) == svg.timeline(report)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"schema": "provenance.report/2"},
        {"verdict": "fake"},
        {"clip": None},
        {"matches": [{}]},
        {"findings": [{"kind": "region", "severity": "altering", "clip": [2, 1]}]},
        {"versions": []},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_what_is_no_report_is_refused_in_words(spoilt: dict[str, Any]) -> None:
    with pytest.raises(ReportError) as refused:
        read_report(altered().as_json() | spoilt)
    assert refused.value.code in {"report.schema", "report.malformed"}
    assert refused.value.expected == "provenance.report/1"
