"""Building the search index anew from the stored fingerprints, while the registry stays in use.

1. A new version is noted; what is registered from then on enters it as well as the old one.
2. What was registered before enters it in batches, each in a transaction that also notes how far the version is.
3. When nothing is missing, one transaction makes it the version that is searched, and the old one is emptied.

A run that is killed leaves a version half built, or one not yet emptied; the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry import dialects, packing
from registry.bands import IndexParameters
from registry.indexing import Entries, enter, entries
from registry.models import SLOTS, FingerprintRow, IndexedAssetRow, IndexVersionRow
from registry.versions import BUILDING, CURRENT, RETIRED, IndexVersion, new_row, of_row, versions

BATCH_ROWS = 100_000
"""Band entries in one transaction: under a second, so that registrations need not wait long."""
_ASSETS_AT_ONCE = 200
_INDEXED = ("frames", "sound", "features", "frame_features", "brief_sound")


class Sessions(Protocol):
    """What gives sessions: an open registry."""

    def reading(self) -> AbstractContextManager[Session]:
        """See ``store.Registry``."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """See ``store.Registry``."""
        ...


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The version that is searched now, and how many assets this run entered into it."""

    version: IndexVersion
    entered: int


def reindex(
    registry: Sessions,
    parameters: IndexParameters | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Reindexed:
    """Build a new version of the index and search it from then on; go on with one that a former run began.

    ``parameters``: those of the version that is searched now, or of the one half built, if None.

    Raises:
        RegistryError: one with other parameters is half built (``index.other_build``), or it cannot be written.
    """
    _empty_retired(registry)
    version = _begin(registry, parameters)
    entered = 0
    while True:
        last, parts = _next_batch(registry, version)
        if last is None:
            break
        with registry.writing() as session:
            row = session.get(IndexVersionRow, version.number, with_for_update=True)
            if row is None or row.state != BUILDING:
                raise _cancelled()
            # Another run may have been faster; then its batch stands.
            if row.built_to == version.built_to:
                enter(session, version, parts)
                row.built_to = last
                entered += len(parts)
            version = of_row(row)
        if on_progress is not None:
            on_progress(version.built_to / max(1, version.goal))
    current = _switch(registry, version)
    _empty_retired(registry)
    return Reindexed(current, entered)


def cancel(registry: Sessions) -> bool:
    """Throw away a version that is being built; the one that is searched stays. False where there is none."""
    with registry.writing() as session:
        dialects.hold_index(session, alone=True)
        rows = {row.state: row for row in session.scalars(select(IndexVersionRow))}
        if BUILDING not in rows:
            return False
        if CURRENT not in rows:
            raise RegistryError(
                "index.only_one",
                "the index that is being built is the only one there is",
                hint="let `provenance assets reindex` finish it",
            )
        rows[BUILDING].state = RETIRED
    _empty_retired(registry)
    return True


def changed_parameters(registry: Sessions, bands: int | None, band_bits: int | None) -> IndexParameters | None:
    """The newest version's parameters with other bands; None where nothing is to change.

    Raises:
        ValueError: so many keys cannot be numbered.
    """
    if bands is None and band_bits is None:
        return None
    with registry.reading() as session:
        newest = versions(session)[-1].parameters
    return replace(newest, bands=bands or newest.bands, band_bits=band_bits or newest.band_bits)


def unfinished(registry: Sessions) -> bool:
    """Whether there is no index that could be searched, as after an upgrade."""
    with registry.reading() as session:
        return all(version.state != CURRENT for version in versions(session))


def _begin(registry: Sessions, parameters: IndexParameters | None) -> IndexVersion:
    """Note the version to build, or take up the one that is half built."""
    with registry.writing() as session:
        # Alone: a registration either ended before and is built, or sees the new version and enters it.
        dialects.hold_index(session, alone=True)
        known = versions(session)
        for version in known:
            if version.state == BUILDING:
                if parameters not in (None, version.parameters):
                    raise RegistryError(
                        "index.other_build",
                        "an index with other parameters is half built",
                        expected=_words(parameters),
                        found=_words(version.parameters),
                        hint="finish it with `provenance assets reindex`, or drop it with `--cancel`",
                    )
                return version
        (current,) = known
        goal = session.scalar(select(func.max(IndexedAssetRow.asset_no))) or 0
        row = new_row(current.number + 1, 1 - current.tables.slot, goal, parameters or current.parameters)
        session.add(row)
        session.flush()
        return of_row(row)


def _next_batch(registry: Sessions, version: IndexVersion) -> tuple[int | None, list[Entries]]:
    """The entries of the next assets, and the number of the last; None where all are in."""
    last: int | None = None
    parts: list[Entries] = []
    rows = 0
    with registry.reading() as session:
        for asset_no, asset_id in _assets(session, version.built_to, version.goal):
            stored = session.scalars(
                select(FingerprintRow).where(FingerprintRow.asset_id == asset_id, FingerprintRow.kind.in_(_INDEXED))
            )
            part = entries(asset_no, packing.from_rows(stored), version.parameters)
            last = asset_no
            parts.append(part)
            rows += len(part.bands[0]) + len(part.sounds[0]) + len(part.features[0])
            if rows >= BATCH_ROWS:
                break
    return last, parts


def _assets(session: Session, after: int, goal: int) -> Iterator[tuple[int, str]]:
    found = session.execute(
        select(IndexedAssetRow.asset_no, IndexedAssetRow.asset_id)
        .where(IndexedAssetRow.asset_no > after, IndexedAssetRow.asset_no <= goal)
        .order_by(IndexedAssetRow.asset_no)
        .limit(_ASSETS_AT_ONCE)
    )
    for row in found.all():
        yield row.asset_no, row.asset_id


def _switch(registry: Sessions, version: IndexVersion) -> IndexVersion:
    with registry.writing() as session:
        dialects.hold_index(session, alone=True)
        rows = {row.version: row for row in session.scalars(select(IndexVersionRow))}
        if version.number not in rows or rows[version.number].state == RETIRED:
            raise _cancelled()
        for number, row in rows.items():
            row.state = CURRENT if number == version.number else RETIRED
        return of_row(rows[version.number])


def _empty_retired(registry: Sessions) -> None:
    with registry.reading() as session:
        retired = [version for version in versions(session) if version.state == RETIRED]
    for version in retired:
        with registry.writing() as session:
            # A search that chose this version before it was retired has to end first.
            dialects.hold_slots(session, alone=True)
            dialects.hold_index(session, alone=True)
            row = session.get(IndexVersionRow, version.number)
            if row is None or row.state != RETIRED:
                continue
            for table in SLOTS[row.slot].all:
                dialects.empty(session, table)
            session.delete(row)


def _cancelled() -> RegistryError:
    return RegistryError(
        "index.cancelled", "the index that was being built was thrown away meanwhile", hint="the old one stays in use"
    )


def _words(parameters: IndexParameters | None) -> str:
    return f"{parameters.bands} bands of {parameters.band_bits} bits" if parameters else ""
