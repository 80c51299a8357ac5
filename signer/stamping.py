"""Signing with a time stamp: the library asks us, and we ask the authorities, in order and with limits.

The library itself knows one address. It is given one of ours, on the loopback.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from provenance.assets import Stamp
from provenance.errors import CredentialError
from signer.authorities import Asking, Authorities, StampPolicy, no_stamp

Write = Callable[[str | None], bytes]
"""Signs, with the time stamp of the authority at an address or without."""

_HOST = "127.0.0.1"
_MAX_QUERY = 1 << 16
_NO_STAMP = "sign.timestamp"


def stamped(write: Write, authorities: Authorities | None) -> tuple[bytes, Stamp | None]:
    """Sign with a time stamp, or without where the policy allows that; with what came of asking, if anybody was asked.

    Raises:
        CredentialError: ``sign.timestamp`` where one is required and nobody gave one; whatever ``write`` raises.
    """
    if authorities is None or not authorities.urls:
        return write(None), None
    asking = Asking(authorities)
    with _answering(asking) as address:
        while True:
            try:
                return write(address), asking.stamp
            except CredentialError as error:
                if error.code != _NO_STAMP:
                    raise
                if asking.answered is not None:
                    # It looked sound, and the library did not take it: the next one is asked.
                    asking.refuse(f"the C2PA library did not take its stamp ({error.found})")
                elif not asking.left:
                    break
    if authorities.policy is StampPolicy.REQUIRE:
        raise no_stamp(asking.stamp)
    return write(None), asking.stamp


@contextmanager
def _answering(asking: Asking) -> Iterator[str]:
    """The address of an authority on the loopback that answers with what the real ones say."""
    # Others on this machine cannot know it, and so not have us ask for them.
    path = f"/{secrets.token_urlsafe(16)}"

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            query = self.rfile.read(int(length)) if length.isdecimal() and int(length) <= _MAX_QUERY else b""
            answer = asking.answer(query) if secrets.compare_digest(self.path.encode(), path.encode()) else None
            self.send_response(200 if answer is not None else 503)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            self.wfile.write(answer or b"")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: stderr is for people."""

    _spare_loopback()
    with ThreadingHTTPServer((_HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://{_HOST}:{server.server_port}{path}"
        finally:
            server.shutdown()
            thread.join()


def _spare_loopback() -> None:
    """Have the library ask us and not a proxy; it reads these variables once, when it first asks."""
    for name in ("NO_PROXY", "no_proxy"):
        spared = [part for part in os.environ.get(name, "").split(",") if part]
        if _HOST not in spared and "*" not in spared:
            os.environ[name] = ",".join((*spared, _HOST))
