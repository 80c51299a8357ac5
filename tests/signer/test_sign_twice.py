"""Signing is reproducible: the same input gives the same manifest, but for times, ids, and hashes that cover them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from signing_bench import Bench

from provenance.assets import Capture, SignedAsset
from provenance.credentials.library import read_store
from provenance.files import sha256_file
from provenance.fingerprints.codec import ASSERTION_LABEL
from signer.sign import sign_file

MASKED = frozenset(
    {
        "instanceID",  # a new one for each
        "xmp:MetadataDate",  # when it was signed
        "created_assertions/hash",  # of an assertion with the library's random salt
    }
)
"""Keys whose values may differ, or parent/key."""


def masked(value: Any, label: str, parent: str = "", key: str = "") -> Any:
    """The value without what may differ: masked keys, and the manifest's label wherever it stands."""
    if key in MASKED or f"{parent}/{key}" in MASKED:
        return f"<{key}>"
    if isinstance(value, dict):
        return {name.replace(label, "<label>"): masked(inner, label, key, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, label, parent, key) for inner in value]
    return value.replace(label, "<label>") if isinstance(value, str) else value


def account(signed: SignedAsset, bench: Bench) -> dict[str, Any]:
    with signed.path.open("rb") as stream:
        details = read_store(stream, bench.anchors).details
    assert details is not None
    return details


@pytest.mark.parametrize("kind", ["jpg", "mp4"])
def test_the_same_input_is_signed_the_same_again(kind: str, bench: Bench, media: Callable[[str], Path]) -> None:
    capture = Capture(media(kind), "A title", author="Somebody", place="Somewhere")
    now = datetime.now(UTC)
    first, second = (
        sign_file(
            capture,
            bench.settings.home / f"{name}.{kind}",
            key=bench.key,
            settings=bench.settings,
            anchors=bench.anchors,
            now=moment,
        )
        for name, moment in (("first", now), ("second", now + timedelta(hours=1)))
    )
    assert first.manifest_label != second.manifest_label
    assert first.hard_binding == second.hard_binding
    accounts = [account(signed, bench) for signed in (first, second)]
    assert masked(accounts[0], first.manifest_label) == masked(accounts[1], second.manifest_label)
    assertions = [
        told["manifests"][signed.manifest_label]["assertion_store"]
        for told, signed in zip(accounts, (first, second), strict=True)
    ]
    assert assertions[0][ASSERTION_LABEL] == assertions[1][ASSERTION_LABEL]
    assert assertions[0]["c2pa.soft-binding"] == assertions[1]["c2pa.soft-binding"]
    dates = [told["cawg.metadata"]["xmp:MetadataDate"] for told in assertions]
    assert dates[0] < dates[1], "what is masked did differ"
    copies = [sha256_file(signed.reference.path) for signed in (first, second) if signed.reference]
    assert len(set(copies)) == (1 if copies else 0)
