"""Who checks in these tests: a newsroom's home, and the whole program run in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from provenance.cli import main

Run = Callable[..., Result]


@dataclass(frozen=True)
class Desk:
    """A newsroom's home with a development key, and a picture before and after ``provenance sign``; never changed."""

    home: Path
    picture: Path
    signed: Path

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(main, ["--home", str(self.home), *map(str, arguments)])
