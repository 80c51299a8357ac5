"""The commands ``tokens`` and ``organisations``: who may do what over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from provenance.console import safe, warn
from provenance.context import settings_of

if TYPE_CHECKING:
    from registry.accounts import Token
    from registry.store import Registry

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_LONG_DAYS = 366
_SCOPES = ("read", "check", "register", "manage", "moderate", "admin")
_ROLES = ("reader", "publisher", "admin")


def _owner(organisation: str | None, certificate: str | None) -> str | None:
    if organisation is not None and certificate is not None:
        raise click.UsageError("an organisation is named by its name or by its certificate, not by both")
    return f"certificate:{certificate}" if certificate else f"organisation:{organisation}" if organisation else None


@click.group(short_help="Look after the tokens of those who use the registry over HTTP.")
def tokens() -> None:
    """Look after the tokens of those who use the registry over HTTP.

    A token acts for one organisation, or for the operator. Whoever has its text can do what it may: keep it in a file
    that only you can read.
    """


@tokens.command("new")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="reader", show_default=True, help="What it may do.")
@click.option("--organisation", help="The organisation it acts for, named as in its certificates.")
@click.option("--certificate", help="The SHA-256 of the certificate it acts for, where that names no organisation.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(_SCOPES), help="Of the role's scopes only this.")
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="How long it is valid.")
@click.option("--no-expiry", is_flag=True, help="Valid until it is revoked.")
@_JSON
@click.pass_context
def new(
    ctx: click.Context,
    name: str,
    role: str,
    organisation: str | None,
    certificate: str | None,
    scopes: tuple[str, ...],
    days: int,
    no_expiry: bool,
    as_json: bool,
) -> None:
    """Make a token and print it. It is shown this once and cannot be had again."""
    from registry.accounts import Scope, new_token

    owner = _owner(organisation, certificate)
    if role == "publisher" and owner is None:
        raise click.UsageError("a publisher acts for an organisation: give --organisation or --certificate")
    valid = None if no_expiry else timedelta(days=days)
    with _open(ctx) as store:
        token, text = new_token(store, name, role=role, owner=owner, valid=valid, scopes=map(Scope, scopes))
    if no_expiry or days > _LONG_DAYS:
        warn("a token that is valid for so long is often forgotten: revoke it when it is not needed any more")
    if role == "admin":
        warn("this token can withdraw and release the assets of every organisation")
    if as_json:
        click.echo(json.dumps(_facts(token) | {"token": text}, indent=2))
        return
    click.echo(text)
    until = f"until {token.expires_at[:10]}" if token.expires_at else "until it is revoked"
    click.echo(f"token {token.token_id} of {safe(owner or 'the operator')}, {role}, valid {until}", err=True)
    click.echo("keep it now: it is not stored and not shown again", err=True)


@tokens.command("list")
@_JSON
@click.pass_context
def list_command(ctx: click.Context, as_json: bool) -> None:
    """List all tokens, without their secrets."""
    from registry.accounts import list_tokens

    with _open(ctx) as store:
        found, now = list_tokens(store), store.now()
    if as_json:
        click.echo(json.dumps([_facts(token) for token in found], indent=2))
        return
    for token in found:
        click.echo(
            f"{token.token_id}  {_state(token, now):<20}  {token.role:<9}  {safe(token.owner or 'operator')} — "
            f"{safe(token.name)}  [{' '.join(sorted(token.scopes))}]"
        )
    if not found:
        click.echo("no token was made yet", err=True)


@tokens.command("revoke")
@click.argument("token_id")
@click.pass_context
def revoke(ctx: click.Context, token_id: str) -> None:
    """End a token for good, and the sessions that were opened with it."""
    from registry.accounts import revoke_token

    with _open(ctx) as store:
        token = revoke_token(store, token_id)
    click.echo(f"{token.token_id} ({safe(token.name)}) revoked")


@click.group(short_help="Look after the organisations that tokens act for.")
def organisations() -> None:
    """Look after the organisations that tokens act for.

    An organisation owns the assets that its certificates signed: its name is that of the certificates.
    """


@organisations.command("add")
@click.argument("name", required=False)
@click.option("--certificate", help="The SHA-256 of a certificate that names no organisation, instead of NAME.")
@click.pass_context
def add(ctx: click.Context, name: str | None, certificate: str | None) -> None:
    """Let there be tokens of the organisation NAME, as its certificates name it. Safe to repeat."""
    from registry.accounts import add_organisation

    owner = _owner(name, certificate)
    if owner is None:
        raise click.UsageError("name the organisation, or give --certificate")
    with _open(ctx) as store:
        made = add_organisation(store, owner)
    click.echo(f"{safe(owner)} {'added' if made else 'was there already'}")


@organisations.command("list")
@_JSON
@click.pass_context
def list_organisations_command(ctx: click.Context, as_json: bool) -> None:
    """List the organisations."""
    from registry.accounts import list_organisations

    with _open(ctx) as store:
        found = list_organisations(store)
    if as_json:
        rows = [{"owner": one.owner, "created_at": one.created_at} for one in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for one in found:
        click.echo(f"{one.created_at[:10]}  {safe(one.owner)}")
    if not found:
        click.echo("no organisation was added yet", err=True)


def _open(ctx: click.Context) -> Registry:
    from registry.store import open_registry

    return open_registry(settings_of(ctx))


def _state(token: Token, now: str) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at[:10]}"
    if token.expires_at is None:
        return "never expires"
    return f"{'expired' if token.expires_at <= now else 'until'} {token.expires_at[:10]}"


def _facts(token: Token) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "name": token.name,
        "owner": token.owner,
        "role": token.role,
        "scopes": sorted(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
