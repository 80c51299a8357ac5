"""What a repository asks of its assets: the table ``[check]`` of its ``.provenance.toml``.

::

    [check]
    signers = ["Example News"]      # who may have signed: organisation or name in the certificate
    signer-sha256 = ["9f86d0…"]     # or which certificates, by the SHA-256 of each
    registered = true               # each must be in the registry
    baseline = "known.json"         # old files whose faults are known, relative to this file

It cannot say which registry is asked or who is trusted: that is for who runs the check, not for what is checked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.errors import CheckError

RULES_FILE = ".provenance.toml"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Rules:
    """``signers``: names; ``certificates``: SHA-256, hex. Nothing is asked where both are empty."""

    signers: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    registered: bool = False
    baseline: Path | None = None


def load_rules(path: Path, *, needed: bool) -> Rules:
    """The rules in a file; none where it is not there and not ``needed``.

    Raises:
        CheckError: it cannot be read, or says something that is not a rule.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _refusal(path, "a small file", f"more than {MAX_BYTES} bytes")
        table = tomllib.loads(data.decode("utf-8")).get("check", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if isinstance(error, FileNotFoundError) and not needed:
            return Rules()
        raise _refusal(path, "TOML", str(error)[:200]) from error
    if not isinstance(table, dict):
        raise _refusal(path, "a table [check]", type(table).__name__)
    if unknown := sorted(set(table) - {"signers", "signer-sha256", "registered", "baseline"}):
        raise _refusal(path, "signers, signer-sha256, registered, baseline", ", ".join(unknown)[:200])
    registered = table.get("registered", False)
    if not isinstance(registered, bool):
        raise _refusal(path, "registered = true or false", str(registered)[:200])
    baseline = table.get("baseline")
    if baseline is not None and (not isinstance(baseline, str) or not baseline):
        raise _refusal(path, "baseline = a file's name", str(baseline)[:200])
    return Rules(
        _texts(path, table, "signers"),
        _texts(path, table, "signer-sha256"),
        registered,
        path.parent / baseline if baseline else None,
    )


def _texts(path: Path, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = table.get(key)
    if values is None:
        return ()
    # An empty list allows nobody, or everybody? Neither is guessed.
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise _refusal(path, f"{key} = a list of texts that is not empty", str(values)[:200])
    return tuple(values)


def _refusal(path: Path, expected: str, found: str) -> CheckError:
    return CheckError(
        "check.rules",
        f"the rules in {path} cannot be used",
        expected=expected,
        found=found,
        hint="correct them (docs/ci.md), or name other rules with --rules",
    )
