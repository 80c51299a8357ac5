"""Whether the log says what the registry says: for the check of everything that is stored."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, select

from provenance.errors import LogError
from registry.log.audit import audit
from registry.log.leaves import asset_leaf
from registry.log.local import LocalLog
from registry.log.models import LeafRow
from registry.log.notes import read_vkey
from registry.log.sequencing import Logged, signing_key
from registry.models import EventRow, ManifestRow


def log_faults(registry: Logged) -> Iterator[str]:
    """Say in words which events the log does not have as they are, and whether it holds. Reads all of it."""
    with registry.reading() as session:
        vkey = signing_key(session)
        found = session.execute(
            select(EventRow, ManifestRow.blob_sha256, LeafRow.data)
            .outerjoin(ManifestRow, ManifestRow.asset_id == EventRow.asset_id)
            .outerjoin(LeafRow, and_(LeafRow.subject == EventRow.asset_id, LeafRow.number == EventRow.number))
            .execution_options(yield_per=1000)
        )
        for event, manifest, leaf in found:
            where = f"event {event.number} of asset {event.asset_id}"
            if leaf is None:
                yield f"log: {where} is not in it"
            elif leaf != asset_leaf(event.asset_id, event.number, event.kind, event.at, event.detail, manifest):
                yield f"log: {where} is not what it was when it was entered"
    if vkey is not None:
        try:
            audit(LocalLog(registry), read_vkey(vkey))
        except LogError as error:
            yield f"log: {error.message}"
