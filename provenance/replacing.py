"""A signed file beside the unsigned one it was made from, and how a person puts it in its place.

Nothing here moves a file: what was taken in unsigned is its owner's, and signing never modifies it.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from provenance.console import safe
from provenance.credentials.values import SIDECAR_SUFFIX

SIGNED_MARK = ".signed"


def signed_beside(path: Path) -> Path:
    """Where ``provenance sign`` puts the signed file unless it is told otherwise."""
    return path.with_name(f"{path.stem}{SIGNED_MARK}{path.suffix}")


def commands_to_replace(path: Path) -> str:
    """The commands that put the signed file beside, and its sidecar where it has one, in place of ``path``, and stage
    them; for a shell."""
    signed = signed_beside(path)
    moves = [(signed, path)]
    sidecar = signed.with_name(signed.name + SIDECAR_SUFFIX)
    if sidecar.is_file():
        moves.append((sidecar, path.with_name(path.name + SIDECAR_SUFFIX)))
    parts = [f"mv {shell_word(old)} {shell_word(new)}" for old, new in moves]
    parts.append("git add " + " ".join(shell_word(new) for _, new in moves))
    return " && ".join(parts)


def shell_word(path: Path) -> str:
    """A file's name as a shell takes it for one word, and no command for an option."""
    name = safe(path)
    return shlex.quote(f"./{name}" if name.startswith("-") else name)
