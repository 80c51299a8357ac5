"""What its owner, or an admin, does with a registered asset over HTTP: withdraw, release, supersede."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from registry.accounts import Scope, Token
from registry.assets import owner_of_asset, release, supersede, withdraw
from registry.server.auth import require
from registry.server.problems import HttpError
from registry.server.service import Open

router = APIRouter(prefix="/v1/assets", tags=["assets"])
Steward = Annotated[Token, Depends(require(Scope.MANAGE))]


class Withdrawal(BaseModel):
    """Why; it stays on record."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000)


class Supersession(BaseModel):
    """The asset that replaces this one."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(max_length=26)


@router.post("/{asset_id}/withdraw", status_code=204, response_class=Response, summary="Withdraw an asset")
def withdraw_asset(asset_id: str, order: Withdrawal, service: Open, token: Steward) -> None:
    """Take it out of searches for good; it stays on record."""
    _require_own(service, asset_id, token)
    withdraw(service.registry, asset_id, order.reason, token.actor)


@router.post("/{asset_id}/release", status_code=204, response_class=Response, summary="End an embargo")
def release_asset(asset_id: str, service: Open, token: Steward) -> None:
    """Let everybody find it."""
    _require_own(service, asset_id, token)
    release(service.registry, asset_id, token.actor)


@router.post("/{asset_id}/supersede", status_code=204, response_class=Response, summary="Replace an asset")
def supersede_asset(asset_id: str, order: Supersession, service: Open, token: Steward) -> None:
    """It is still found, and says what replaces it."""
    _require_own(service, asset_id, token)
    _require_own(service, order.by, token)
    supersede(service.registry, asset_id, order.by, token.actor)


def _require_own(service: Open, asset_id: str, token: Token) -> None:
    """Refuse what is another's; what the token may not even see is unknown to it."""
    owner = owner_of_asset(service.registry, asset_id, token.owner, sees_all=Scope.ADMIN in token.scopes)
    if not token.may_change(owner):
        raise HttpError(
            HTTPStatus.FORBIDDEN,
            "access.other_owner",
            "this asset is another organisation's",
            expected=token.owner,
            found=owner,
            hint="ask the organisation that owns it",
        )
