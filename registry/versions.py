"""Versions of the search index: one is read; another may be built beside it; a third one never is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry.bands import IndexParameters
from registry.models import SLOTS, IndexTables, IndexVersionRow

BUILDING = "building"
CURRENT = "current"
RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class IndexVersion:
    """One version, and how far it is built: assets numbered up to ``built_to`` of those up to ``goal`` are in it.

    ``state``: building, current (searched), retired (waiting to be emptied).
    """

    number: int
    state: str
    built_to: int
    goal: int
    parameters: IndexParameters
    tables: IndexTables


def versions(session: Session) -> list[IndexVersion]:
    """All versions there are, oldest first."""
    return [of_row(row) for row in session.scalars(select(IndexVersionRow).order_by(IndexVersionRow.version))]


def current(session: Session) -> IndexVersion:
    """The version that searches use.

    Raises:
        RegistryError: there is none (``index.unfinished``).
    """
    for version in versions(session):
        if version.state == CURRENT:
            return version
    raise RegistryError(
        "index.unfinished",
        "the search index is not built yet",
        hint="run `provenance assets reindex`; it goes on where it stopped",
    )


def new_row(number: int, slot: int, goal: int, parameters: IndexParameters) -> IndexVersionRow:
    """The row of a version that is to be built."""
    return IndexVersionRow(version=number, slot=slot, state=BUILDING, built_to=0, goal=goal, **asdict(parameters))


def of_row(row: IndexVersionRow) -> IndexVersion:
    """The version that a row stands for."""
    parameters = IndexParameters(row.bands, row.band_bits, row.seed, row.min_quality, row.max_runs, row.max_key_rows)
    return IndexVersion(row.version, row.state, row.built_to, row.goal, parameters, SLOTS[row.slot])
