"""What every route works with, opened once when the server starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from provenance.settings import Settings
from registry.server.auth import Viewer as Viewer  # routes take both from here
from registry.store import Registry


@dataclass(frozen=True, slots=True)
class Service:
    """An open registry and the settings it was opened with; shared by all threads."""

    registry: Registry
    settings: Settings


async def service_of(request: Request) -> Service:
    """The service that answers a request."""
    service: Service = request.app.state.service
    return service


Open = Annotated[Service, Depends(service_of)]
"""As a route's parameter: the service."""
