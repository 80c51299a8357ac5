"""The root command: quick, lazy, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from provenance import __version__
from provenance.cli import GROUP, SHORT_HELP, LazyGroup, main
from provenance.context import settings_of
from provenance.errors import MediaError
from provenance.exits import ExitCode


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a root like the real one whose command ``act`` does what the test says."""
    monkeypatch.setenv("PROVENANCE_HOME", str(tmp_path))

    def run(action: Callable[[click.Context], None], *words: str) -> Result:
        @click.command()
        @click.option("--json", "as_json", is_flag=True)
        @click.argument("names", nargs=-1)
        @click.pass_context
        def act(ctx: click.Context, as_json: bool, names: tuple[str, ...]) -> None:
            action(ctx)

        class Root(LazyGroup):
            def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
                return act if cmd_name == "act" else None

        root = Root("provenance", params=main.params, callback=main.callback)
        return CliRunner().invoke(root, list(words))

    return run


def failing(error: BaseException) -> Callable[[click.Context], None]:
    def action(_ctx: click.Context) -> None:
        raise error

    return action


def loaded_by(*words: str) -> set[str]:
    """The modules in memory after ``provenance WORDS``, in an interpreter of its own."""
    code = (
        "import sys\n"
        "from provenance.cli import main\n"
        f"main({list(words)!r}, standalone_mode=False)\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_no_command_and_nothing_heavy() -> None:
    modules = loaded_by("--help")
    assert not {m for m in modules if m.split(".")[0] in {"signer", "registry", "verifier"}}
    assert not modules & {"numpy", "cv2", "c2pa", "sqlalchemy", "pydantic", "rich", "jinja2", "av", "cryptography"}


def test_the_list_of_commands_says_what_the_commands_say_of_themselves() -> None:
    real = {entry.name: entry.load().get_short_help_str(300) for entry in entry_points(group=GROUP)}
    assert real == SHORT_HELP


@pytest.mark.parametrize("name", sorted(SHORT_HELP))
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == ExitCode.OK
    assert f"Usage: provenance {name}" in result.stdout


def test_help_lists_every_command_in_the_order_of_the_work() -> None:
    result = CliRunner().invoke(main, ["--help"])
    places = [result.stdout.index(f"\n  {name}") for name in SHORT_HELP]
    assert places == sorted(places)


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == f"provenance, version {__version__}\n"


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["sing"])
    assert result.exit_code == ExitCode.USAGE
    assert "No such command" in result.stderr


def test_an_error_is_one_message_on_stderr_with_all_its_parts(run: Callable[..., Result]) -> None:
    error = MediaError(
        "media.empty", "clip.mp4 is empty", expected="a media file", found="0 bytes", hint="get it again"
    )
    result = run(failing(error), "act")
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: clip.mp4 is empty  [media.empty]",
        "  expected: a media file",
        "  found:    0 bytes",
        "  try:      get it again",
    ]


def test_with_json_the_error_is_an_object_on_stdout(run: Callable[..., Result]) -> None:
    result = run(failing(MediaError("media.empty", "clip.mp4 is empty", found="0 bytes")), "act", "--json")
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr == ""
    assert json.loads(result.stdout) == {
        "error": {
            "code": "media.empty",
            "message": "clip.mp4 is empty",
            "expected": None,
            "found": "0 bytes",
            "hint": None,
        }
    }


def test_a_file_named_like_the_option_does_not_ask_for_json(run: Callable[..., Result]) -> None:
    result = run(failing(MediaError("media.empty", "it is empty")), "act", "--", "--json")
    assert result.stdout == ""
    assert "it is empty" in result.stderr


def test_hostile_text_in_an_error_never_reaches_the_terminal(run: Callable[..., Result]) -> None:
    nasty = "\x1b[2J\u202egpj.exe\x07\r\x9b1m"
    result = run(failing(MediaError("media.x", nasty, expected=nasty, found=nasty, hint=nasty)), "-v", "act")
    assert not set(result.stderr) & set("\x1b\u202e\x07\r\x9b")
    assert result.stderr.count("\\u202egpj.exe") >= 4


def test_hostile_names_in_wrong_usage_never_reach_the_terminal() -> None:
    result = CliRunner().invoke(main, ["verify", "a.mp4", "b\x1b[31m\u202e.mp4"])
    assert result.exit_code == ExitCode.USAGE
    assert "unexpected extra argument" in result.stderr
    assert not set(result.stderr) & set("\x1b\u202e")


def test_ctrl_c_says_that_nothing_is_half_written(run: Callable[..., Result]) -> None:
    result = run(failing(KeyboardInterrupt()), "act")
    assert result.exit_code == 130
    assert result.stderr == "cancelled: what was finished before stays, nothing is left half-written\n"


def test_a_refusal_of_the_system_is_a_message_and_no_traceback(run: Callable[..., Result]) -> None:
    result = run(failing(PermissionError(13, "Permission denied", "/root/x")), "act")
    assert result.exit_code == ExitCode.FAILED
    assert "Permission denied" in result.stderr
    assert "/root/x" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_of_the_program_is_owned_up_to_and_explained_when_asked(run: Callable[..., Result]) -> None:
    quiet = run(failing(ZeroDivisionError("x")), "act")
    loud = run(failing(ZeroDivisionError("x")), "--verbose", "act")
    assert quiet.exit_code == loud.exit_code == ExitCode.FAILED
    assert "ZeroDivisionError" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr


def test_an_exit_code_of_a_command_passes_the_border_unchanged(run: Callable[..., Result]) -> None:
    assert run(lambda ctx: ctx.exit(ExitCode.ALTERED), "act").exit_code == ExitCode.ALTERED


def test_root_options_win_over_variables_and_reach_the_settings(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVENANCE_REQUIRE_SANDBOX", "false")
    seen = []
    result = run(lambda ctx: seen.append(settings_of(ctx)), "--home", str(tmp_path / "h"), "--require-sandbox", "act")
    assert result.exit_code == ExitCode.OK
    assert seen[0].home == tmp_path / "h"
    assert seen[0].require_sandbox is True


def test_without_root_options_the_variables_hold(run: Callable[..., Result], tmp_path: Path) -> None:
    seen = []
    run(lambda ctx: seen.append(settings_of(ctx)), "act")
    assert seen[0].home == tmp_path


def test_a_broken_settings_file_is_one_message(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("not toml at all =\n")
    result = run(lambda ctx: click.echo(settings_of(ctx)), "act")
    assert result.exit_code == ExitCode.FAILED
    assert "[settings.file]" in result.stderr


@pytest.fixture(autouse=True)
def _no_logging_left_behind() -> Iterator[None]:
    import logging

    before = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    logging.getLogger().handlers[:], level = before
    logging.getLogger().setLevel(level)


def test_an_error_among_json_lines_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "sign", str(tmp_path / "no*.jpg"), "--json-lines"])
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["error"]["code"] == "media.missing"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_cannot_be_printed_is_one_message(tmp_path: Path, unbuffered: str) -> None:
    words = [sys.executable, "-m", "provenance.cli", "--home", str(tmp_path), "trust", "list", "--json"]
    with Path("/dev/full").open("w") as full:
        around = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=around)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "error: the system refused to read or write  [system.io]",
    )
