"""Signing what was recorded, segment after segment: each names the one before it. While recording, and afterwards."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from provenance.credentials.reader import read_credential
from provenance.errors import MediaError, ProvenanceError
from provenance.files import sha256_file, sweep
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.capture.folder import Folder
from signer.capture.segment_file import finish_part, sync
from signer.capture.values import (
    MICROSECOND,
    SEGMENT_LABEL,
    EndedBy,
    Link,
    Notes,
    Session,
    segment_assertion,
)
from signer.order import Order
from signer.workers import Workers

_NICE = 10
"""The recording goes before."""
_TRY_AGAIN_S = 5.0
_HEAR_S = 0.5


@dataclass(frozen=True, slots=True)
class SignedSegment:
    """A segment that is signed. ``lag_s``: how long after its end; 0 where that is not known."""

    notes: Notes
    path: Path
    asset_id: str
    lag_s: float = 0.0


class Signer:
    """Signs segments and the assembled recording in a worker process; a context manager."""

    def __init__(self, folder: Folder, session: Session, settings: Settings, secret: str | None) -> None:
        self._folder = folder
        self._session = session
        self._order = Order(**session.statement)
        self._anchors = load_anchors(settings.anchors)
        self._workers: Workers[Path] = Workers(1, settings, self._order, secret, nice=_NICE)
        self._previous: Link | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.__exit__(kind, error, trace)

    def segment(self, index: int) -> SignedSegment | None:
        """Sign a recorded segment, and remove what it was made from; None where it had to be set aside.

        What a killed run left half-way is brought to its end. Every earlier segment must be signed before.

        Raises:
            ProvenanceError: it cannot be signed; it stays where it was.
        """
        target = self._folder.signed(index)
        sweep(target)
        if target.exists():
            self._folder.clear(index)
            return None
        notes = self._whole(index)
        if notes is None:
            return None
        previous = self._link(index)
        title = f"{self._order.title or 'Recording'}, segment {index}"
        words: dict[str, Any] = {
            "title": title,
            "assertions": {SEGMENT_LABEL: segment_assertion(self._session, notes, previous)},
        }
        if self._session.live:
            words["captured_at"] = notes.wall_start
        try:
            answer = self.file(self._folder.waiting(index), target, words)
        except ProvenanceError as error:
            if error.code != "output.exists":
                raise
            # The worker of a run that was killed has just brought its work to an end.
            self._folder.clear(index)
            return None
        self._folder.clear(index)
        return SignedSegment(notes, target, answer["asset_id"])

    def file(self, source: Path, target: Path, words: dict[str, Any], *, replacing: bool = False) -> dict[str, Any]:
        """Sign a file with these fields of the order; the worker's answer.

        Raises:
            ProvenanceError: it cannot be signed.
        """
        self._workers.give(
            target,
            {"source": str(source), "target": str(target), "replace": replacing, "settle": None, "order": words},
        )
        while True:
            for heard in self._workers.hear(_HEAR_S):
                if heard.answer is None:
                    continue
                if heard.answer.get("error"):
                    raise ProvenanceError(**heard.answer["error"])
                return heard.answer

    def _whole(self, index: int) -> Notes | None:
        """The notes on a segment that is plain MP4 from then on."""
        notes, part, waiting = self._folder.notes(index), self._folder.part(index), self._folder.waiting(index)
        if not waiting.exists() and not (part.exists() and part.stat().st_size):
            # Killed before anything of it was written.
            self._folder.clear(index)
            return None
        if notes is None:
            self._set_aside(index)
            return None
        if part.exists() or not waiting.exists():
            try:
                frames, length = finish_part(part, waiting)
            except MediaError:
                self._set_aside(index)
                return None
            if notes.ended_by is None:
                end = notes.start_us + round(length / MICROSECOND)
                notes = replace(notes, ended_by=EndedBy.KILLED, end_us=end, frames=frames)
                self._folder.write_notes(notes)
            sync(waiting)
            part.unlink(missing_ok=True)
        return notes

    def _set_aside(self, index: int) -> None:
        """Keep what cannot be read, where nobody takes it for a segment."""
        self._folder.set_aside.mkdir(exist_ok=True)
        for path in (self._folder.part(index), self._folder.waiting(index), self._folder.notes_file(index)):
            with contextlib.suppress(FileNotFoundError):
                path.rename(self._folder.set_aside / path.name)

    def _link(self, index: int) -> Link | None:
        """The last signed segment before this one, as it is named."""
        before = [number for number in self._folder.signed_ones() if number < index]
        if not before:
            return None
        if self._previous is None or self._previous.index != before[-1]:
            self._previous = link_of(self._folder, before[-1], self._anchors)
        return self._previous


def link_of(folder: Folder, index: int, anchors: Any) -> Link:
    """How the next segment names this one.

    Raises:
        ProvenanceError: it has no credential.
    """
    path = folder.signed(index)
    credential = read_credential(path, anchors=anchors, policy=SignedUnder(anchors))
    return Link(index, credential.manifest_label or "", sha256_file(path))


class Background(threading.Thread):
    """Signs segments as they come, while the recording goes on; ``tell`` hears of each, in this thread.

    What fails is tried again as long as the recording goes on, and once more after it.
    """

    def __init__(
        self, signer: Signer, folder: Folder, tell: Callable[[SignedSegment], None], notice: Callable[[str], None]
    ) -> None:
        super().__init__(name="signing", daemon=True)
        self.failure: ProvenanceError | None = None
        self.longest_lag_s = 0.0
        self._signer = signer
        self._folder = folder
        self._tell = tell
        self._notice = notice
        self._waiting: queue.Queue[tuple[Notes, float] | None] = queue.Queue()
        self._over = threading.Event()

    def put(self, notes: Notes) -> None:
        """Sign this one, too."""
        self._folder.write_notes(notes)
        self._waiting.put((notes, time.monotonic()))

    @property
    def unsigned(self) -> int:
        """Segments that wait for their turn."""
        return self._waiting.qsize()

    def finish(self) -> None:
        """Wait until all are signed.

        Raises:
            ProvenanceError: one could not be signed.
        """
        self._waiting.put(None)
        self._over.set()
        self.join()
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        """Sign until ``finish``."""
        while (item := self._waiting.get()) is not None:
            notes, ended = item
            signed = self._sign(notes.index)
            if self.failure is not None:
                return
            if signed is not None:
                lag = time.monotonic() - ended
                self.longest_lag_s = max(self.longest_lag_s, lag)
                self._tell(replace(signed, lag_s=lag))

    def _sign(self, index: int) -> SignedSegment | None:
        while True:
            last = self._over.is_set()
            try:
                return self._signer.segment(index)
            except ProvenanceError as error:
                if last:
                    self.failure = error
                    return None
                self._notice(f"segment {index} is not signed yet, and is tried again: {error}")
            except Exception as error:
                self.failure = ProvenanceError("capture.signing", "signing stopped", found=repr(error)[:200])
                return None
            self._over.wait(_TRY_AGAIN_S)
