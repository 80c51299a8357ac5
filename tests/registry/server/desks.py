"""Who asks, in the server's tests: clients that carry a token."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from newsroom import Newsroom

from provenance.settings import Settings
from registry.accounts import Token, add_organisation, new_token
from registry.store import Registry

HERALD, COURIER = "organisation:Herald", "organisation:Courier"


def trust_the_newsrooms(newsroom: Newsroom, settings: Settings) -> None:
    """Let the settings' home trust the Herald and the Courier."""
    shutil.copytree(newsroom.settings.anchors, settings.anchors, dirs_exist_ok=True)


@dataclass(frozen=True)
class Desk:
    """A client with a token."""

    token: Token
    text: str
    http: httpx.Client


@contextmanager
def desk(registry: Registry, base: httpx.Client, role: str = "publisher", owner: str | None = HERALD) -> Iterator[Desk]:
    """A desk of an organisation, or for None of the operator, that asks the server of ``base``."""
    if owner is not None:
        add_organisation(registry, owner)
    token, text = new_token(registry, f"{role} desk", role=role, owner=owner, valid=timedelta(days=1))
    headers = {"Authorization": f"Bearer {text}"}
    with httpx.Client(base_url=base.base_url, headers=headers, timeout=120) as http:
        yield Desk(token, text, http)
