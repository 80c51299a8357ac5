"""How often one asker may ask for what costs much; counted in this process's memory only, under hashes.

Routes add ``dependencies=[Depends(limited("checks"))]``; the names are the fields of ``provenance.settings.Rates``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request

from provenance.settings import Rates
from registry.server.auth import Asker
from registry.server.problems import HttpError

_MOST_ASKERS = 100_000
"""Buckets that are remembered; the one that was used least recently is forgotten first."""


class Limiter:
    """Token buckets: each holds what may be asked in a minute, and fills again over a minute. Safe between threads."""

    def __init__(self, rates: Rates, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._salt = secrets.token_bytes(32)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, asker: str) -> float:
        """Count one request; 0 where it may be answered, else the seconds until the next one may."""
        most: int = getattr(self._rates, name)
        if most == 0:
            return 0.0
        key = hashlib.blake2b(f"{name} {asker}".encode(), key=self._salt, digest_size=16).digest()
        with self._lock:
            now = self._clock()
            left, then = self._buckets.pop(key, (float(most), now))
            left = min(float(most), left + (now - then) * most / 60)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, now)
            if len(self._buckets) > _MOST_ASKERS:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / most


def limited(name: str) -> Callable[[Request, Asker], Awaitable[None]]:
    """A dependency that counts a request against its asker's share, by token or else by address.

    Raises:
        HttpError: 429 with ``Retry-After``.
    """
    if name not in Rates.model_fields:
        raise ValueError(f"no rate is named {name}")

    async def counted(request: Request, token: Asker) -> None:
        limiter: Limiter = request.app.state.limiter
        wait = limiter.take(name, f"token {token.token_id}" if token else f"address {_network(request)}")
        if wait > 0:
            seconds = math.ceil(wait)
            raise HttpError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "request.too_many",
                "you have asked for this too often",
                expected=f"at most {getattr(request.app.state.service.settings.server.rates, name)} in a minute",
                hint=f"ask again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    return counted


def _network(request: Request) -> str:
    """The address that asks; of version 6 the network, since one asker has all of its addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)
