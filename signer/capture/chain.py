"""Walking a chain of signed segments: which are there and intact, which are not, and what happened in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from provenance.credentials.reader import read_credential
from provenance.credentials.values import Credential, CredentialState
from provenance.errors import MediaError
from provenance.files import sha256_file
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from signer.capture.folder import Folder
from signer.capture.values import FOLLOWED, SEGMENT_LABEL, EndedBy


class Standing(StrEnum):
    """What is wrong with a segment, if anything.

    MISSING: the next one names it, or its number is left out. TAMPERED: its content is not what was signed, or not what
    the next one names. MISPLACED: it is another segment, or one of another recording. UNTRUSTED: it holds, but nobody
    vouches for its signer.
    """

    INTACT = "intact"
    MISSING = "missing"
    TAMPERED = "tampered"
    MISPLACED = "misplaced"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Seen:
    """A place in the chain. ``said``: the segment's own assertion; ``reason`` in words, where it is not intact."""

    index: int
    standing: Standing
    reason: str | None = None
    label: str | None = None
    sha256: str | None = None
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the segment says that happened in it and before it."""
        events = self.said.get("events")
        return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


@dataclass(frozen=True, slots=True)
class Chain:
    """The whole chain. ``unsigned``: segments that are recorded and not signed.

    ``open_end``: why more of them may be missing after the last.
    """

    session: str | None
    segments: tuple[Seen, ...]
    unsigned: tuple[int, ...] = ()
    set_aside: int = 0
    open_end: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every segment is there and intact."""
        return bool(self.segments) and all(seen.standing is Standing.INTACT for seen in self.segments)

    def as_json(self) -> dict[str, Any]:
        """The chain for programs."""
        rows = [
            {
                "index": seen.index,
                "standing": seen.standing.value,
                "reason": seen.reason,
                "label": seen.label,
                "sha256": seen.sha256,
                "start_us": seen.said.get("start_us"),
                "end_us": seen.said.get("end_us"),
                "ended_by": seen.said.get("ended_by"),
                "frames": seen.said.get("frames"),
                "dropped_frames": seen.said.get("dropped_frames"),
                "events": seen.events,
            }
            for seen in self.segments
        ]
        return {
            "holds": self.holds,
            "session": self.session,
            "open_end": self.open_end,
            "unsigned": list(self.unsigned),
            "set_aside": self.set_aside,
            "segments": rows,
        }


def walk(
    folder: Folder, anchors: Sequence[AnchorList], policy: Policy, listed: Sequence[Mapping[str, Any]] = ()
) -> Chain:
    """Read every signed segment, and hold it against its neighbours. Nothing but what is signed is believed.

    ``listed``: what an assembled recording says of the segments it was made of.
    """
    seen: dict[int, Seen] = {}
    session: str | None = None
    for index in folder.signed_ones():
        one = _read(folder.signed(index), index, anchors, policy)
        if one.said:
            session = session or str(one.said.get("session"))
            one = _placed(one, session)
        seen[index] = one
    for index in list(seen):
        _hold_against_previous(seen, index)
    for named in listed:
        _hold_against_list(seen, named)
    last = max(seen, default=0)
    complete = bool(listed) and any(named.get("index") == last for named in listed)
    whole = tuple(seen.get(n) or Seen(n, Standing.MISSING, "its number is left out") for n in range(1, last + 1))
    aside = len(list(folder.set_aside.glob("*.part"))) if folder.set_aside.is_dir() else 0
    return Chain(session, whole, tuple(folder.unsigned()), aside, None if complete else _open_end(seen.get(last)))


def _read(path: Path, index: int, anchors: Sequence[AnchorList], policy: Policy) -> Seen:
    try:
        credential: Credential = read_credential(path, anchors=anchors, policy=policy)
        sha256 = sha256_file(path)
    except MediaError as error:
        return Seen(index, Standing.TAMPERED, error.message)
    said = credential.assertions.get(SEGMENT_LABEL)
    known: dict[str, Any] = {"label": credential.manifest_label, "sha256": sha256}
    if credential.state not in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED):
        return Seen(index, Standing.TAMPERED, f"its credential: {credential.state.value}", **known)
    if not isinstance(said, dict):
        return Seen(index, Standing.MISPLACED, "it is signed, and no segment of a recording", **known)
    if credential.state is CredentialState.UNTRUSTED:
        return Seen(index, Standing.UNTRUSTED, "nobody vouches for its signer", **known, said=said)
    return Seen(index, Standing.INTACT, **known, said=said)


def _placed(one: Seen, session: str) -> Seen:
    if one.said.get("session") != session:
        return _worse(one, Standing.MISPLACED, "it is of another recording")
    if one.said.get("index") != one.index:
        return _worse(one, Standing.MISPLACED, f"it says that it is segment {one.said.get('index')}")
    return one


def _hold_against_previous(seen: dict[int, Seen], index: int) -> None:
    """What a segment says of the one before it; blames the one that is not as it is named."""
    one = seen[index]
    if not one.said or one.standing is Standing.MISPLACED:
        return
    previous = one.said.get("previous")
    if not isinstance(previous, dict):
        if index > 1 and any(n < index for n in seen):
            seen[index] = _worse(one, Standing.TAMPERED, "it names none before it")
        return
    number = previous.get("index")
    before = seen.get(number) if isinstance(number, int) else None
    if not isinstance(number, int) or not 1 <= number < index:
        seen[index] = _worse(one, Standing.TAMPERED, "it names none before it")
    elif before is None:
        seen[number] = Seen(number, Standing.MISSING, f"segment {index} names it")
    elif (before.label, before.sha256) != (previous.get("label"), previous.get("sha256")):
        seen[number] = _worse(before, Standing.TAMPERED, f"it is not the file that segment {index} names")


def _hold_against_list(seen: dict[int, Seen], named: Mapping[str, Any]) -> None:
    number = named.get("index")
    if not isinstance(number, int) or number < 1:
        return
    one = seen.get(number)
    if one is None:
        seen[number] = Seen(number, Standing.MISSING, "the assembled recording names it")
    elif (one.label, one.sha256) != (named.get("label"), named.get("sha256")):
        seen[number] = _worse(one, Standing.TAMPERED, "it is not the file that the assembled recording was made of")


def _worse(one: Seen, standing: Standing, reason: str) -> Seen:
    if one.standing not in (Standing.INTACT, Standing.UNTRUSTED):
        return one
    return Seen(one.index, standing, reason, one.label, one.sha256, one.said)


def _open_end(last: Seen | None) -> str | None:
    """Why the chain may have gone on after its last segment."""
    if last is None or not last.said:
        return "there is no segment that says that it is the last" if last is not None else None
    ended = last.said.get("ended_by")
    if ended in [how.value for how in FOLLOWED]:
        words = {EndedBy.LOST.value: "the source was lost", EndedBy.CHANGED.value: "the source changed"}
        return f"the last segment says that others may follow ({words.get(str(ended), 'it was cut for its length')})"
    return "the recording was killed" if ended == EndedBy.KILLED.value else None


def happened(chain: Chain) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every event, with the number of the segment that tells of it."""
    for seen in chain.segments:
        for event in seen.events:
            yield seen.index, event
