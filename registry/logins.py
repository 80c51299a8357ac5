"""Sessions of people whom a provider of accounts knows: each has a token of its own, which ends with the session.

So whatever is done in it is done by a token: listed, named in the history, and ended by `provenance tokens revoke`. Its
text is told to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from provenance.settings import OidcGrant
from registry.account_models import SessionRow, TokenRow
from registry.accounts import MAX_NAME, new_token
from registry.sessions import open_session
from registry.store import Registry

PREFIX = "account "
"""What the names of such tokens begin with."""
_NAMES = ("preferred_username", "email", "name", "sub")


def grant_of(claims: Mapping[str, Any], grants: Sequence[OidcGrant]) -> OidcGrant | None:
    """The first grant that fits what is said of an account; None where none does."""
    for grant in grants:
        said = claims.get(grant.claim)
        if said == grant.value or (isinstance(said, list) and grant.value in said):
            return grant
    return None


def name_of(claims: Mapping[str, Any]) -> str:
    """What an account is called in tokens and events; the provider's words, without what is not printable."""
    said = next((text for name in _NAMES if isinstance(text := claims.get(name), str) and text.strip()), "")
    return (PREFIX + "".join(char for char in said if char.isprintable()))[:MAX_NAME]


def open_login(registry: Registry, name: str, grant: OidcGrant, lasting: timedelta) -> str:
    """Open a session for an account; the session's secret. Tokens of such sessions that have expired are deleted.

    Raises:
        RegistryError: the grant's organisation was not added (``organisation.unknown``).
    """
    owner = f"organisation:{grant.organisation}" if grant.organisation is not None else None
    now = registry.now()
    over = select(TokenRow.token_id).where(TokenRow.name.startswith(PREFIX), TokenRow.expires_at <= now)
    with registry.writing() as session:
        session.execute(delete(SessionRow).where(SessionRow.token_id.in_(over)))
        session.execute(delete(TokenRow).where(TokenRow.token_id.in_(over)))
    _, text = new_token(registry, name, role=grant.role, owner=owner, valid=lasting)
    return open_session(registry, text, lasting)
