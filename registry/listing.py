"""Lists of assets, a page at a time, newest first."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry import dialects
from registry.assets import facts_of
from registry.models import AssetRow
from registry.store import Registry
from registry.visibility import open_to_all, visible

MAX_PAGE = 200
MAX_WORDS = 8
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assets: of an owner, of a status, with words, or one by its id.

    ``text``: each of its words, of which no more than ``MAX_WORDS`` count, is in the title or the signer's name, or is
    the id.
    """

    owner: str | None = None
    status: str | None = None
    text: str = ""
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListedAsset:
    """What is known of an asset without its fingerprints. ``embargoed``: for its owner only, now.

    ``reference_sha256``: of the reference copy that is held. ``embargoed_until``: where an embargo ends by itself.
    """

    asset_id: str
    title: str
    signer: str
    signer_fingerprint: str
    owner: str
    signed_at: str | None
    registered_at: str
    media_type: str
    duration: Fraction | None
    width: int | None
    height: int | None
    fps: float | None
    has_audio: bool
    manifest_label: str
    hard_binding: str
    reference_sha256: str | None
    status: str
    claims: tuple[str, ...]
    embargoed: bool
    embargoed_until: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some assets, and where the next page begins; None where there is none."""

    assets: tuple[ListedAsset, ...]
    cursor: str | None


def list_page(
    registry: Registry, wanted: Wanted, *, viewer: str | None, limit: int = 50, cursor: str | None = None
) -> Page:
    """A page of the assets that the viewer may see, withdrawn and superseded ones too.

    Raises:
        RegistryError: the cursor is not one that a page ended with (``request.cursor``).
    """
    now = registry.now()
    with registry.reading() as session:
        found = session.execute(page_query(session, wanted, viewer, now, min(limit, MAX_PAGE) + 1, cursor)).all()
    more = len(found) > min(limit, MAX_PAGE)
    rows = found[: min(limit, MAX_PAGE)]
    last = rows[-1][0] if more else None
    return Page(
        tuple(_listed(row, bool(is_open)) for row, is_open in rows),
        None if last is None else _cursor(last.registered_at, last.asset_id),
    )


def page_query(
    session: Session, wanted: Wanted, viewer: str | None, now: str, count: int, cursor: str | None
) -> Select[AssetRow, bool]:
    """The query of one page: each asset with whether it is open to all."""
    conditions: list[ColumnElement[bool]] = [visible(viewer, now)]
    if wanted.owner is not None:
        conditions.append(AssetRow.owner == _plain(wanted.owner))
    if wanted.status is not None:
        conditions.append(AssetRow.status == _plain(wanted.status))
    conditions += [_found_by(session, word) for word in _plain(wanted.text).split()[:MAX_WORDS]]
    if wanted.asset_id is not None:
        conditions.append(AssetRow.asset_id == _plain(wanted.asset_id))
    if cursor is not None:
        # As one comparison of pairs, which an index answers.
        conditions.append(tuple_(AssetRow.registered_at, AssetRow.asset_id) < _position(cursor))
    return (
        select(AssetRow, open_to_all(now))
        .where(*conditions)
        .order_by(AssetRow.registered_at.desc(), AssetRow.asset_id.desc())
        .limit(count)
    )


def _found_by(session: Session, word: str) -> ColumnElement[bool]:
    named = dialects.holds(session, AssetRow.title, word), dialects.holds(session, AssetRow.signer, word)
    return or_(*named, AssetRow.asset_id == word.lower())


def _cursor(registered_at: str, asset_id: str) -> str:
    return base64.urlsafe_b64encode(f"{registered_at}{_SEPARATOR}{asset_id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    registered_at, separator, asset_id = text.partition(_SEPARATOR)
    if not separator or not text.isprintable():
        raise RegistryError(
            "request.cursor", "this is no place in a list", hint="take it from the page before as it is"
        )
    return registered_at, asset_id


def _listed(row: AssetRow, is_open: bool) -> ListedAsset:
    until = None if is_open else row.embargoed_until
    return ListedAsset(**facts_of(row), owner=row.owner, embargoed=not is_open, embargoed_until=until)


def _plain(text: str) -> str:
    # PostgreSQL takes no such text, and nothing stored has it.
    return text.replace("\0", "�")
