"""What a manifest says of making and editing, in words. All of it is the signer's text: escape it where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provenance.credentials.values import Credential

MAX_CLAIMS = 100
MAX_LENGTH = 300


def claims_of(credential: Credential) -> list[str]:
    """One line for each action and ingredient, in the manifest's order; bounded in number and length."""
    lines = [_action(action) for action in credential.actions]
    for ingredient in credential.ingredients:
        line = f"made from {ingredient.title or 'something untitled'} ({ingredient.relationship})"
        lines.append(line + (f", whose own credential failed: {ingredient.failures[0]}" if ingredient.failures else ""))
    return [line[:MAX_LENGTH] for line in lines[:MAX_CLAIMS]]


def _action(action: Mapping[str, Any]) -> str:
    words = [str(action.get("action", "an unnamed action")).removeprefix("c2pa.").replace("_", " ")]
    if source := action.get("digitalSourceType"):
        words.append(f"as {str(source).rsplit('/', 1)[-1]}")
    if description := action.get("description"):
        words.append(f": {description}")
    if when := action.get("when"):
        words.append(f"at {when}")
    return " ".join(words).replace(" :", ":")
