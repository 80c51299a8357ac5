"""The port through which the registry has a clip examined. The registry knows no verifier: it asks for one by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from provenance.catalog import Catalog
from provenance.errors import RegistryError
from provenance.settings import Settings

GROUP = "provenance.examiners"
NAME = "verifier"

OnProgress = Callable[[float, str], None]
"""Takes the share done (0-1) and what is being done in words. What it raises ends the examination."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of an examination. ``report``: the contract ``provenance.report/1``; ``page``: the same as HTML.

    ``preview``: a small copy of the clip that browsers play, in the folder that was given, with its media type.
    """

    report: Mapping[str, Any]
    page: str
    preview: tuple[Path, str] | None


class Examiner(Protocol):
    """Examines clips. Made without arguments by the entry point ``verifier`` of the group ``provenance.examiners``."""

    def rests_on(self, settings: Settings) -> Mapping[str, str]:
        """What a report rests on besides clip and registry: versions, trusted lists, policy. Equal: the same report.

        Raises:
            ProvenanceError: policy or trust lists cannot be used.
        """
        ...

    def examine(
        self,
        clip: Path,
        *,
        catalog: Catalog,
        settings: Settings,
        folder: Path,
        preview: bool,
        budget: float,
        on_progress: OnProgress,
    ) -> Examined:
        """Examine a clip.

        Args:
            folder: an empty folder for what the result is made of; the caller removes it.
            preview: whether a small copy of the clip is wanted.
            budget: seconds after which nothing more is begun.

        Raises:
            MediaError: the clip is not media, or over a limit.
            RegistryError: the catalog cannot be asked.
        """
        ...


def load_examiner() -> Examiner:
    """The installed examiner; importing it takes a second, the first time.

    Raises:
        RegistryError: none is installed (``check.no_examiner``).
    """
    for entry in entry_points(group=GROUP, name=NAME):
        examiner: Examiner = entry.load()()
        return examiner
    raise RegistryError(
        "check.no_examiner",
        "nothing is installed that examines clips",
        expected=f"the entry point {NAME} of the group {GROUP}",
        hint="install the whole of provenance-toolkit",
    )
