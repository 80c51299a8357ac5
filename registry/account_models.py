"""The tables of organisations, their tokens, and the sessions that tokens open. Of secrets only hashes are kept."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models import Base


class OrganisationRow(Base):
    """Who may own assets: ``owner`` is what ``registry.register.owner_of`` makes of a certificate."""

    __tablename__ = "organisations"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[str] = mapped_column(String(40))


class TokenRow(Base):
    """A token. ``owner`` None: of the operator. ``secret_sha256``: of its whole text, which has 256 random bits."""

    __tablename__ = "tokens"

    token_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(ForeignKey("organisations.owner"))
    role: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[str | None] = mapped_column(String(40))
    revoked_at: Mapped[str | None] = mapped_column(String(40))


class SessionRow(Base):
    """A browser in which somebody has logged in with a token."""

    __tablename__ = "sessions"

    secret_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("tokens.token_id"))
    expires_at: Mapped[str] = mapped_column(String(40))
