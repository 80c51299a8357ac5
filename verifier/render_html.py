"""The report as one HTML file that opens without network and runs nothing.

The page's own policy (``Content-Security-Policy``) allows pictures from the file itself and one style sheet, named
by its hash. Every foreign string is spelled out by ``console.safe``, escaped by Jinja and isolated in ``<bdi>``.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provenance.console import safe
from provenance.presentation import svg, words
from provenance.presentation.foreign import foreign
from provenance.presentation.pictures import by_finding
from provenance.report import Evidence, Report

_STYLE = "report.css"
_POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


def render_html(report: Report) -> str:
    """The whole page. Deterministic: the same report gives the same bytes."""
    style = files("provenance.presentation").joinpath("templates", _STYLE).read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            style=Markup(style),  # noqa: S704 - our own packaged file
            policy=_POLICY.format(digest),
            pictures=by_finding((e for e in report.evidence if e.data), len(report.findings)),
        )
    )


def picture_address(evidence: Evidence) -> str:
    """The picture as a ``data:`` address."""
    return f"data:{evidence.media_type};base64,{base64.b64encode(evidence.data).decode('ascii')}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("provenance.presentation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(words=words, svg=svg)
    environment.filters.update(foreign=foreign, plain=safe, address=picture_address)
    return environment
