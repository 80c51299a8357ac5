"""Text that others wrote, made harmless inside a page."""

from __future__ import annotations

from markupsafe import Markup

from provenance.console import safe


def foreign(text: object) -> Markup:
    """Text from a file or a network, for the inside of an element: spelled out, escaped, its direction isolated."""
    return Markup("<bdi>{}</bdi>").format(safe(text))
