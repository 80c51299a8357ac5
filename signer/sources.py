"""What a file is made from: the credential it has already, and those of other files, as ingredients of the new one.

A credential that does not hold counts too: leaving it out would launder what was made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from provenance.assets import Capture
from provenance.credentials.reader import read_credential
from provenance.credentials.states import SIGNATURE, UNTRUSTED_CODE
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import CredentialError
from provenance.media.kinds import sniff
from provenance.media.values import MediaKind
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import SignedUnder

PARENT_ID = "parent"
PARENT, COMPONENT = "parentOf", "componentOf"
_UNREADABLE_CODE = "claim.malformed"
_TITLE = 200


class Form(StrEnum):
    """How the credential of a source gets into the new manifest.

    EMBEDDED: the library reads it from the file. SIDECAR: its bytes are handed over. UNREADABLE: it cannot be taken
    in, so the manifest records that it was there and why it failed. NONE: there is none.
    """

    EMBEDDED = "embedded"
    SIDECAR = "sidecar"
    UNREADABLE = "unreadable"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that something is made from. ``id``: by which actions refer to it. ``manifest``: the bytes of a sidecar.

    ``failures``: the status codes that its own validation failed with; ``note``: in words. ``manifest_label`` and
    ``assertions``: of its own manifest, by their labels.
    """

    path: Path
    kind: MediaKind
    id: str
    relationship: str
    title: str
    form: Form
    failures: tuple[str, ...] = ()
    note: str | None = None
    manifest: bytes | None = None
    manifest_label: str | None = None
    assertions: tuple[str, ...] = ()


def component_id(number: int) -> str:
    """The id of a component, counted from 1 in the order of ``Capture.components``."""
    return f"component-{number}"


def sources_of(capture: Capture, anchors: Sequence[AnchorList]) -> tuple[Source, ...]:
    """The parent, if there is one, and the components.

    The parent is the file that the publisher names, else the input itself, where it has a credential.

    Raises:
        CredentialError: ``sign.parent_unsigned``: what is named as parent has no credential. ``sign.two_parents``: the
            input comes with a credential of its own, which is not that of the parent that is named.
        MediaError: one of them is no media.
    """
    parent = _parent_of(capture, anchors)
    components = (
        _source(path, _credential(path, anchors), component_id(number), COMPONENT)
        for number, path in enumerate(capture.components, 1)
    )
    return (*((parent,) if parent.form is not Form.NONE else ()), *components)


def without_history(sources: Iterable[Source], unreadable: str | None) -> tuple[Source, ...]:
    """The sources where the library does not take the manifest of the one with this id in.

    Where it does not say which, it is those whose validation failed, else all that have a manifest.
    """
    kept = tuple(sources)
    taken = [source for source in kept if source.form in (Form.EMBEDDED, Form.SIDECAR)]
    blamed = [s for s in taken if s.id == unreadable] or [s for s in taken if s.failures] or taken
    return tuple(_unreadable(source) if source in blamed else source for source in kept)


def failing(sources: Iterable[Source]) -> tuple[str, ...]:
    """What its publisher should know of sources whose credentials do not hold, in words."""
    return tuple(
        f"{_fault(source)} ({', '.join(source.failures[:5])}): the new credential says so"
        for source in sources
        if source.failures
    )


def description(source: Source) -> dict[str, Any]:
    """The source as an ingredient of a manifest definition; the library adds what it reads from an EMBEDDED one."""
    result: dict[str, Any] = {
        "relationship": source.relationship,
        "title": source.title,
        "label": source.id,
        "instance_id": source.id,
    }
    if source.form is Form.EMBEDDED:
        return result
    result["format"] = source.kind.media_type
    if source.form is not Form.NONE:
        failures = [_status(code, source) for code in source.failures]
        result["validation_results"] = {"activeManifest": {"success": [], "informational": [], "failure": failures}}
    if source.note:
        result["description"] = source.note
    if source.form is Form.SIDECAR:
        result["manifest_data"] = {"format": "application/c2pa", "identifier": source.id}
    return result


def _parent_of(capture: Capture, anchors: Sequence[AnchorList]) -> Source:
    found = _credential(capture.path, anchors)
    own = _source(capture.path, found, PARENT_ID, PARENT)
    if capture.parent is None:
        return own
    named = _credential(capture.parent, anchors)
    parent = _source(capture.parent, named, PARENT_ID, PARENT)
    if parent.form is Form.NONE:
        raise CredentialError(
            "sign.parent_unsigned",
            f"{capture.parent.name} cannot be the parent of an edit",
            expected="a signed file",
            found="no credential",
            hint="sign it first, or name it as an ingredient",
        )
    if own.form is not Form.NONE:
        _require_one_history(capture.path.name, found, named)
    return parent


def _fault(source: Source) -> str:
    if set(source.failures) == {UNTRUSTED_CODE}:
        return f"who signed {source.title} is not trusted here"
    return f"the credential of {source.title} does not hold"


def _status(code: str, source: Source) -> dict[str, str]:
    status = {"code": code, "explanation": "found when this manifest was made"}
    if code == UNTRUSTED_CODE and source.manifest_label is not None:
        # Whom it is about, so that readers who do trust him can tell that this does not concern them.
        status["url"] = SIGNATURE.format(source.manifest_label)
    return status


def _credential(path: Path, anchors: Sequence[AnchorList]) -> Credential:
    return read_credential(path, anchors=anchors, policy=SignedUnder(anchors))


def _source(path: Path, credential: Credential, name: str, relationship: str) -> Source:
    source = Source(path, sniff(path), name, relationship, path.name[:_TITLE], Form.NONE, credential.codes)
    if credential.state is CredentialState.NONE:
        return source
    if credential.state is CredentialState.UNSUPPORTED:
        if credential.remote_url is None:
            return source
        note = "It names a credential at a remote address, which was not fetched."
        codes = credential.codes or ("manifest.inaccessible",)
        return replace(source, form=Form.UNREADABLE, failures=codes, note=note)
    if credential.state is CredentialState.BROKEN or (credential.sidecar and credential.manifest is None):
        return _unreadable(replace(source, failures=()))
    source = replace(source, manifest_label=credential.manifest_label, assertions=tuple(credential.assertions))
    if credential.sidecar:
        return replace(source, form=Form.SIDECAR, manifest=credential.manifest)
    return replace(source, form=Form.EMBEDDED)


def _unreadable(source: Source) -> Source:
    note = "It carried a credential that could not be taken in."
    failures = source.failures or (_UNREADABLE_CODE,)
    return replace(source, form=Form.UNREADABLE, failures=failures, note=note, manifest=None, manifest_label=None)


def _require_one_history(name: str, own: Credential, named: Credential) -> None:
    # Tools that keep foreign segments leave the original's own credential in the edit: that is the same history.
    history = (own.manifest_label, own.hard_binding)
    if own.manifest_label is not None and history == (named.manifest_label, named.hard_binding):
        return
    raise CredentialError(
        "sign.two_parents",
        f"{name} comes with a credential of its own, and can have one parent only",
        expected="an edit without a credential, or with that of the file it was made from",
        found=own.manifest_label or own.state.value,
        hint="sign it without naming a parent: its own credential then becomes the parent",
    )
