"""What every command shares: the settings behind the root options, and the border where errors become messages."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provenance.console import safe
from provenance.errors import ProvenanceError
from provenance.exits import ExitCode

if TYPE_CHECKING:
    from provenance.settings import Settings

CANCELLED = 130
"""What shells report for a command ended by Ctrl-C: 128 + SIGINT."""


@dataclass(slots=True)
class RootOptions:
    """The options given before the command's name."""

    home: Path | None = None
    require_sandbox: bool = False
    verbose: bool = False
    settings: Settings | None = None


def settings_of(ctx: click.Context) -> Settings:
    """The settings for this run, read at the first call: file < PROVENANCE_* < root options.

    Raises:
        SettingsError: the settings file or a variable cannot be used.
    """
    options = ctx.ensure_object(RootOptions)
    if options.settings is None:
        # Here and not at the top: it costs more than the rest of start-up together.
        from provenance.settings import load_settings

        options.settings = load_settings(options.home, require_sandbox=options.require_sandbox or None)
    return options.settings


def error_as_json(error: ProvenanceError) -> dict[str, Any]:
    """The one shape of an error for programs."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "expected": error.expected,
            "found": error.found,
            "hint": error.hint,
        }
    }


def error_as_text(error: ProvenanceError) -> str:
    """The error for people: what happened, what was expected, what was found, what to try."""
    lines = [f"error: {safe(error.message, lines=True)}  [{safe(error.code)}]"]
    for word, value in (("expected", error.expected), ("found", error.found), ("try", error.hint)):
        if value:
            lines.append(f"  {word + ':':<10}{safe(value)}")
    return "\n".join(lines)


class NamedPath(click.Path):
    """A path as ``Path``, which must not be empty: an unset variable of a script would mean the working folder.

    Whether it may be read is for the command to find out: that it may not is no wrong usage.
    """

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(dir_okay=dir_okay, readable=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; wrong usage where it is empty."""
        if value == "":
            self.fail("the name is empty; give the path of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


@contextlib.contextmanager
def command_errors(ctx: click.Context, *, as_json: bool, as_lines: bool = False) -> Iterator[None]:
    """Turn whatever a command raises into one message and an exit code; the only place that does.

    ``as_json``: it goes to stdout as JSON; ``as_lines``: on one line.
    """
    try:
        yield
    except click.UsageError as error:
        # Names of files end up in these messages, and a file may be named with escape sequences.
        error.message = safe(error.message, lines=True)  # type: ignore[misc]
        raise
    except ProvenanceError as error:
        _report(error, as_json=as_json, as_lines=as_lines, ctx=ctx)
        ctx.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        click.echo("cancelled: what was finished before stays, nothing is left half-written", err=True)
        ctx.exit(CANCELLED)
    except BrokenPipeError:
        raise
    except OSError as error:
        _report(_from_os(error), as_json=as_json, as_lines=as_lines, ctx=ctx)
        _drop_unprinted()
        ctx.exit(ExitCode.FAILED)
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except Exception as error:
        _report(_unforeseen(error), as_json=as_json, as_lines=as_lines, ctx=ctx)
        ctx.exit(ExitCode.FAILED)


def _report(error: ProvenanceError, *, as_json: bool, as_lines: bool, ctx: click.Context) -> None:
    if not (as_json and _answered(error_as_json(error), lines=as_lines)):
        click.echo(error_as_text(error), err=True)
    if ctx.ensure_object(RootOptions).verbose:
        click.echo(safe("".join(traceback.format_exception(error)), lines=True, limit=100_000), err=True)


def _answered(answer: dict[str, Any], *, lines: bool) -> bool:
    """Whether the answer could be printed: that it cannot may be what the error is about."""
    try:
        click.echo(json.dumps(answer, indent=None if lines else 2))
    except BrokenPipeError:
        raise
    except OSError:
        return False
    return True


def _drop_unprinted() -> None:
    """Turn away what cannot be printed: Python would try again at its end, and exit with a code of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _from_os(error: OSError) -> ProvenanceError:
    where = f" ({error.filename})" if error.filename else ""
    wrapped = ProvenanceError(
        "system.io",
        f"the system refused to read or write{where}",
        found=error.strerror or str(error),
        hint="check that the place exists, may be written to, and has space left",
    )
    wrapped.__cause__ = error
    return wrapped


def _unforeseen(error: Exception) -> ProvenanceError:
    wrapped = ProvenanceError(
        "internal",
        "the command met something it did not foresee; this is a fault of the program",
        found=f"{type(error).__name__}: {error}",
        hint="run it again as `provenance --verbose …` and report what it prints",
    )
    wrapped.__cause__ = error
    return wrapped
