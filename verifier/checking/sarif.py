"""The answers as SARIF 2.1.0 (OASIS), which code hosts show beside a change: one result for each fault."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from provenance import __version__
from provenance.console import safe
from verifier.checking.examining import CheckedAsset
from verifier.checking.faults import REMEDIES, TITLES, Fault

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = list(Fault)


def sarif(checked: Sequence[CheckedAsset]) -> bytes:
    """The whole document. Names are relative to the working folder; known faults are suppressed results."""
    run = {
        "tool": {"driver": {"name": "provenance", "semanticVersion": __version__, "rules": [_rule(f) for f in _RULES]}},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(asset, asset.fault) for asset in checked if asset.fault is not None],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2).encode("ascii") + b"\n"


def _rule(fault: Fault) -> dict[str, Any]:
    return {
        "id": f"provenance/{fault}",
        "name": f"Asset{fault.value.title()}",
        "shortDescription": {"text": TITLES[fault]},
        "fullDescription": {"text": f"{TITLES[fault]}."},
        "help": {"text": f"What to do: {REMEDIES[fault]}."},
        "defaultConfiguration": {"level": "error"},
    }


def _result(asset: CheckedAsset, fault: Fault) -> dict[str, Any]:
    location = _location(asset.path)
    message = f"{TITLES[fault]}. {safe(asset.reason or '')} What to do: {safe(asset.remedy or '')}."
    result: dict[str, Any] = {
        "ruleId": f"provenance/{fault}",
        "ruleIndex": _RULES.index(fault),
        "level": "error",
        "message": {"text": message},
        # Whoever shows results by line needs one; an asset is a fault as a whole.
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}}}],
        "partialFingerprints": {
            "primaryLocationLineHash": hashlib.sha256(f"{location['uri']}\0{fault}".encode()).hexdigest()[:16] + ":1"
        },
    }
    if asset.known:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "listed in the baseline"}]
    return result


def _location(path: Path) -> dict[str, str]:
    absolute = os.path.abspath(path)  # noqa: PTH100
    relative = os.path.relpath(absolute)
    if relative.startswith(".."):
        return {"uri": "file://" + quote(os.fsencode(absolute))}
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": "%SRCROOT%"}
