"""A whole recording: reading, cutting, signing in the background, and at the end one asset."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from provenance.errors import MediaError
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.capture.address import Address
from signer.capture.finish import Assembled, assemble, sign_left_over
from signer.capture.folder import Folder
from signer.capture.recorder import Recorder
from signer.capture.signing import Background, SignedSegment, Signer
from signer.capture.source import Reader
from signer.capture.values import Session


class View(Protocol):
    """Hears how a recording gets on; from several threads."""

    def segment(self, signed: SignedSegment) -> None:
        """A segment is signed."""

    def notice(self, words: str) -> None:
        """Something happened that whoever watches wants to know."""

    def recorded(self, seconds: float, unsigned: int) -> None:
        """The recording is over; so many segments of it are still to be signed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a recording. ``lost``: why its source was lost for good, if it was.

    ``longest_lag_s``: the longest that a segment waited for its signature.
    """

    assembled: tuple[Assembled, ...]
    seconds: float
    longest_lag_s: float
    lost: str | None


def record(
    folder: Folder,
    address: Address,
    statement: Mapping[str, Any],
    settings: Settings,
    secret: str | None,
    *,
    segment_s: float,
    duration_s: float | None,
    reconnect_s: float,
    view: View,
    stopped: Callable[[], bool],
) -> Recorded:
    """Record until the source ends or is lost, the duration is over, or ``stopped`` says so; then sign and assemble.

    Raises:
        MediaError: ``capture.nothing``: the source gave no picture and no sound.
        ProvenanceError: something could not be signed; what is recorded stays for ``finish``.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    session = Session(str(uuid.uuid4()), address.shown, started, segment_s, address.live, statement)
    folder.begin(session)
    with Signer(folder, session, settings, secret) as signer:
        background = Background(signer, folder, view.segment, view.notice)
        background.start()
        reader = Reader(address, reconnect_s)
        recorder = Recorder(folder, reader, segment_s, duration_s, background.put, stopped, view.notice)
        try:
            recorder.run()
        finally:
            view.recorded(recorder.seconds, background.unsigned)
            try:
                background.finish()
            finally:
                if folder.unsigned():
                    view.notice(f"what is not signed is kept: provenance capture finish {folder.root}")
        if not folder.signed_ones():
            if not folder.set_aside.exists():
                folder.abandon()
            raise _nothing(address, recorder.lost)
        assembled = _assembled(folder, session, signer, settings, view, leaving_out=True)
    return Recorded(assembled, recorder.seconds, background.longest_lag_s, recorder.lost)


def finish(
    folder: Folder, settings: Settings, secret: str | None, view: View, *, leaving_out: bool
) -> tuple[Assembled, ...]:
    """Sign what a recording left unsigned, and assemble it, ``leaving_out`` what is missing. Safe to repeat.

    Raises:
        ProvenanceError: see ``record`` and ``finish.assemble``.
    """
    session = folder.session()
    with Signer(folder, session, settings, secret) as signer:
        return _assembled(folder, session, signer, settings, view, leaving_out=leaving_out)


def _assembled(
    folder: Folder, session: Session, signer: Signer, settings: Settings, view: View, *, leaving_out: bool
) -> tuple[Assembled, ...]:
    def lost(index: int) -> None:
        view.notice(f"segment {index}: nothing of it could be saved")

    sign_left_over(folder, signer, view.segment, lost)
    anchors = load_anchors(settings.anchors)
    return assemble(folder, session, signer, anchors, SignedUnder(anchors), leaving_out=leaving_out)


def _nothing(address: Address, why: str | None) -> MediaError:
    return MediaError(
        "capture.nothing",
        f"nothing was recorded from {address.shown}",
        expected="a source with picture or sound",
        found=why or "an end before the first key picture",
        hint="check address, network and permissions; with --reconnect it is tried for longer",
    )
