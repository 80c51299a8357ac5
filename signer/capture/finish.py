"""Bringing a recording to its end: what is unsigned is signed, then all segments become one asset. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from provenance.assets import asset_id_of
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.files import sweep
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy, SignedUnder
from signer.capture.chain import Chain, Seen, Standing, walk
from signer.capture.folder import Folder
from signer.capture.segment_file import join
from signer.capture.signing import SignedSegment, Signer
from signer.capture.values import MICROSECOND, SESSION_LABEL, VERSION, Session
from signer.sources import component_id

MOST_SEGMENTS = 400
"""Segments in one asset: each brings its credential along (docs/benchmarks/capture.md)."""
LONGEST_S = 90 * 60
"""Length of one asset: the fingerprints of some two hours fit into a credential."""
STEM = "recording"

_SOUND = {CredentialState.AUTHENTIC, CredentialState.UNTRUSTED}


@dataclass(frozen=True, slots=True)
class Assembled:
    """An assembled recording, or a part of one. ``fresh``: it was made now; ``missing``: segments left out between."""

    path: Path
    asset_id: str
    segments: tuple[int, ...]
    seconds: float
    fresh: bool
    missing: tuple[int, ...]


def sign_left_over(
    folder: Folder, signer: Signer, tell: Callable[[SignedSegment], None], lost: Callable[[int], None]
) -> None:
    """Sign what was recorded and is not signed; ``lost`` hears of a segment of which nothing could be read.

    Raises:
        ProvenanceError: a segment cannot be signed.
    """
    for index in folder.unsigned():
        signed = signer.segment(index)
        if signed is not None:
            tell(signed)
        else:
            lost(index)


def assemble(
    folder: Folder,
    session: Session,
    signer: Signer,
    anchors: Sequence[AnchorList],
    policy: Policy,
    *,
    leaving_out: bool,
) -> tuple[Assembled, ...]:
    """Join the segments into one asset with all of them as components; several where they cannot be joined.

    What was assembled before is left as it is, above all where it names segments that are missing now.

    Args:
        leaving_out: missing segments are left out, and said so in the asset.

    Raises:
        CredentialError: ``capture.broken_chain``: a segment is not what was signed, or missing.
        MediaError: ``capture.empty``: there is no segment.
    """
    listed = _listed(folder, anchors)
    chain = walk(folder, anchors, policy, tuple(listed))
    gone = [seen for seen in chain.segments if seen.standing is Standing.MISSING]
    named = {segment.get("index") for segment in listed}
    if any(seen.index in named for seen in gone) or (gone and not leaving_out):
        raise CredentialError(
            "capture.broken_chain",
            f"segment {gone[0].index} is missing: {gone[0].reason}",
            expected="every segment that was signed",
            hint="restore it: the assembled recording names it, and is kept"
            if any(seen.index in named for seen in gone)
            else "restore it, or go on without it with --leave-out-missing",
        )
    present = [seen for seen in chain.segments if seen.standing is not Standing.MISSING]
    bad = [seen for seen in present if seen.standing not in (Standing.INTACT, Standing.UNTRUSTED)]
    if bad:
        raise CredentialError(
            "capture.broken_chain",
            f"segment {bad[0].index} is {bad[0].standing.value}: {bad[0].reason}",
            expected="segments as they were signed",
            hint="provenance capture check shows the whole chain; restore the segment, or move it out of the folder",
        )
    if not present:
        raise MediaError(
            "capture.empty",
            f"there is no segment in {folder.root}",
            expected="at least one whole segment",
            hint="what could not be saved after a crash is in set-aside, if it is anywhere",
        )
    groups = groups_of(present)
    return tuple(
        _assembled(folder, session, signer, anchors, group, number, len(groups))
        for number, group in enumerate(groups, 1)
    )


def groups_of(present: Sequence[Seen]) -> list[list[Seen]]:
    """Segments that can become one asset: of one format, not too many, not too long."""
    groups: list[list[Seen]] = []
    form: Any = None
    for seen in present:
        found = seen.said.get("format")
        full = not groups or found != form or len(groups[-1]) >= MOST_SEGMENTS
        if full or (_at(seen, "end_us") - _at(groups[-1][0], "start_us")) * MICROSECOND > LONGEST_S:
            groups.append([])
        groups[-1].append(seen)
        form = found
    return groups


def _assembled(
    folder: Folder, session: Session, signer: Signer, anchors: Sequence[AnchorList], group: Sequence[Seen], number: int,
    parts: int,
) -> Assembled:  # fmt: skip
    target = folder.root / (f"{STEM}.mp4" if parts == 1 else f"{STEM}-{number}.mp4")
    said = _session_assertion(session, group, number, parts)
    numbers = tuple(seen.index for seen in group)
    before = _present(target, said, anchors) if target.exists() else None
    start, missing = _at(group[0], "start_us"), tuple(said["missing"])
    if before is not None:
        seconds = (_at(group[-1], "end_us") - start) / 1e6
        return Assembled(target, before, numbers, seconds, fresh=False, missing=missing)
    joined = folder.recorded / f"{STEM}.joined"
    sweep(target)
    try:
        _, length = join([(folder.signed(seen.index), _at(seen, "start_us") - start) for seen in group], joined)
        title = str(session.statement.get("title") or "Recording") + (
            f", part {number} of {parts}" if parts > 1 else ""
        )
        ids = [component_id(n) for n in range(1, len(group) + 1)]
        words: dict[str, Any] = {
            "title": title,
            "components": [str(folder.signed(seen.index)) for seen in group],
            "actions": [
                {
                    "action": "c2pa.placed",
                    "description": "recorded segments, joined without coding anything anew",
                    "parameters": {"ingredientIds": ids},
                }
            ],
            "assertions": {SESSION_LABEL: said},
        }
        if session.live:
            words["captured_at"] = group[0].said.get("wall_start")
        answer = signer.file(joined, target, words, replacing=target.exists())
    finally:
        joined.unlink(missing_ok=True)
    return Assembled(target, answer["asset_id"], numbers, float(Fraction(length)), fresh=True, missing=missing)


def _session_assertion(session: Session, group: Sequence[Seen], number: int, parts: int) -> dict[str, Any]:
    first, last = group[0].index, group[-1].index
    present = {seen.index for seen in group}
    return {
        "version": VERSION,
        "session": session.id,
        "part": number,
        "parts": parts,
        "missing": [n for n in range(first, last + 1) if n not in present],
        "segments": [
            {"index": s.index, "label": s.label, "sha256": s.sha256, "start_us": _at(s, "start_us"),
             "end_us": _at(s, "end_us")}
            for s in group
        ],
    }  # fmt: skip


def _present(target: Path, said: dict[str, Any], anchors: Sequence[AnchorList]) -> str | None:
    """The asset id of what stands at the target, if it is sound and made from these very segments."""
    try:
        listed = recorded_in(target, anchors)
    except MediaError:
        return None
    return listed[0] if listed is not None and listed[1] == said else None


def recorded_in(path: Path, anchors: Sequence[AnchorList]) -> tuple[str, dict[str, Any]] | None:
    """The asset id of an assembled recording and what it says of its segments; None where it is none, or not sound."""
    credential = read_credential(path, anchors=anchors, policy=SignedUnder(anchors))
    said = credential.assertions.get(SESSION_LABEL)
    label, binding = credential.manifest_label, credential.hard_binding
    if credential.state not in _SOUND or not isinstance(said, dict) or label is None or binding is None:
        return None
    return asset_id_of(label, binding), said


def examine(folder: Folder, anchors: Sequence[AnchorList], policy: Policy) -> Chain:
    """The chain, held against the assembled recording, too, where there is one: that knows which was the last."""
    return walk(folder, anchors, policy, tuple(_listed(folder, anchors)))


def _listed(folder: Folder, anchors: Sequence[AnchorList]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.root.glob(f"{STEM}*.mp4")):
        listed = recorded_in(path, anchors)
        segments = listed[1].get("segments") if listed is not None else None
        found += [s for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
    return found


def _at(seen: Seen, name: str) -> int:
    value = seen.said.get(name)
    return value if isinstance(value, int) else 0
