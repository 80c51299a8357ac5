"""The answers as text for people, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provenance.console import safe, stdout

if TYPE_CHECKING:
    from verifier.checking.examining import CheckedAsset
    from verifier.checking.finding import Found

SCHEMA = "provenance.check/1"


def answer_of(checked: Sequence[CheckedAsset], found: Found, stale: Sequence[str]) -> dict[str, Any]:
    """All of it as a JSON object. ``stale``: entries of the baseline that fit no longer."""
    return {
        "schema": SCHEMA,
        "checked": len(checked),
        "failed": sum(not asset.passes for asset in checked),
        "known": sum(asset.known for asset in checked),
        "ignored": found.ignored,
        "excluded": found.excluded,
        "stale": list(stale),
        "assets": [asset.as_json() for asset in checked],
    }


def print_answer(checked: Sequence[CheckedAsset], found: Found, *, quiet: bool) -> None:
    """Print a line for each asset, with what to do where it fails, and one that sums up. ``quiet``: failures only."""
    console = stdout()
    for asset in checked:
        if not asset.passes:
            console.print(_line("FAIL", asset), style="red", soft_wrap=True)
            console.print(f"      try: {asset.remedy}", soft_wrap=True)
        elif not quiet:
            console.print(_line("known" if asset.known else "ok", asset), soft_wrap=True)
    parts = [
        f"{len(checked)} asset" + ("" if len(checked) == 1 else "s"),
        f"{sum(not asset.passes for asset in checked)} fail",
    ]
    for count, words in (
        (sum(asset.known for asset in checked), "with a fault that the baseline knows"),
        (found.ignored, "other files passed over"),
        (found.excluded, "left out by .provenanceignore"),
    ):
        parts += [f"{count} {words}"] if count else []
    console.print(", ".join(parts), soft_wrap=True)


def _line(mark: str, asset: CheckedAsset) -> str:
    reason = asset.reason
    if asset.good:
        reason = (asset.signer or "") + (f", {asset.reason}" if asset.codes else "")
    return f"{mark:<5} {safe(asset.path)}  {safe(asset.fault or asset.state)}  {safe(reason or '')}".rstrip()
