"""Registering at a registry elsewhere, and what an owner does with assets there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import httpx

from provenance.assets import asset_id_of
from provenance.credentials.values import Credential
from provenance.errors import LogError
from registry.client.connection import Connection, parsed
from registry.client.sending import Sending
from registry.log.notes import Verifier
from registry.log.receipts import Receipt, read_receipt, require_logged, require_same_event
from registry.register import Registered
from registry.wire import Registration

_REGISTERING = httpx.Timeout(3 * 3600, connect=15.0)
"""The registry decodes the footage before it answers."""


class Publisher:
    """Acts for the organisation of the connection's token.

    ``under_way``: a folder of its own, see ``sending``. ``log_key``: gives the key of the registry's log once something
    was registered, see ``log.watching.key_of``.
    """

    def __init__(self, connection: Connection, under_way: Path, log_key: Callable[[], Verifier]) -> None:
        self._connection = connection
        self._under_way = under_way
        self._log_key = log_key

    def register(
        self,
        files: Mapping[str, Path | None],
        credential: Credential,
        embargoed: bool = False,
        embargoed_until: datetime | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Registered:
        """Send files and register them; the receipt is checked.

        Args:
            files: by what they are: ``upload`` (the signed file), ``sidecar`` and ``reference``; or ``manifest`` and
                ``reference`` of a file that is kept. None: there is none.
            credential: of the signed file, as it was read here.
            on_progress: is told the share that was sent, and may raise to end it; what was sent is not sent again.

        Raises:
            MediaError: a file cannot be read.
            RegistryError: what the registry says, or it cannot be reached.
            LogError: it was registered, and the receipt is not that of this registration, or does not hold.
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
        receipt = self._checked(done, credential) if done.receipt else None
        return Registered(done.asset_id, done.created, receipt, tuple(done.same_picture_as))

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

    def _checked(self, done: Registration, credential: Credential) -> Receipt:
        """The receipt of a registration, which must be of this file and hold."""
        asset_id = asset_id_of(credential.manifest_label or "", credential.hard_binding or "")
        # One that was registered before may have come with another padding of the same manifest.
        manifest = hashlib.sha256(credential.manifest or b"").hexdigest() if done.created else None
        try:
            receipt = read_receipt(done.receipt.model_dump() if done.receipt else None)
            entry, _ = require_logged(receipt, self._log_key())
            require_same_event(entry, asset_id, 1, "registered", manifest=manifest)
        except LogError as error:
            raise LogError(
                error.code,
                f"the registry says that it has registered {done.asset_id[:40]}, but its receipt does not show that: "
                f"{error.message}",
                expected=error.expected,
                found=error.found,
                hint="ask the registry's operator by another way; do not rely on the registration",
            ) from error
        return receipt

    def _change(self, asset_id: str, verb: str, body: dict[str, str]) -> None:
        path = f"/v1/assets/{quote(asset_id, safe='')}/{verb}"
        self._connection.ask("POST", path, (HTTPStatus.NO_CONTENT,), json=body)
