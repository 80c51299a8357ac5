"""What a home remembers of each log it has looked at: the key it goes by, and the last checkpoint."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.errors import LogError, RegistryError
from provenance.files import replace_atomically
from registry.log.audit import Audited, Seen
from registry.log.merkle import Frontier
from registry.log.notes import Verifier, read_checkpoint, read_vkey

SCHEMA = "provenance.log-seen/1"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """The state file of one log. ``source``: its address, or a database's name; ``folder``: of all state files."""

    folder: Path
    source: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / f"{hashlib.sha256(self.source.encode()).hexdigest()[:32]}.json"

    def recall(self) -> tuple[Verifier, Seen] | None:
        """The pinned key and what was seen under it; None for a log that was never looked at.

        Raises:
            RegistryError: the file is damaged (``log.memory``).
        """
        return _recall(self.path)

    def keep(self, verifier: Verifier, audited: Audited, at: str) -> None:
        """Write what was seen, in place of what was seen before.

        Raises:
            OutputError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = {
            "schema": SCHEMA,
            "source": self.source,
            "vkey": verifier.vkey,
            "at": at,
            # The note as it was signed: beside another one that contradicts it, it is proof.
            "checkpoint": audited.checkpoint.note,
            "roots": [base64.b64encode(root).decode("ascii") for root in audited.seen.roots],
        }
        with replace_atomically(self.path, replace=True, private=True) as path:
            path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def pinned_keys(folder: Path) -> list[Verifier]:
    """The keys that are pinned in a folder of state files.

    Raises:
        RegistryError: a file is damaged (``log.memory``).
    """
    kept = [_recall(path) for path in sorted(folder.glob("*.json"))]
    return [each[0] for each in kept if each is not None]


def _recall(path: Path) -> tuple[Verifier, Seen] | None:
    try:
        with path.open("rb") as stream:
            kept: Any = json.loads(stream.read(_MAX_BYTES))
        verifier = read_vkey(kept["vkey"])
        checkpoint = read_checkpoint(kept["checkpoint"].encode(), verifier)
        roots = tuple(base64.b64decode(root, validate=True) for root in kept["roots"])
        if Frontier(checkpoint.size, list(roots)).root != checkpoint.root:
            raise ValueError("its hashes are not those of its checkpoint")  # noqa: TRY301 - one border for all
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, LogError) as error:
        raise RegistryError(
            "log.memory",
            f"what was last seen of the log cannot be read from {path}",
            expected=f"a file of {SCHEMA}",
            found=str(error)[:200],
            hint="keep the file if you suspect somebody; remove it to begin anew, trusting the log as it is now",
        ) from error
    return verifier, Seen(checkpoint.size, checkpoint.root, roots)
