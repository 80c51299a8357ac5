"""What every route works with, opened once when the server starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from provenance.settings import Settings
from registry.store import Registry


@dataclass(frozen=True, slots=True)
class Service:
    """An open registry and the settings it was opened with; shared by all threads."""

    registry: Registry
    settings: Settings


def service_of(request: Request) -> Service:
    """The service that answers a request."""
    service: Service = request.app.state.service
    return service


Open = Annotated[Service, Depends(service_of)]
"""As a route's parameter: the service."""


def viewer_of(request: Request) -> str | None:  # noqa: ARG001 - whoever answers for tokens looks into it
    """The owner for whom the request is made, as in ``register.owner_of``; None: anybody."""
    return None


Viewer = Annotated[str | None, Depends(viewer_of)]
"""As a route's parameter: who asks."""
