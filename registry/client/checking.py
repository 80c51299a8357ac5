"""Having a clip examined by a registry elsewhere: sent, followed, and its report read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from provenance.errors import ProvenanceError, RegistryError
from provenance.files import sha256_file
from provenance.media.source import open_media
from provenance.report import Report
from provenance.report_reading import read_report
from registry.checks.values import State
from registry.client.connection import Answer, Connection, parsed
from registry.client.sending import Sending
from registry.wire import CheckBody

MAX_REPORT_BYTES = 64 << 20
_PATH = "/v1/checks"
_LOOK_EVERY_S = 0.5
_SLOWEST_LOOK_S = 5.0
_PIECE_BYTES = 1 << 20
_ASKED = (HTTPStatus.OK, HTTPStatus.ACCEPTED)

Progress = Callable[[float, str], None]
"""Takes the share done of what is being done, and what that is; may raise to end it."""


class Checker:
    """Asks a registry what a clip is. ``under_way``: a folder of its own, see ``sending``.

    With a token the clip goes in parts, and what was sent is not sent again; without, in one body.
    """

    def __init__(self, connection: Connection, under_way: Path) -> None:
        self._connection = connection
        self._under_way = under_way

    def check(self, path: Path, *, budget: float | None = None, on_progress: Progress | None = None) -> Report:
        """Have a clip examined and wait for the report. Whatever ends the waiting takes the question back.

        Args:
            budget: seconds after which nothing more is begun; what the registry allows, if left out.

        Raises:
            MediaError: the file cannot be read.
            RegistryError: what the registry says, why it could not examine the clip, or it cannot be reached.
            ReportError: the report is none.
        """
        tell = on_progress or (lambda _share, _doing: None)
        asked = self._ask(path, {} if budget is None else {"budget": f"{budget:g}"}, tell)
        try:
            done = self._follow(asked, tell)
        except BaseException:
            with suppress(RegistryError):
                self.cancel(asked.id)
            raise
        if done.state is not State.DONE:
            raise _not_done(done)
        data = self._connection.content(f"{_PATH}/{done.id}/report.json", limit=MAX_REPORT_BYTES)
        try:
            report = read_report(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise _odd("a report in JSON", str(error)) from error
        sha256 = sha256_file(path)
        if report.clip.sha256 != sha256:
            raise _odd(f"a report on the clip {sha256}", f"one on {report.clip.sha256}")
        return report

    def cancel(self, check_id: str) -> None:
        """Take a check back, and its answer if there is one.

        Raises:
            RegistryError: there is none (``check.unknown``), or the registry cannot be reached.
        """
        self._connection.ask("DELETE", f"{_PATH}/{check_id}", (HTTPStatus.NO_CONTENT,))

    def _ask(self, path: Path, asked: dict[str, str], tell: Progress) -> CheckBody:
        if not self._connection.authenticated:
            with open_media(path) as opened:
                size = opened.size
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            pieces = _Pieces(path, lambda sent: tell(sent / size, "sending"))
            return _check(self._connection.ask("POST", _PATH, _ASKED, params=asked, headers=headers, content=pieces))
        sending = Sending(self._connection, path, self._under_way)
        upload = sending.send(lambda offset: tell(offset / sending.size, "sending"))
        answer = self._connection.ask("POST", _PATH, _ASKED, params=asked | {"upload": upload})
        sending.done()
        return _check(answer)

    def _follow(self, check: CheckBody, tell: Progress) -> CheckBody:
        """The check once it is over."""
        wait, tag = _LOOK_EVERY_S, ""
        while not check.state.over:
            ahead = f"waiting, {check.ahead} before it" if check.state is State.QUEUED else check.doing
            tell(check.share, ahead)
            self._connection.pause(wait)
            headers = {"If-None-Match": tag} if tag else {}
            expected = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
            answer = self._connection.ask("GET", f"{_PATH}/{check.id}", expected, headers=headers)
            if answer.status == HTTPStatus.NOT_MODIFIED:
                wait = min(2 * wait, _SLOWEST_LOOK_S)
            else:
                check, tag, wait = _check(answer), answer.headers.get("etag", ""), _LOOK_EVERY_S
        tell(1.0, "done")
        return check


class _Pieces:
    """A file in pieces, from its start whenever the request is tried again."""

    def __init__(self, path: Path, on_sent: Callable[[int], None]) -> None:
        self._path = path
        self._on_sent = on_sent

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        with self._path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                self._on_sent(sent)
                yield piece
                sent += len(piece)


def _check(answer: Answer) -> CheckBody:
    check = parsed(answer.content, CheckBody)
    if not check.id.replace("-", "").replace("_", "").isalnum() or not check.id.isascii():
        raise _odd("the id of a check", check.id)
    return check


def _not_done(check: CheckBody) -> ProvenanceError:
    if check.error is None:
        return RegistryError(
            "check.cancelled", "the check was taken back", found=check.state.value, hint="ask again with the clip"
        )
    said = {name: text[:500] for name, text in check.error.items() if text}
    return RegistryError(
        said.get("code", "check.failed")[:100],
        f"the registry could not examine the clip: {said.get('message', 'it says not why')}",
        expected=said.get("expected"),
        found=said.get("found"),
        hint=said.get("hint"),
    )


def _odd(expected: str, found: str) -> RegistryError:
    return RegistryError(
        "registry.answer", "the registry's answer cannot be used", expected=expected, found=found[:200]
    )
