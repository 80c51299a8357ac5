"""Who may do what: organisations, and the tokens that act for them.

A token's text is shown once and never stored: the registry keeps its SHA-256, which suffices for 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.errors import RegistryError
from registry.account_models import OrganisationRow, TokenRow
from registry.store import Registry, stamp

PREFIX = "prvt"
"""Begins every token, so that scanners for leaked secrets know one."""

MAX_NAME = 200
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_[0-9a-f]{{64}}")
_OWNER = re.compile(rf"organisation:\S(.{{0,{MAX_NAME - 2}}}\S)?|certificate:[0-9a-f]{{64}}")


class Scope(StrEnum):
    """One thing a token may do. ``read``: where reading is not open to all. ``manage``: withdraw, release, supersede.
    ``admin``: the same with every organisation's assets."""

    READ = "read"
    CHECK = "check"
    REGISTER = "register"
    MANAGE = "manage"
    MODERATE = "moderate"
    ADMIN = "admin"


_READER = frozenset({Scope.READ, Scope.CHECK})
_PUBLISHER = _READER | {Scope.REGISTER, Scope.MANAGE, Scope.MODERATE}
ROLES: dict[str, frozenset[Scope]] = {"reader": _READER, "publisher": _PUBLISHER, "admin": _PUBLISHER | {Scope.ADMIN}}
"""Named sets of scopes."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Whom assets and tokens belong to."""

    owner: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. Times are RFC 3339; ``owner`` None: it is the operator's."""

    token_id: str
    name: str
    owner: str | None
    role: str
    scopes: frozenset[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @property
    def actor(self) -> str:
        """Who acts, for events."""
        return f"token:{self.token_id} {self.name} ({self.owner or 'operator'})"

    def may_change(self, owner: str) -> bool:
        """Whether assets of this owner may be changed with it, by one whose scopes let it change any."""
        return Scope.ADMIN in self.scopes or self.owner == owner


def add_organisation(registry: Registry, owner: str) -> bool:
    """Let there be tokens of an organisation; False where that was so before.

    Args:
        owner: ``organisation:NAME`` with the name as it is in certificates, or ``certificate:SHA256``.

    Raises:
        RegistryError: ``organisation.name``.
    """
    if not _OWNER.fullmatch(owner) or not owner.isprintable():
        raise RegistryError(
            "organisation.name",
            "this cannot be the name of an organisation",
            expected=f"up to {MAX_NAME} printable characters as in its certificates, or the 64 hex digits of one",
            found=owner[:MAX_NAME],
            hint="`provenance inspect` shows a certificate's organisation",
        )
    with registry.writing() as session:
        if session.get(OrganisationRow, owner) is not None:
            return False
        session.add(OrganisationRow(owner=owner, created_at=registry.now()))
        return True


def list_organisations(registry: Registry) -> list[Organisation]:
    """All organisations, by name."""
    with registry.reading() as session:
        rows = session.scalars(select(OrganisationRow).order_by(OrganisationRow.owner))
        return [Organisation(row.owner, row.created_at) for row in rows]


def new_token(
    registry: Registry,
    name: str,
    *,
    role: str,
    owner: str | None,
    valid: timedelta | None,
    scopes: Iterable[Scope] = (),
) -> tuple[Token, str]:
    """Make a token; it and its text, which cannot be had again.

    Args:
        owner: the organisation it acts for; None for the operator's own.
        valid: how long; None for ever.
        scopes: of those of the role, if not all of them.

    Raises:
        RegistryError: ``organisation.unknown``, ``token.scopes``, ``token.name``.
    """
    allowed = frozenset(scopes) or ROLES[role]
    if not allowed <= ROLES[role]:
        raise RegistryError(
            "token.scopes",
            f"the role {role} has fewer scopes",
            expected=", ".join(sorted(ROLES[role])),
            found=", ".join(sorted(allowed)),
            hint="choose another role, or scopes of this one",
        )
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise RegistryError("token.name", "a token needs a name", expected=f"up to {MAX_NAME} printable characters")
    token_id = secrets.token_hex(6)
    text = f"{PREFIX}_{token_id}_{secrets.token_hex(32)}"
    now = registry.now()
    expires_at = None if valid is None else stamp(datetime.fromisoformat(now) + valid)
    with registry.writing() as session:
        if owner is not None and session.get(OrganisationRow, owner) is None:
            raise RegistryError(
                "organisation.unknown",
                "no such organisation was added",
                found=owner,
                hint="`provenance organisations list` shows them, `provenance organisations add` adds one",
            )
        row = TokenRow(
            token_id=token_id,
            secret_sha256=digest(text),
            name=name,
            owner=owner,
            role=role,
            scopes=sorted(allowed),
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
        session.add(row)
        return _token(row), text


def list_tokens(registry: Registry) -> list[Token]:
    """All tokens, the newest first, expired and revoked ones included."""
    with registry.reading() as session:
        rows = session.scalars(select(TokenRow).order_by(TokenRow.created_at.desc(), TokenRow.token_id))
        return [_token(row) for row in rows]


def revoke_token(registry: Registry, token_id: str) -> Token:
    """End a token for good, and the sessions it opened; one that was revoked before keeps its time.

    Raises:
        RegistryError: ``token.unknown``.
    """
    with registry.writing() as session:
        row = session.get(TokenRow, token_id)
        if row is None:
            raise RegistryError(
                "token.unknown",
                "there is no token of this id",
                expected="12 hex digits; never the token itself",
                hint="`provenance tokens list` shows the ids",
            )
        row.revoked_at = row.revoked_at or registry.now()
        return _token(row)


def token_of(registry: Registry, text: str) -> Token:
    """The valid token that has this text.

    Raises:
        RegistryError: ``token.invalid``, ``token.revoked``, ``token.expired``.
    """
    form = _FORM.fullmatch(text)
    with registry.reading() as session:
        row = session.get(TokenRow, form[1]) if form else None
        # The same for what is no token, is unknown and has another secret: none of it is anybody's business.
        if row is None or not hmac.compare_digest(row.secret_sha256, digest(text)):
            raise RegistryError(
                "token.invalid", "this is no token of this registry", hint="ask the registry's operator"
            )
        return require_valid(session, row.token_id, registry.now())


def require_valid(session: Session, token_id: str, now: str) -> Token:
    """The token of this id, if it can be used now.

    Raises:
        RegistryError: ``token.revoked``, ``token.expired``.
    """
    token = _token(session.get_one(TokenRow, token_id))
    hint = "ask the registry's operator for a new one"
    if token.revoked_at is not None:
        raise RegistryError("token.revoked", "this token was revoked", hint=hint)
    if token.expires_at is not None and token.expires_at <= now:
        raise RegistryError("token.expired", "this token has expired", hint=hint)
    return token


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: TokenRow) -> Token:
    return Token(
        row.token_id,
        row.name,
        row.owner,
        row.role,
        frozenset(map(Scope, row.scopes)),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
