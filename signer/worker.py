"""The program of one worker: signs the files it is told of, one after the other, in a process of its own.

``python -P -m provenance.importing signer.worker DESCRIPTOR``. Everything comes over that socket as JSON, passphrase or
PIN too: a command line and an environment can be read by others. The end of the socket, by whatever cause, means: stop,
and leave nothing half-written.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from provenance.assets import CORNERS, Capture, Label, asset_id_of
from provenance.context import error_as_json
from provenance.credentials.reader import SIDECAR_SUFFIX, read_credential
from provenance.credentials.values import CredentialState
from provenance.errors import ProvenanceError
from provenance.files import is_file, sha256_file
from provenance.fingerprints.codec import ASSERTION_LABEL, from_assertion
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.authorities import Authorities, StampPolicy
from signer.keys import load_key
from signer.manifest import MAX_TEXT, check_capture
from signer.order import STOP_WITHIN_S, Order, Signed, StoppedError, outdated
from signer.sign import sign_file

_TELL_EVERY_S = 0.2


class Bench:
    """What a worker needs for every file, opened once."""

    def __init__(self, opening: dict[str, Any]) -> None:
        """Open it.

        Raises:
            ProvenanceError: the order cannot be carried out for any file.
        """
        self.settings = Settings(**opening["settings"])
        self.order = Order(**opening["order"])
        check_capture(capture_of(self.order, Path("any")))
        policy = StampPolicy(self.order.tsa_policy or StampPolicy.REQUIRE)
        self.authorities = Authorities(tuple(self.order.tsa), policy, self.settings.tsa_seconds)
        self.anchors = load_anchors(self.settings.anchors)
        chain = Path(self.order.chain) if self.order.chain is not None else None
        self.key = load_key(self.settings.keys, self.order.key, opening["secret"], chain_file=chain, proven=True)

    def do(self, job: dict[str, Any], on_progress: Callable[[float], None]) -> dict[str, Any]:
        """Carry out one job and return what came of it; an error is an answer, too.

        ``order`` in the job: what is wanted of this file alone, in place of fields of the bench's order.
        """
        source, target = Path(job["source"]), Path(job["target"])
        try:
            return self._do(job, source, target, on_progress)
        except ProvenanceError as error:
            return error_as_json(error)
        except MemoryError:
            return _failure("system.memory", f"there was not enough memory to sign {source.name}", "fewer --jobs")
        except OSError as error:
            hint = "check that the place exists, may be written to, and has space left"
            message = f"the system refused to read or write for {source.name}"
            return _failure("system.io", message, hint, error.strerror or str(error))

    def _do(
        self, job: dict[str, Any], source: Path, target: Path, on_progress: Callable[[float], None]
    ) -> dict[str, Any]:
        sha256 = sha256_file(source) if is_file(source) else ""
        if job["settle"] is not None:
            signed = self._present(target, job["settle"]["asset_id"])
            if signed is not None and job["settle"]["source_sha256"] in (None, sha256):
                return _answer(signed, sha256, fresh=False)
            if not job["replace"]:
                raise outdated(source, target)
        order = replace(self.order, **job.get("order", {}))
        asset = sign_file(
            capture_of(order, source),
            target,
            key=self.key,
            settings=self.settings,
            anchors=self.anchors,
            replace=job["replace"],
            withhold_reference=order.withhold_reference,
            authorities=self.authorities,
            on_progress=on_progress,
        )
        reference = asset.reference.sha256 if asset.reference else None
        signed = Signed(asset.path, asset.sidecar, asset.asset_id, reference, asset.notes, asset.stamp)
        return _answer(signed, sha256, fresh=True)

    def _present(self, target: Path, asset_id: str | None) -> Signed | None:
        """The output that is there already, if it is sound, signed with our key, and the asset it should be."""
        credential = read_credential(target, anchors=self.anchors, policy=SignedUnder(self.anchors))
        sound = credential.state in (CredentialState.AUTHENTIC, CredentialState.UNTRUSTED)
        label, binding, signer = credential.manifest_label, credential.hard_binding, credential.signer
        if not sound or label is None or binding is None or signer is None:
            return None
        found = asset_id_of(label, binding)
        if found != asset_id and (asset_id is not None or signer.serial != f"{self.key.chain[0].serial_number:x}"):
            return None
        _, reference = from_assertion(credential.assertions.get(ASSERTION_LABEL) or {})
        sidecar = target.with_name(target.name + SIDECAR_SUFFIX) if credential.sidecar else None
        return Signed(target, sidecar, found, reference)


def capture_of(order: Order, path: Path) -> Capture:
    """What is to be said of a file by an order."""
    return Capture(
        path=path,
        title=order.title if order.title is not None else _title_of(path),
        source_type=order.source_type,
        author=order.author,
        organisation=order.organisation,
        captured_at=order.captured_at,
        place=order.place,
        parent=_path(order.parent),
        components=tuple(map(Path, order.components)),
        actions=tuple(order.actions),
        assertions=order.assertions,
        redactions=order.redactions,
        label=_label(order),
    )


def _label(order: Order) -> Label | None:
    if order.label is None:
        return None
    return Label(order.label, order.label_corner or CORNERS[0], _path(order.label_font))


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _title_of(path: Path) -> str:
    # A file may be named with control characters; a title made from it must not be refused for that.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in path.name or str(path))[
        :MAX_TEXT
    ]


def _answer(signed: Signed, source_sha256: str, *, fresh: bool) -> dict[str, Any]:
    return {
        "fresh": fresh,
        "source_sha256": source_sha256,
        "sidecar": str(signed.sidecar) if signed.sidecar else None,
        "asset_id": signed.asset_id,
        "reference_sha256": signed.reference_sha256,
        "notes": list(signed.notes),
        "stamp": asdict(signed.stamp) if signed.stamp else None,
    }


def _failure(code: str, message: str, hint: str, found: str | None = None) -> dict[str, Any]:
    return error_as_json(ProvenanceError(code, message, found=found, hint=hint))


def serve(line: Connection, then: Callable[[], None] = lambda: None) -> None:
    """Open the bench, then carry out one job after the other until the other side is gone.

    ``then`` is called, in another thread, when it is gone.
    """
    opening = json.loads(line.recv_bytes())
    os.nice(opening["nice"])
    try:
        bench = Bench(opening)
    except ProvenanceError as error:
        line.send_bytes(_packed(error_as_json(error)))
        return
    del opening
    line.send_bytes(_packed({"ready": True}))
    stop = threading.Event()
    jobs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(line, jobs, stop, then), daemon=True).start()
    told = 0.0

    def on_progress(share: float) -> None:
        nonlocal told
        if stop.is_set():
            raise StoppedError
        if time.monotonic() >= told + _TELL_EVERY_S:
            told = time.monotonic()
            line.send_bytes(_packed({"share": share}))

    while (job := jobs.get()) is not None and not stop.is_set():
        try:
            answer = bench.do(job, on_progress)
        except StoppedError:
            return
        line.send_bytes(_packed(answer))


def _receive(
    line: Connection,
    jobs: queue.SimpleQueue[dict[str, Any] | None],
    stop: threading.Event,
    then: Callable[[], None],
) -> None:
    try:
        while data := line.recv_bytes():
            jobs.put(json.loads(data))
    except (EOFError, OSError):
        pass
    stop.set()
    jobs.put(None)
    then()


def _end_soon() -> None:
    time.sleep(STOP_WITHIN_S)
    os._exit(1)


def _packed(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def main(arguments: Sequence[str]) -> None:
    """Serve on the descriptor given."""
    # Ctrl-C is the parent's to deal with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve(Connection(int(arguments[0])), _end_soon)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        # The parent is gone; it will find what was finished by looking.
        sys.exit(1)
