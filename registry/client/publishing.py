"""Registering at a registry elsewhere, and what an owner does with assets there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import httpx

from registry.client.connection import Connection, parsed
from registry.client.sending import Sending
from registry.register import Registered
from registry.wire import Registration

_REGISTERING = httpx.Timeout(3 * 3600, connect=15.0)
"""The registry decodes the footage before it answers."""


class Publisher:
    """Acts for the organisation of the connection's token. ``under_way``: a folder of its own, see ``sending``."""

    def __init__(self, connection: Connection, under_way: Path) -> None:
        self._connection = connection
        self._under_way = under_way

    def register(
        self,
        files: Mapping[str, Path | None],
        embargoed: bool = False,
        embargoed_until: datetime | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Registered:
        """Send files and register them.

        Args:
            files: by what they are: ``upload`` (the signed file), ``sidecar`` and ``reference``; or ``manifest`` and
                ``reference`` of a file that is kept. None: there is none.
            on_progress: is told the share that was sent, and may raise to end it; what was sent is not sent again.

        Raises:
            MediaError: a file cannot be read.
            RegistryError: what the registry says, or it cannot be reached.
        """
        sendings = {
            name: Sending(self._connection, file, self._under_way) for name, file in files.items() if file is not None
        }
        total, before = sum(sending.size for sending in sendings.values()), 0
        order: dict[str, str] = {}
        for name, sending in sendings.items():

            def advance(offset: int, before: int = before) -> None:
                if on_progress is not None:
                    on_progress((before + offset) / total)

            order[name] = sending.send(advance)
            before += sending.size
        if embargoed:
            order["embargo"] = "true"
        if embargoed_until is not None:
            order["embargo_until"] = embargoed_until.astimezone(UTC).isoformat()
        statuses = (HTTPStatus.OK, HTTPStatus.CREATED)
        answer = self._connection.ask("POST", "/v1/assets", statuses, params=order, timeout=_REGISTERING)
        done = parsed(answer.content, Registration)
        for sending in sendings.values():
            sending.done()
        return Registered(done.asset_id, done.created)

    def withdraw(self, asset_id: str, reason: str) -> None:
        """Take an asset out of searches for good.

        Raises:
            RegistryError: what the registry says, or it cannot be reached.
        """
        self._change(asset_id, "withdraw", {"reason": reason})

    def release(self, asset_id: str) -> None:
        """End an asset's embargo. Raises as ``withdraw``."""
        self._change(asset_id, "release", {})

    def supersede(self, old_id: str, new_id: str) -> None:
        """Say that one asset replaces another. Raises as ``withdraw``."""
        self._change(old_id, "supersede", {"by": new_id})

    def _change(self, asset_id: str, verb: str, body: dict[str, str]) -> None:
        path = f"/v1/assets/{quote(asset_id, safe='')}/{verb}"
        self._connection.ask("POST", path, (HTTPStatus.NO_CONTENT,), json=body)
