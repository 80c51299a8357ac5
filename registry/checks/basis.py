"""What an answer rests on. While it stays the same, the same question has the same answer.

That is: versions, trusted lists and policy, as the examiner names them; every event of the registry (an asset was
registered, released, withdrawn, superseded …) and every leaf of its log (a key was revoked); and which embargoes have
ended by themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.log.models import LeafRow
from registry.models import AssetRow, EventRow


def basis_of(session: Session, rests_on: Mapping[str, str], now: str) -> str:
    """The hash (64 hex digits) of all that an examination that starts now rests on."""
    events = session.execute(select(func.count(), func.max(EventRow.at)).select_from(EventRow)).one()
    leaves = session.scalar(select(func.count()).select_from(LeafRow))
    ended = session.scalar(
        select(func.count()).where(
            AssetRow.embargoed, AssetRow.embargoed_until.is_not(None), AssetRow.embargoed_until <= now
        )
    )
    said = [dict(sorted(rests_on.items())), list(events), leaves, ended]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
