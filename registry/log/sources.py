"""Where a log is read from: the one method that an auditor needs, and a registry elsewhere that answers it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import httpx

from provenance import __version__
from provenance.errors import LogError, RegistryError
from registry.log.leaves import MAX_LEAF_BYTES
from registry.log.merkle import TILE_WIDTH

MAX_RESOURCE_BYTES = TILE_WIDTH * (MAX_LEAF_BYTES + 2)
"""The largest is a bundle of entries."""
_TIMEOUT_S = 10.0
_DEADLINE_S = 60.0
"""For one resource, however slowly it drips."""
_MAX_ATTEMPTS = 5
_MAX_WAIT_S = 30


class LogSource(Protocol):
    """Read access to a log."""

    def read(self, path: str) -> bytes | None:
        """A resource by its name (see ``paths``); None where there is none.

        Raises:
            RegistryError: the log cannot be asked now.
        """
        ...


class HttpLog:
    """The log of a registry that is served: ``address`` is the registry's, its log is below ``/log/``."""

    def __init__(self, address: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Nothing is asked yet. ``sleep`` is for tests.

        Raises:
            RegistryError: it is no address that can be asked (``log.address``).
        """
        try:
            url = httpx.URL(address)
            usable = url.scheme in ("http", "https") and url.host and not url.userinfo and not url.query
        except (httpx.InvalidURL, TypeError):
            usable = False
        if not usable:
            # A password in an address would end up in messages and in the state file: not repeated here either.
            raise RegistryError(
                "log.address",
                "this is not the address of a registry",
                expected="http(s)://host/ without user, password or query",
                hint="leave it out to check the registry of this home",
            )
        self.address = str(url).rstrip("/").removesuffix("/log")
        self._sleep = sleep
        self._client = httpx.Client(
            timeout=_TIMEOUT_S,
            follow_redirects=False,
            # Not compressed: a small answer could become a large one.
            headers={"User-Agent": f"provenance/{__version__}", "Accept-Encoding": "identity"},
        )

    def read(self, path: str) -> bytes | None:
        """See ``LogSource.read``. Where the registry asks for patience, it is asked again."""
        for _ in range(_MAX_ATTEMPTS - 1):
            wait, data = self._read(path)
            if wait is None:
                return data
            self._sleep(wait)
        return self._read(path, last=True)[1]

    def _read(self, path: str, *, last: bool = False) -> tuple[int | None, bytes | None]:
        """The seconds to wait before it may be asked again, else None; and the resource."""
        try:
            with self._client.stream("GET", f"{self.address}/log/{path}") as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return None, None
                if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and not last:
                    asked = answer.headers.get("retry-after", "")[:6]
                    return min(int(asked), _MAX_WAIT_S) if asked.isascii() and asked.isdigit() else 1, None
                if answer.status_code != httpx.codes.OK or "content-encoding" in answer.headers:
                    raise self._unreachable(f"{answer.status_code} {answer.reason_phrase} for {path}"[:200])
                return None, _bounded(answer, path)
        except httpx.HTTPError as error:
            raise self._unreachable(str(error) or type(error).__name__) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def _unreachable(self, found: str) -> RegistryError:
        return RegistryError(
            "log.unreachable",
            f"the log of {self.address} cannot be read now",
            expected="an answer of a registry",
            found=found,
            hint="check the address and the network, and try again",
        )


def _bounded(answer: httpx.Response, path: str) -> bytes:
    until = time.monotonic() + _DEADLINE_S
    data = bytearray()
    for piece in answer.iter_raw(chunk_size=1 << 16):
        data += piece
        if len(data) > MAX_RESOURCE_BYTES:
            raise LogError(
                "log.format",
                f"{path} of the log is larger than it can be",
                expected=f"at most {MAX_RESOURCE_BYTES} bytes",
                hint="check that the address is that of a registry",
            )
        if time.monotonic() > until:
            raise httpx.ReadTimeout(f"{path} was not complete within {_DEADLINE_S:g} seconds")
    return bytes(data)
