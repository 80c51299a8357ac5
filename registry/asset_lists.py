"""Registered originals in pages, newest first, as somebody may see them; by words and by owner."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry import dialects
from registry.assets import AssetLine, line_of
from registry.models import AssetRow
from registry.store import Registry
from registry.visibility import visible

MAX_PAGE = 200
MAX_WORDS = 8
_CURSOR = re.compile(r"([0-9TZ:.-]{20,40})~([0-9a-z]{1,26})")


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Assets in order; ``after``: what asks for the ones that follow, None at the end."""

    assets: tuple[AssetLine, ...]
    after: str | None


def find_assets(
    registry: Registry,
    *,
    viewer: str | None,
    limit: int,
    words: str = "",
    owner: str | None = None,
    after: str | None = None,
) -> AssetPage:
    """The newest assets first, withdrawn ones included; embargoed ones for the viewer alone.

    Args:
        viewer: the owner who asks, as in ``register.owner_of``.
        words: each of them is in the title or the signer's name, or is the id; no more than ``MAX_WORDS`` count.
        after: where the page before ended.

    Raises:
        RegistryError: ``after`` is no cursor (``request.cursor``).
    """
    seen = None if after is None else _cursor(after)
    with registry.reading() as session:
        wanted = [visible(viewer, registry.now())]
        wanted += [_found_by(session, word) for word in words.split()[:MAX_WORDS]]
        if owner is not None:
            wanted.append(AssetRow.owner == owner)
        if seen is not None:
            wanted.append(tuple_(AssetRow.registered_at, AssetRow.asset_id) < tuple_(*seen))
        order = AssetRow.registered_at.desc(), AssetRow.asset_id.desc()
        rows = session.scalars(select(AssetRow).where(*wanted).order_by(*order).limit(limit + 1)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        ended = None if last is None else f"{last.registered_at}~{last.asset_id}"
        return AssetPage(tuple(line_of(row) for row in rows[:limit]), ended)


def _found_by(session: Session, word: str) -> ColumnElement[bool]:
    named = dialects.holds(session, AssetRow.title, word), dialects.holds(session, AssetRow.signer, word)
    return or_(*named, AssetRow.asset_id == word.lower())


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
