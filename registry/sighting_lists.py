"""Sightings in pages, and how many there are of each kind by month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_

from provenance.errors import RegistryError
from registry.models import AssetRow
from registry.sighting_models import SightingRow
from registry.sighting_values import Moderator, Sighting, State
from registry.sightings import from_row
from registry.store import Registry

MAX_PAGE = 200
_CURSOR = re.compile(r"([0-9TZ:.-]{20,40})~([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Page:
    """Sightings in order; ``after``: what asks for the ones that follow, None at the end."""

    sightings: tuple[Sighting, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many sightings of a kind were first filed in a month.

    ``month``: ``2026-11``. ``kind``: a value of ``Answer``, or ``open``. ``reports``: how often they were filed.
    """

    month: str
    kind: str
    sightings: int
    reports: int


def answered(
    registry: Registry, *, limit: int, after: str | None = None, owner: str | None = None, asset_id: str | None = None
) -> Page:
    """What is public: the newest answers first, of one owner or on one asset if asked so.

    Raises:
        RegistryError: ``after`` is no cursor (``request.cursor``).
    """
    wanted = [SightingRow.state == State.ANSWERED]
    if owner is not None:
        wanted.append(SightingRow.owner == owner)
    if asset_id is not None:
        wanted.append(SightingRow.asset_id == asset_id)
    return _page(registry, wanted, limit, after, newest_first=True)


def queue(registry: Registry, moderator: Moderator, *, limit: int, after: str | None = None) -> Page:
    """What waits for the moderator, nobody's included: the oldest first.

    Raises:
        RegistryError: ``after`` is no cursor (``request.cursor``).
    """
    wanted = [SightingRow.state == State.OPEN]
    if not moderator.admin:
        wanted.append(or_(SightingRow.owner == moderator.owner, SightingRow.owner.is_(None)))
    return _page(registry, wanted, limit, after, newest_first=False)


def all_answered(registry: Registry, owner: str | None = None) -> Iterator[Sighting]:
    """Every public sighting, read in pages, so that no transaction waits for who takes them."""
    after = None
    while True:
        page = answered(registry, limit=MAX_PAGE, after=after, owner=owner)
        yield from page.sightings
        after = page.after
        if after is None:
            return


def counts(registry: Registry, owner: str | None = None) -> list[Count]:
    """By month and kind, months in order; what was dismissed is not counted."""
    month = func.substr(SightingRow.filed_at, 1, 7).label("month")
    kind = case((SightingRow.state == State.ANSWERED, SightingRow.answer), else_=SightingRow.state).label("kind")
    question = select(month, kind, func.count(), func.sum(SightingRow.times_filed))
    question = question.where(SightingRow.state != State.DISMISSED)
    if owner is not None:
        question = question.where(SightingRow.owner == owner)
    with registry.reading() as session:
        return [Count(*row) for row in session.execute(question.group_by("month", "kind").order_by("month", "kind"))]


def _page(
    registry: Registry, wanted: list[ColumnElement[bool]], limit: int, after: str | None, *, newest_first: bool
) -> Page:
    time = SightingRow.answered_at if newest_first else SightingRow.filed_at
    place = tuple_(time, SightingRow.sighting_id)
    if after is not None:
        seen = tuple_(*_cursor(after))
        wanted = [*wanted, place < seen if newest_first else place > seen]
    order = (column.desc() if newest_first else column.asc() for column in (time, SightingRow.sighting_id))
    question = (
        select(SightingRow, AssetRow.title)
        .outerjoin(AssetRow, AssetRow.asset_id == SightingRow.asset_id)
        .where(*wanted)
        .order_by(*order)
        .limit(limit + 1)
    )
    with registry.reading() as session:
        found = [from_row(row, title) for row, title in session.execute(question)]
    shown = tuple(found[:limit])
    if len(found) <= limit:
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, f"{last.answered_at if newest_first else last.filed_at}~{last.sighting_id}")


def _cursor(text: str) -> tuple[str, str]:
    parts = _CURSOR.fullmatch(text)
    if parts is None:
        raise RegistryError(
            "request.cursor",
            "this is not where a page ended",
            found=text[:80],
            hint="take it from the page before as it is, or leave it out",
        )
    return parts[1], parts[2]
