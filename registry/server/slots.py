"""So many at a time and no more, of what costs memory or a processor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from registry.server.problems import HttpError

RETRY_AFTER_S = 5


class Slots:
    """Places for requests. One that finds none within ``wait_s`` is told to come again."""

    def __init__(self, count: int, wait_s: float) -> None:
        self._free = asyncio.Semaphore(count)
        self._wait_s = wait_s

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place for the time of the block.

        Raises:
            HttpError: 503 with ``Retry-After``, all are taken (``server.busy``).
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise HttpError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "server.busy",
                "the server works on as many of these as it can",
                hint=f"ask again in {RETRY_AFTER_S} seconds",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            ) from error
        try:
            yield
        finally:
            self._free.release()
