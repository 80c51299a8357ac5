"""What reaches a terminal: results on stdout, progress on stderr, and no foreign control characters anywhere.

Both consoles read no markup, so a title such as ``[red]`` is printed as it is; style with ``rich.text.Text`` or
the ``style`` argument. Rich is imported when first used, which keeps ``provenance --help`` fast.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT_LIMIT = 2000
"""Characters that ``safe`` lets through: more than any honest title, name or message."""

# Joiners are format characters that honest Indic, Persian and emoji text needs, and they reorder nothing.
_JOINERS = frozenset("\u200c\u200d")
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: object, *, lines: bool = False, limit: int = DEFAULT_LIMIT) -> str:
    """The text with everything spelled out that would steer a terminal or reorder what is read.

    Control characters (and so ANSI escapes), direction overrides and isolates, other invisible format characters,
    private-use and unpaired surrogate code points become ``\\x1b`` or ``\\u202e``. ``lines`` keeps line feeds.
    Text beyond ``limit`` characters is cut, with an ellipsis.
    """
    source = str(text)
    cut = source[:limit]
    out = "".join(_spell(char, lines) for char in cut)
    return out + "…" if len(source) > limit else out


def _spell(char: str, lines: bool) -> str:
    if char == " " or char.isalnum() or char in _JOINERS or (lines and char == "\n"):
        return char
    if char in _SPELLED:
        return _SPELLED[char]
    # Cc control, Cf format, Cs surrogate, Co private use, Cn unassigned, Zl and Zp line separators.
    if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return char
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def stdout() -> Console:
    """A console for results."""
    return _console(stderr=False)


def stderr() -> Console:
    """A console for progress, warnings and errors."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # Made afresh: a kept console would hold on to a stream that a caller has since replaced.
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


def warn(message: str) -> None:
    """Say on stderr what the person should know though the command goes on."""
    stderr().print(f"warning: {safe(message, lines=True)}", style="yellow", soft_wrap=True)


class Advance(Protocol):
    """Takes the share done (0-1), and what is being done where that changes; foreign text in it is spelled out."""

    def __call__(self, share: float, doing: str = "", /) -> None:
        """Move the bar."""


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on stderr, with its label or what is being done; yields what advances it.

    Silent where ``quiet`` is set (as with ``--json``) or stderr is no terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _share, _doing="", /: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task(safe(label, limit=60), total=1.0)

        def advance(share: float, doing: str = "", /) -> None:
            bar.update(task, completed=min(max(share, 0.0), 1.0), description=safe(doing or label, limit=60))

        yield advance
