"""Terminal sessions in the documentation, from real runs.

A console block after the line ``<!-- run -->`` is run: its lines that begin with ``$`` are typed, and what they print
takes the place of what stood below them. A line that ends with a backslash goes on in the next. All blocks of a
document are one session in a fresh folder with a home of its own; ``<!-- setup COMMAND -->`` types what readers need
not see. After ``<!-- run until WORD -->``, each output ends before the first line that begins with the word.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_PART = re.compile(
    r"<!-- setup (?P<setup>.+?) -->|(?P<mark><!-- run(?: until (?P<word>\w+))? -->)\n```console\n(?P<block>.*?)```",
    re.DOTALL,
)
_TYPED = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
_SHOWN_HOME = "/home/desk"
_MARK = "\x1e"


def renew(document: Path) -> None:
    """Run the sessions of a document and write down what came of them."""
    text = document.read_text("utf-8")
    typed = [line for part in _PART.finditer(text) for line in _lines(part)]
    with tempfile.TemporaryDirectory() as folder:
        printed = iter(_run(typed, Path(folder)))

    def renewed(part: re.Match[str]) -> str:
        said = [(line, next(printed)) for line in _lines(part)]
        if part["setup"]:
            return part[0]
        body = "".join(f"$ {line}\n{_shown(output, part['word'])}" for line, output in said)
        return f"{part['mark']}\n```console\n{body}```"

    document.write_text(_PART.sub(renewed, text), "utf-8")


def _lines(part: re.Match[str]) -> list[str]:
    if part["setup"]:
        return [part["setup"]]
    return typed_in(part["block"])


def typed_in(block: str) -> list[str]:
    """What is typed in a console block, without the prompts."""
    return _TYPED.findall(block)


def _shown(output: str, word: str | None) -> str:
    """Without blanks at the ends of lines, and without what comes after the word."""
    lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    return re.sub(rf"^{word}\b.*", "[…]\n", lines, flags=re.DOTALL | re.MULTILINE) if word else lines


def _run(typed: list[str], folder: Path) -> list[str]:
    """What each line prints, on both streams, when typed one after the other into one shell."""
    binaries = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVENANCE_")}
    environment |= {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PROVENANCE_HOME": str(folder / "home"),
    }
    # The mark between two lines leaves the exit code as it was.
    script = "".join(f"{line}\ncode=$?; printf '\\036'; (exit $code)\n" for line in typed)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, check=False, text=True,
    )  # fmt: skip
    outputs = done.stdout.replace(str(folder), _SHOWN_HOME).split(_MARK)[:-1]
    if len(outputs) != len(typed):
        raise SystemExit(f"a session ended early: {done.stdout[-500:]}")
    return outputs
