"""The documents say what the program does: commands, options, exit codes, targets and links."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from benchmarks import docs
from benchmarks.docs_sessions import typed_in
from provenance.cli import SHORT_HELP, main
from provenance.exits import ExitCode
from provenance.presentation.words import KINDS
from provenance.report import Kind, Verdict
from provenance.settings import Checks, Oidc, Server, Settings
from signer.key_stores import PASSPHRASE, PIN
from verifier.cli import EXITS
from verifier.declarable import DECLARABLE
from verifier.judge import DEFAULT_SEVERITIES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def typed(document: Path) -> list[str]:
    """Every `provenance …` line of a document's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    lines = [line.replace("\\\n", " ") for block in blocks for line in typed_in(block)]
    return [line for line in lines if line.startswith("provenance")]


def resolve(words: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    """The command that the words name, and the words left for it."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None and command.name == "capture":
            # The name of its first command may be left out; parsing then puts it in.
            break
        if inner is None:
            raise AssertionError(f"no command {words[0]!r}")
        command, context, words = inner, click.Context(inner, parent=context), words[1:]
    return command, context, words


def test_the_reference_of_commands_is_that_of_the_commands() -> None:
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == docs.reference(), "run make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_line_to_type_is_one_that_the_program_takes(document: Path) -> None:
    for line in typed(document):
        command, _, rest = resolve(shlex.split(line)[1:])
        command.make_context("x", rest, resilient_parsing=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_running_text_exists(document: Path) -> None:
    for inline in re.findall(r"`provenance ([^`]+)`", document.read_text("utf-8")):
        words = [word for word in inline.split() if word.islower() or word.startswith("-")]
        _, _, rest = resolve([word for word in words if not word.startswith("-")])
        assert not [word for word in rest if word in SHORT_HELP]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8"))
    for link in links:
        if not link.startswith("http"):
            assert (document.parent / link).exists(), link


def test_the_readme_names_every_command_and_tries_the_main_ones() -> None:
    for name in SHORT_HELP:
        assert f"`provenance {name}" in README
    assert {shlex.split(line)[1] for line in typed(ROOT / "README.md")} >= {"init", "sign", "register", "verify"}


def test_the_table_of_verdicts_is_that_of_the_program() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| .* \| (\d) \|$", README, re.MULTILINE))
    assert rows == {verdict.value: str(int(EXITS[verdict])) for verdict in Verdict}


def test_every_other_exit_code_is_named() -> None:
    others = set(ExitCode) - set(EXITS.values())
    sentence = re.search(r"Other exit codes: (.*?)\n\n", README, re.DOTALL)
    assert sentence
    assert {int(code) for code in re.findall(r"\b\d+\b", sentence[1])} == {int(code) for code in others} | {130}


def test_every_make_target_in_the_readme_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)`", README)) | set(re.findall(r"^\$ make (\w+)$", README, re.MULTILINE))
    assert {"demo", "test", "lint", "bench", "docs"} <= named <= targets


def test_make_knows_every_target_and_ci_calls_one() -> None:
    for target in ("demo", "test", "lint", "bench", "docs"):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    ci = ROOT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    assert "exec make test" in ci.read_text("utf-8")


def test_every_benchmark_that_make_names_is_there() -> None:
    names = re.search(r"^BENCHMARKS := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert names
    for name in names[1].split():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file() or (ROOT / "benchmarks" / name / "__main__.py").is_file()


def test_the_picture_of_a_report_is_small() -> None:
    data = (ROOT / "docs" / "report.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) <= docs.MOST_BYTES


def test_the_verdict_policy_in_the_record_is_the_default() -> None:
    text = (ROOT / "docs" / "adr" / "0004-verdict-policy.md").read_text("utf-8")
    disclosed = re.search(r"By default disclosed: (.*?)\. All others alter", text, re.DOTALL)
    assert disclosed
    words = [word.strip() for word in disclosed[1].replace("\n", " ").split(",")]
    known = {**{kind: kind.value for kind in Kind}, Kind.REENCODED: "re-encoded", Kind.FRAME_RATE: "frame rate changed"}
    known[Kind.MUTED] = KINDS[Kind.MUTED].lower()
    assert words == [known[kind] for kind in Kind if DEFAULT_SEVERITIES[kind].value == "disclosed"]


def test_no_document_names_a_variable_that_is_not_a_setting() -> None:
    known = {f"PROVENANCE_{name.upper()}" for name in Settings.model_fields}
    known |= {PASSPHRASE.variable, PIN.variable, "PROVENANCE_ALGORITHM"}
    nested = {"SERVER": Server, "CHECKS": Checks, "SERVER__OIDC": Oidc}
    known |= {f"PROVENANCE_{o}__{name.upper()}" for o, model in nested.items() for name in model.model_fields}
    for document in DOCUMENTS:
        for name in re.findall(r"PROVENANCE_[A-Z_]+", document.read_text("utf-8")):
            assert name in known, f"{document.name}: {name}"


def test_the_licence_is_the_whole_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_guide_to_edits_has_the_verifiers_table() -> None:
    rows = re.findall(r"^\| (`c2pa\.\S.*?) \|(.*?)\|(.*?)\|$", (ROOT / "docs" / "edits.md").read_text("utf-8"), re.M)
    told = {action: kinds for actions, *kinds in rows for action in re.findall(r"`(.*?)`", actions)}
    assert set(told) == set(DECLARABLE)
    for action, (anywhere, where_said) in told.items():
        kinds = DECLARABLE[action]
        if action != "c2pa.edited":
            assert set(re.findall(r"`(.*?)`", anywhere)) == {kind.value for kind in kinds.anywhere}, action
        assert set(re.findall(r"`(.*?)`", where_said)) == {kind.value for kind in kinds.where_said - kinds.anywhere}
    named = {kind for kinds in DECLARABLE.values() for kind in kinds.anywhere | kinds.where_said}
    assert named - DECLARABLE["c2pa.edited"].anywhere == {Kind.FOREIGN_FOOTAGE}
