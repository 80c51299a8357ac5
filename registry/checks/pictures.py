"""The pictures of a finished examination, out of its page: that is where they are kept, in one copy.

The page is our own (``provenance/presentation/templates/report_parts.html.j2``), made by the examiner when it was done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from provenance.presentation import words

_FINDING = re.compile(r"finding-([0-9]{1,6})")
_ADDRESS = re.compile(r"data:(image/(?:png|jpeg|webp));base64,[A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as ``provenance.report.Evidence`` has it, but for its bytes, which are in its ``data:`` address."""

    role: str
    caption: str
    media_type: str
    finding: int | None
    address: str


def pictures_of(page: str) -> list[Shown]:
    """Every picture of a report's page, in its order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Shown] = []
        self._finding: int | None = None
        self._role: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "li" and (named := _FINDING.fullmatch(given.get("id", ""))):
            self._finding = int(named[1])
        elif tag == "figure":
            self._role = given.get("class")
        elif tag == "img" and self._role and (address := _ADDRESS.fullmatch(given.get("src", ""))):
            caption = given.get("alt", "").removeprefix(f"{words.ROLES.get(self._role, self._role)}: ")
            self.found.append(Shown(self._role, caption, address[1], self._finding, address[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "figure":
            self._role = None
        elif tag == "ol":
            self._finding = None
