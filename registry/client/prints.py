"""Fingerprints as a registry elsewhere sends them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from provenance.errors import RegistryError
from provenance.fingerprints.values import Fingerprints
from registry import packing
from registry.wire import FingerprintPart, FingerprintSet


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    algorithm: str
    version: str
    parameters: Mapping[str, str | int | float]
    value: bytes


def unpacked(answer: FingerprintSet, kinds: Collection[str]) -> Fingerprints:
    """The fingerprints of these kinds in an answer; what else it holds is left alone.

    Raises:
        RegistryError: one cannot be unpacked.
    """
    return packing.from_rows([_part(part) for part in answer.fingerprints if part.kind in kinds])


def _part(part: FingerprintPart) -> _Part:
    try:
        value = base64.b64decode(part.value, validate=True)
    except binascii.Error as error:
        raise RegistryError("registry.answer", "a fingerprint from the registry is not base64") from error
    return _Part(part.kind, part.algorithm, part.version, part.parameters, value)
