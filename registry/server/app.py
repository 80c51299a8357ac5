"""The application: one registry, its routes, and what holds for all of them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import APIRouter, Depends, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from provenance import __version__
from provenance.errors import SettingsError
from provenance.settings import Oidc, Settings
from registry.server import (
    assets,
    check_results,
    checks,
    health,
    log,
    login,
    metrics,
    nominations,
    registration,
    resolution,
    sightings,
    static_files,
    stewardship,
    tus,
)
from registry.server.auth import may_read
from registry.server.content import Places
from registry.server.guard import Guard
from registry.server.pages import checks as check_pages
from registry.server.pages import log as log_page
from registry.server.pages import originals
from registry.server.pages import sightings as sighting_pages
from registry.server.problems import add_handlers
from registry.server.rates import Limiter
from registry.server.service import Service
from registry.store import open_registry

OPEN: tuple[APIRouter, ...] = (
    health.router,
    static_files.router,
    log.router,
    login.router,
    registration.router,
    stewardship.router,
    tus.router,
)
"""What anyone may use, or says itself who may."""
READING: tuple[APIRouter, ...] = (
    resolution.router,
    assets.router,
    nominations.router,
    sightings.router,
    check_pages.router,
    originals.router,
    sighting_pages.router,
    log_page.router,
    checks.router,
    check_results.router,
    check_results.keys,
)
"""What the public may use unless the operator has switched that off."""
LARGE: tuple[str, ...] = (
    resolution.CONTENT_PATH,
    checks.PATH,
    check_pages.PATH,
    nominations.PATH,
    registration.PATH,
    f"{tus.PATH}/",
)
"""Paths that take files; those that end in ``/`` with all below them."""


def create_app(settings: Settings) -> FastAPI:
    """The server for the registry that the settings name; it is opened when the application starts."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with open_registry(settings) as registry:
            app.state.service = Service(registry, settings)
            yield

    app = FastAPI(
        title="Provenance registry",
        version=__version__,
        description="Signed originals of footage, and what was done to the copies that go round.",
        lifespan=opened,
        docs_url=None,
        redoc_url=None,
    )
    app.state.registrations = anyio.CapacityLimiter(settings.server.max_registrations)
    app.state.stopping = threading.Event()
    app.state.limiter = Limiter(settings.server.rates)
    app.state.places = Places(settings.server)
    for router in OPEN:
        app.include_router(router)
    for router in READING:
        app.include_router(router, dependencies=[Depends(may_read)])
    figures = metrics.Metrics() if settings.server.metrics else None
    if figures is not None:
        app.state.metrics = figures
        app.include_router(metrics.router)
    if settings.server.oidc is not None:
        app.include_router(_accounts(settings.server.oidc))
    add_handlers(app)
    app.add_middleware(
        Guard,
        large=LARGE,
        max_file=settings.server.max_file_bytes,
        max_body=settings.server.max_body_bytes,
        observe=None if figures is None else figures.observe,
    )
    if settings.server.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(net) for net in settings.server.trusted_proxies])
    return app


def _accounts(oidc: Oidc) -> APIRouter:
    """The routes to log in with accounts.

    Raises:
        SettingsError: what they need is not installed.
        RegistryError: the provider's address cannot be used.
    """
    try:
        # Here and not at the top: few registries have it, and it is installed with the extra alone.
        from registry.server.oidc_login import oidc_router
    except ImportError as error:
        raise SettingsError(
            "settings.oidc",
            "logging in with accounts needs more than is installed",
            expected="the package authlib",
            found=str(error),
            hint="pip install 'provenance-toolkit[oidc]', or remove the setting server.oidc",
        ) from error
    return oidc_router(oidc)
