"""What is wanted of the files of a batch, and what came of each: values that also travel between processes as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.assets import Stamp
from provenance.errors import OutputError, ProvenanceError
from provenance.identity import identity_of

if TYPE_CHECKING:
    from registry.log.receipts import Receipt

STOP_WITHIN_S = 10.0
"""A worker that was told to stop and is still there after this time is ended."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of every file: what the manifests are to say, how to go about it.

    ``key``: its name, or its address, for which ``chain`` is the file of its certificates. ``tsa``: time-stamp
    authorities; ``tsa_policy``: see ``StampPolicy``. From ``parent`` to ``redactions``: as of ``Capture``. ``pins``:
    what the named files were like when it was given (see ``pinned``).
    """

    key: str
    chain: str | None = None
    title: str | None = None
    author: str | None = None
    organisation: str | None = None
    captured_at: str | None = None
    place: str | None = None
    source_type: str = "digitalCapture"
    tsa: tuple[str, ...] = ()
    tsa_policy: str | None = None
    withhold_reference: bool = False
    parent: str | None = None
    components: tuple[str, ...] = ()
    actions: tuple[Mapping[str, Any], ...] = ()
    assertions: Mapping[str, Any] = field(default_factory=dict)
    redactions: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    label_corner: str | None = None
    label_font: str | None = None
    pins: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the order, hex: two outputs of one input with the same order say the same."""
        # What is not asked for is left out: an order keeps its digest when later versions know more to ask for.
        # What is done when nobody stamps the time changes nothing in what is said.
        asked = {name: value for name, value in asdict(self).items() if value and name != "tsa_policy"}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def as_text(order: Order) -> str:
    """An order as it is kept, see ``from_text``."""
    return json.dumps(asdict(order), sort_keys=True)


def from_text(text: str) -> Order:
    """An order that was kept."""
    # JSON has no tuples.
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
    }
    return Order(**fields)


def pinned(order: Order) -> Order:
    """The order with what the files that it names are like now: what was made of other ones is outdated."""
    return replace(order, pins=tuple(identity_of(Path(name)) or "" for name in _named(order)))


def require_pinned(order: Order) -> None:
    """Check that the files which the order names are those that it was given for.

    Raises:
        OutputError: ``order.outdated``.
    """
    pairs = zip(_named(order), pinned(order).pins, order.pins, strict=True)
    changed = next((name for name, now, then in pairs if now != then), None)
    if changed is not None:
        raise OutputError(
            "order.outdated",
            f"{changed} is another file than when it was named as what an output was made from",
            expected="the file as it was then",
            found="one that was written or moved since" if Path(changed).exists() else "none",
            hint="sign the output again, with --force",
        )


def _named(order: Order) -> tuple[str, ...]:
    return (*filter(None, (order.parent, order.label_font)), *order.components)


class State(StrEnum):
    """What came of one file. DONE_BEFORE: an earlier run signed it. TO_SIGN: it would be, were this no dry run."""

    SIGNED = "signed"
    DONE_BEFORE = "done_before"
    TO_SIGN = "to_sign"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed output, without its fingerprints: small enough to keep thousands of.

    ``stamp``: None where nobody was to be asked for the time, or it was signed before.
    """

    path: Path
    sidecar: Path | None
    asset_id: str
    reference_sha256: str | None
    notes: tuple[str, ...] = ()
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. ``signed`` can be there together with ``error``: signed, but not registered.

    ``registered`` is None where it was not asked for, and False where the registry knew the asset already.
    ``receipt``: that it is in the registry's log, where it was registered just now.
    """

    source: Path
    state: State
    signed: Signed | None = None
    registered: bool | None = None
    receipt: Receipt | None = None
    error: ProvenanceError | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The outcome for programs, without the error."""
        signed = self.signed
        return {
            "input": str(self.source),
            "result": self.state.value,
            "output": str(signed.path) if signed else None,
            "sidecar": str(signed.sidecar) if signed and signed.sidecar else None,
            "asset_id": signed.asset_id if signed else None,
            "reference_sha256": signed.reference_sha256 if signed else None,
            "registered": self.registered is not None,
            "receipt": self.receipt.as_json() if self.receipt else None,
            "timestamp": asdict(signed.stamp) if signed and signed.stamp else None,
            "notes": list(signed.notes) if signed else [],
            "reason": self.reason,
        }


class StoppedError(Exception):
    """The run was cancelled while this was being done."""


def outdated(source: Path, target: Path) -> OutputError:
    """The error for an output that was made from what the input was before, or by another order."""
    return OutputError(
        "output.outdated",
        f"{target} was not made from what {source.name} is now, or says other things than were ordered",
        expected="an output of this input and this order",
        found="an older one",
        hint="`provenance sign --force` replaces it; or remove it, and run this again",
    )
