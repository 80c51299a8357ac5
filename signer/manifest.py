"""The manifest definition: what a signed file says of itself. Pure: builds it, signs nothing, reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from provenance import __version__
from provenance.assets import Capture
from provenance.errors import CredentialError
from provenance.fingerprints.codec import ASSERTION_LABEL, to_assertion
from provenance.fingerprints.iscc import SOFT_BINDING_ALGORITHM
from provenance.fingerprints.values import Fingerprints
from signer.sources import COMPONENT, PARENT, Form, Source, description

CLAIM_GENERATOR = "provenance-toolkit"
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"

SOURCE_TYPES = (
    "digitalCapture",
    "computationalCapture",
    "negativeFilm",
    "positiveFilm",
    "print",
    "humanEdits",
    "composite",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "trainedAlgorithmicMedia",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "dataDrivenMedia",
    "digitalCreation",
    "screenCapture",
    "virtualRecording",
)
"""IPTC digital source types (NewsCodes, without the retired ones); the C2PA library takes any URI at all."""

MAX_TEXT = 500
"""Characters of a title, name or place."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

_CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


def check_capture(capture: Capture) -> None:
    """Check what the publisher says of the file, before any work is done.

    Raises:
        CredentialError: ``sign.source_type``, ``sign.captured_at`` or ``sign.text``.
    """
    if capture.source_type not in SOURCE_TYPES:
        raise CredentialError(
            "sign.source_type",
            "this is not an IPTC digital source type",
            expected=", ".join(SOURCE_TYPES),
            found=capture.source_type[:100],
            hint="digitalCapture for what a camera recorded",
        )
    if capture.captured_at is not None and not is_time(capture.captured_at):
        raise CredentialError(
            "sign.captured_at",
            "the time of capture cannot be read",
            expected="RFC 3339 with a zone, such as 2026-03-01T14:05:00+01:00",
            found=capture.captured_at[:100],
        )
    for name in ("title", "author", "organisation", "place"):
        text: str | None = getattr(capture, name)
        if text is not None and (not text.strip() or len(text) > MAX_TEXT or not text.isprintable()):
            raise CredentialError(
                "sign.text",
                f"the {name} cannot be used",
                expected=f"1 to {MAX_TEXT} printable characters",
                found=f"{len(text)} characters" if text.isprintable() else "control characters",
            )


def definition(
    capture: Capture,
    prints: Fingerprints,
    *,
    media_type: str,
    duration: Fraction | None,
    reference_sha256: str | None,
    sources: Sequence[Source],
    redactions: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    """The manifest definition for the C2PA builder (claim v2). ``duration`` is None for stills.

    ``redactions``: addresses of assertions of earlier manifests, and why they are redacted.
    """
    actions = [_first_action(capture, sources, now), *_placed(capture, sources), *capture.actions]
    actions += [
        {"action": "c2pa.redacted", "reason": reason, "parameters": {"redacted": address}}
        for address, reason in redactions.items()
    ]
    assertions = [
        _created("c2pa.actions.v2", {"actions": actions}),
        _created(ASSERTION_LABEL, to_assertion(prints, reference_sha256)),
        _metadata(capture, now),
        *(_created(label, data) for label, data in capture.assertions.items()),
    ]
    if prints.iscc is not None:
        assertions.append(_created("c2pa.soft-binding", _soft_binding(prints.iscc, duration)))
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": CLAIM_GENERATOR, "version": __version__}],
        "title": capture.title,
        "format": media_type,
        "assertions": assertions,
        "redactions": list(redactions),
        "ingredients": [description(source) for source in sources if source.form is not Form.EMBEDDED],
    }


def rfc3339(moment: datetime) -> str:
    """The moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_action(capture: Capture, sources: Sequence[Source], now: datetime) -> dict[str, Any]:
    parent = next((source for source in sources if source.relationship == PARENT), None)
    if parent is not None:
        # Never "created": that would cut off whatever history the file has.
        return {"action": "c2pa.opened", "when": rfc3339(now), "parameters": {"ingredientIds": [parent.id]}}
    action = {"action": "c2pa.created", "digitalSourceType": IPTC + capture.source_type}
    return action | ({"when": capture.captured_at} if capture.captured_at else {})


def _placed(capture: Capture, sources: Sequence[Source]) -> Iterator[dict[str, Any]]:
    """That each component was placed, unless an action of the caller's says what was done with it."""
    told = {name for action in capture.actions for name in action.get("parameters", {}).get("ingredientIds", ())}
    for source in sources:
        if source.relationship == COMPONENT and source.id not in told:
            yield {"action": "c2pa.placed", "parameters": {"ingredientIds": [source.id]}}


def _metadata(capture: Capture, now: datetime) -> dict[str, Any]:
    # C2PA's own metadata assertion has no room for what people declare (title, creator); CAWG's has.
    data: dict[str, Any] = {"@context": _CONTEXT, "dc:title": [capture.title], "xmp:MetadataDate": rfc3339(now)}
    if capture.author:
        data["dc:creator"] = [capture.author]
    if capture.organisation:
        data["dc:publisher"] = [capture.organisation]
    if capture.captured_at:
        data["photoshop:DateCreated"] = capture.captured_at
    if capture.place:
        data["Iptc4xmpExt:LocationCreated"] = [{"Iptc4xmpExt:LocationName": capture.place}]
    return _created("cawg.metadata", data) | {"kind": "Json"}


def _soft_binding(iscc: str, duration: Fraction | None) -> dict[str, Any]:
    scope = {} if duration is None else {"timespan": {"start": 0, "end": int(duration * 1000)}}
    return {"alg": SOFT_BINDING_ALGORITHM, "pad": [0], "blocks": [{"scope": scope, "value": iscc}]}


def _created(label: str, data: dict[str, Any]) -> dict[str, Any]:
    # Without the mark the assertion would be "gathered": carried along, not stated by the signer.
    return {"label": label, "created": True, "data": data}


def is_time(text: str) -> bool:
    """Whether this is RFC 3339 with a zone."""
    if not _RFC3339.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True
