"""Sessions: browsers in which somebody has logged in with a token. They end with it, when it expires or is revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete

from provenance.errors import RegistryError
from registry.account_models import SessionRow
from registry.accounts import Token, digest, require_valid, token_of
from registry.store import Registry, stamp

COOKIE = "provenance_session"
"""What a browser keeps a session's secret under."""


def open_session(registry: Registry, token: str, lasting: timedelta) -> str:
    """Open a session with a token's text; the session's own secret, of 256 random bits.

    Raises:
        RegistryError: the token cannot be used; see ``accounts.token_of``.
    """
    token_id = token_of(registry, token).token_id
    secret, now = secrets.token_hex(32), registry.now()
    expires_at = stamp(datetime.fromisoformat(now) + lasting)
    with registry.writing() as session:
        session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
        session.add(SessionRow(secret_sha256=digest(secret), token_id=token_id, expires_at=expires_at))
    return secret


def session_token(registry: Registry, secret: str) -> Token | None:
    """The token a session was opened with, or None where the session or the token has ended."""
    now = registry.now()
    with registry.reading() as session:
        # Found by its hash, whose bytes nobody who lacks the secret can steer: the time that takes tells nothing.
        row = session.get(SessionRow, digest(secret))
        if row is None or row.expires_at <= now:
            return None
        try:
            return require_valid(session, row.token_id, now)
        except RegistryError:
            return None


def close_session(registry: Registry, secret: str) -> None:
    """End a session; harmless where there is none."""
    with registry.writing() as session:
        session.execute(delete(SessionRow).where(SessionRow.secret_sha256 == digest(secret)))


def form_secret(secret: str) -> str:
    """What every form of a session carries, so that other sites cannot send one: made from the session's secret."""
    return hmac.new(secret.encode(), b"provenance form", hashlib.sha256).hexdigest()


def is_form_secret(secret: str, given: str) -> bool:
    """Whether a form came from this session's own pages."""
    return hmac.compare_digest(form_secret(secret).encode(), given.encode())
