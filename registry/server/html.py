"""Pages from templates: every foreign string is spelled out, escaped and isolated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from provenance.console import safe
from provenance.errors import ProvenanceError
from provenance.presentation.foreign import foreign
from registry.server import static_files

NAVIGATION: tuple[tuple[str, str], ...] = (("/", "Check a clip"),)
"""What the head of every page leads to: address and label."""


def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """A page made from a template that extends ``base.html.j2``.

    ``title``: what the window and the history say of it. In templates, foreign text goes through the filter
    ``foreign`` inside an element and ``plain`` inside an attribute; ``static(name)`` is the address of a static file.
    """
    given = {"title": title, "status": int(status), "here": request.url.path, "navigation": NAVIGATION, **context}
    text = _environment().get_template(template).render(given)
    # What a page shows depends on who is logged in, so that nothing in between may keep it.
    kept = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept"}
    return HTMLResponse(text, status, {**kept, **(headers or {})})


def error_page(
    request: Request, status: HTTPStatus, error: ProvenanceError, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The same words as the problem, for a person."""
    return page(request, "error.html.j2", title=status.phrase, status=status, headers=headers, error=error)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something to look at: programs do not name HTML."""
    return "text/html" in request.headers.get("Accept", "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("registry.server"), PackageLoader("provenance.presentation")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(foreign=foreign, plain=safe)
    environment.globals.update(static=static_files.address)
    return environment
