"""What `make docs` runs: the parts of the documentation that come from the program itself.

``docs/cli.md`` is the help of every command; sessions in the documents are run (``docs_sessions``); ``docs/report.png``
is the top of the demonstration's report on the repainted clip, and ``docs/pages`` the server's pages on it,
photographed by Chromium.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from PIL import Image

from benchmarks.demo import Demo
from benchmarks.docs_pages import photograph_pages
from benchmarks.docs_sessions import renew
from provenance.cli import main as root

DOCS = Path(__file__).parent.parent / "docs"
REFERENCE = DOCS / "cli.md"
SESSIONS = ("archive.md", "capture.md", "ci.md", "edits.md", "keys.md", "reverify.md", "watch.md")
"""Documents with sessions that are run."""
PICTURE = DOCS / "report.png"
PAGES = DOCS / "pages"
PAGE_SIZE = (1000, 1320)
"""Width and height in pixels of what is photographed: down to the finding's pictures."""
PICTURE_WIDTH = 840
MOST_BYTES = 200_000
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_COLOURS = 176


def reference() -> str:
    """The whole of ``docs/cli.md``."""
    parts = ["# Commands\n\nWritten by `make docs` from the commands' own help.\n"]
    parts += [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(root, "provenance", None)]
    return "\n".join(parts)


def photograph(
    page: Path, size: tuple[int, int] = PAGE_SIZE, width: int = PICTURE_WIDTH, colours: int = _COLOURS
) -> bytes:
    """The top of an HTML file as a PNG of few colours, so many pixels wide."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
        ]
        options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        options += ["--blink-settings=preferredColorScheme=1", f"--window-size={size[0]},{size[1]}"]
        command = [browser(), *options, f"--screenshot={shot}", page.resolve().as_uri()]
        subprocess.run(command, capture_output=True, check=True, timeout=120)
        return smaller(shot.read_bytes(), width, colours)


def browser() -> str:
    """The path of Chromium."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("no Chromium found: apt-get install chromium, then run make docs again")
    return found


def smaller(png: bytes, width: int = PICTURE_WIDTH, colours: int = _COLOURS) -> bytes:
    """The picture as wide as the documentation wants it, in few colours."""
    with Image.open(io.BytesIO(png)) as image:
        height = round(image.height * width / image.width)
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        small = small.quantize(colours, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def _helps(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path.split()[-1], parent=parent, max_content_width=90, terminal_width=90)
    if parent is None:
        context.help_option_names = ["-h", "--help"]
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _helps(inner, f"{path} {name}", context)


def main() -> int:
    """Write all; 1 where the demonstration was not as expected or a picture is too large."""
    REFERENCE.write_text(reference(), encoding="utf-8")
    print(f"{REFERENCE.name} written")
    for name in SESSIONS:
        renew(DOCS / name)
        print(f"{name} written")
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        wrong = Demo(demo).run()
        taken = {PICTURE: photograph(demo / "reports" / "repainted.html")}
        pages = photograph_pages(demo / "home", demo / "copies" / "repainted.mp4", browser())
    taken |= {PAGES / f"{name}.png": smaller(png) for name, png in pages.items()}
    large = {path.name: len(data) for path, data in taken.items() if len(data) > MOST_BYTES}
    if wrong or large:
        print(f"no picture written: {wrong} unexpected verdicts; over {MOST_BYTES} bytes: {large}")
        return 1
    for path, data in taken.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        print(f"{path.name} written, {len(data)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
