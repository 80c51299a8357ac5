"""How a recording looks: a line or an object per segment and asset, and for a chain a row per segment."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from provenance.console import safe, stderr, stdout
from signer.capture.chain import Chain, happened
from signer.capture.finish import Assembled
from signer.capture.signing import SignedSegment
from signer.capture.values import MICROSECOND

_WORDS = {
    "gap": "missing",
    "jump": "the source's clock jumped by",
    "lost": "the source was away for",
    "system_clock": "this machine's clock was set by",
}


class Screen:
    """The view of a recording. ``as_lines``: JSON objects."""

    def __init__(self, *, as_lines: bool) -> None:
        self._as_lines = as_lines
        self._lock = threading.Lock()

    def segment(self, signed: SignedSegment) -> None:
        """A segment is signed."""
        notes = signed.notes
        if self._as_lines:
            row = {
                **notes.as_json(),
                "dropped_frames": notes.dropped,
                "output": str(signed.path),
                "asset_id": signed.asset_id,
                "lag_s": round(signed.lag_s, 3),
            }
            with self._speaking():
                self._object({"segment": row})
            return
        length = (notes.end_us or notes.start_us) - notes.start_us
        words = (
            f"segment {notes.index}  {_seconds(notes.start_us)} s  {_seconds(length)} s long  {notes.frames} pictures"
        )
        lag = f"  signed after {signed.lag_s:.1f} s" if signed.lag_s else "  signed"
        with self._speaking():
            stdout().print(words + lag, soft_wrap=True)
            for event in notes.events:
                stdout().print(f"  {_event(event.as_json())}", soft_wrap=True)

    def notice(self, words: str) -> None:
        """Something happened that whoever watches wants to know."""
        with self._speaking():
            stderr().print(safe(words), soft_wrap=True)

    def recorded(self, seconds: float, unsigned: int) -> None:
        """The recording is over."""
        waiting = f"; {unsigned} segment{'s' * (unsigned > 1)} still to be signed" if unsigned else ""
        with self._speaking():
            stderr().print(f"recorded {seconds:.1f} s{waiting}", soft_wrap=True)

    def assembled(self, asset: Assembled, registered: bool | None) -> None:
        """The recording, or a part of it, is one asset. ``registered``: None where that was not asked for."""
        if self._as_lines:
            row = {
                "output": str(asset.path),
                "asset_id": asset.asset_id,
                "segments": list(asset.segments),
                "seconds": round(asset.seconds, 3),
                "fresh": asset.fresh,
                "missing": list(asset.missing),
                "registered": registered is not None,
            }
            return self._object({"assembled": row})
        console = stdout()
        words = "assembled" if asset.fresh else "assembled before:"
        count = f"{len(asset.segments)} segment{'s' * (len(asset.segments) != 1)}"
        console.print(f"{words} {safe(asset.path)}  {asset.seconds:.1f} s, {count}", soft_wrap=True)
        console.print(f"  asset       {asset.asset_id}", soft_wrap=True)
        if asset.missing:
            console.print(f"  missing     {', '.join(map(str, asset.missing))}: left out, and named in the asset")
        if registered is not None:
            console.print(f"  registered  {'yes' if registered else 'it was already'}", soft_wrap=True)
        return None

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """One line after the other. That nobody listens any more, on a closed pipe for one, ends no recording."""
        # The console takes a closed pipe for the end of the program.
        with self._lock, suppress(OSError, SystemExit):
            yield

    def _object(self, value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def print_chain(chain: Chain) -> None:
    """The chain for people."""
    console = stdout()
    events: dict[int, list[str]] = {}
    for index, event in happened(chain):
        events.setdefault(index, []).append(_event(event))
    for seen in chain.segments:
        start, reason = seen.said.get("start_us"), f": {safe(seen.reason)}" if seen.reason else ""
        at = f"  {_seconds(start)} s" if isinstance(start, int) else ""
        console.print(f"segment {seen.index}{at}  {seen.standing.value}{reason}", soft_wrap=True)
        for words in events.get(seen.index, ()):
            console.print(f"  {words}", soft_wrap=True)
    if chain.unsigned:
        console.print(f"not signed yet: {', '.join(map(str, chain.unsigned))}; run provenance capture finish")
    if chain.set_aside:
        console.print(f"set aside after a crash, since nothing in them could be read: {chain.set_aside}")
    if chain.open_end:
        console.print(f"open end: {chain.open_end}", soft_wrap=True)
    broken = "the chain is broken" if chain.segments else "no segment is signed"
    console.print("the chain holds" if chain.holds else broken)


def _event(event: dict[str, Any]) -> str:
    at = event.get("at_us")
    where = f"at {_seconds(at)} s: " if isinstance(at, int) else ""
    count = event.get("frames")
    frames = f" ({count} picture{'s' * (count != 1)})" if isinstance(count, int) else ""
    stream = f" of {safe(event['stream'], limit=20)}" if event.get("kind") == "gap" and "stream" in event else ""
    words = _WORDS.get(str(event.get("kind")), safe(event.get("kind"), limit=40))
    return f"{where}{words} {safe(event.get('seconds'), limit=20)} s{stream}{frames}"


def _seconds(microseconds: int) -> str:
    return f"{float(microseconds * MICROSECOND):.2f}"
