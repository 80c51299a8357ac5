"""Fetching a file from an address that a stranger names, without becoming his way into our own network.

Every address that a name resolves to must be a public one, and the connection is made to the very address that was
checked: the name is not asked again, so that it cannot change in between. Redirects are new addresses to be checked.
No proxy, no cookie, no credential takes part.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from provenance import __version__
from provenance.errors import RegistryError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 16
MOST_URL = 2048
# They carry an address of version 4 that somebody's gateway would go to.
_CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public network: not private, loopback, link-local, multicast or reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or any(address in network for network in _CARRIERS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be fetched: at most so many bytes in so many seconds, from which addresses and ports."""

    max_bytes: int
    max_seconds: float
    allows: Callable[[Address], bool] = is_public
    ports: frozenset[int] | None = frozenset({80, 443})
    resolve: Callable[[str, int], list[Address]] = resolve


def fetch(url: str, target: Path, rules: Rules) -> None:
    """Write what an address answers with to a file.

    Raises:
        RegistryError: ``link.address``, ``link.refused``, ``link.redirects``, ``link.status``, ``link.too_large``,
            ``link.too_slow``, ``link.failed``.
    """
    ends = time.monotonic() + rules.max_seconds
    for _ in range(MOST_REDIRECTS + 1):
        moved = _fetch_one(url, target, rules, ends)
        if moved is None:
            return
        url = urljoin(url, moved)
    raise RegistryError("link.redirects", "the address leads on too often", expected=f"at most {MOST_REDIRECTS} times")


def _fetch_one(url: str, target: Path, rules: Rules, ends: float) -> str | None:
    """Where it leads on to, or None where it has answered."""
    secure, host, port, path = _parts(url, rules)
    try:
        addresses = rules.resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise _failed("its name is not known") from error
    if not addresses or not all(map(rules.allows, addresses)):
        raise RegistryError(
            "link.refused",
            "the address does not lead to the public network",
            hint="download the file and send it itself",
        )
    with _connected(secure, host, port, addresses, ends) as made:
        # However slowly it sends, byte by byte in headers too: then its socket is shut.
        alarm = threading.Timer(_left(ends), _shut, [made])
        alarm.daemon = True
        alarm.start()
        try:
            return _ask(made, _host(host, port), path, target, rules, ends)
        except (OSError, http.client.HTTPException, ValueError) as error:
            _left(ends)
            raise _failed(type(error).__name__) from error
        finally:
            alarm.cancel()


def _host(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port in _PORTS.values() else f"{shown}:{port}"


def _ask(made: socket.socket, host: str, path: str, target: Path, rules: Rules, ends: float) -> str | None:
    connection = http.client.HTTPConnection("unused.invalid")
    connection.sock = made
    headers = {"Host": host, "User-Agent": f"provenance-toolkit/{__version__}", "Accept": "*/*"}
    connection.request("GET", path, headers=headers)
    with connection.getresponse() as answer:
        if answer.status in _REDIRECTS and (location := answer.getheader("Location")):
            return location
        if answer.status != http.client.OK:
            raise RegistryError("link.status", "the address has no file", expected="200", found=str(answer.status))
        _save(answer, target, rules, ends)
    _left(ends)
    return None


def _parts(url: str, rules: Rules) -> tuple[bool, str, int, str]:
    """Whether it is https, host, port, and path with query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        plain = url.isascii() and url.isprintable() and " " not in url
    except ValueError as error:
        raise _unusable() from error
    if len(url) > MOST_URL or not plain or parts.scheme not in _PORTS or not host or parts.username is not None:
        raise _unusable()
    number = port if port is not None else _PORTS[parts.scheme]
    if rules.ports is not None and number not in rules.ports:
        raise _unusable()
    query = f"?{parts.query}" if parts.query else ""
    return parts.scheme == "https", host, number, (parts.path or "/") + query


def _connected(secure: bool, host: str, port: int, addresses: list[Address], ends: float) -> socket.socket:
    """A connection to the first of the checked addresses that answers; the name is only said, never asked."""
    for address in addresses:
        try:
            raw = socket.create_connection((str(address), port), timeout=_left(ends))
        except OSError:
            continue
        try:
            raw.settimeout(_left(ends))
            return ssl.create_default_context().wrap_socket(raw, server_hostname=host) if secure else raw
        except (OSError, ValueError) as error:
            raw.close()
            raise _failed(type(error).__name__) from error
    raise _failed("nothing answers there")


def _save(answer: http.client.HTTPResponse, target: Path, rules: Rules, ends: float) -> None:
    taken = 0
    with target.open("wb") as out:
        while piece := answer.read1(_CHUNK):
            taken += len(piece)
            if taken > rules.max_bytes:
                raise RegistryError(
                    "link.too_large", "the file is too large", expected=f"at most {rules.max_bytes} bytes"
                )
            _left(ends)
            out.write(piece)
    if answer.length:
        raise _failed("it broke off")


def _left(ends: float) -> float:
    """Seconds that are left.

    Raises:
        RegistryError: none (``link.too_slow``).
    """
    left = ends - time.monotonic()
    if left <= 0:
        raise RegistryError("link.too_slow", "the file did not arrive in time", hint="download it and send it itself")
    return left


def _shut(made: socket.socket) -> None:
    try:
        # Beneath TLS, which the thread that reads may be in the middle of.
        socket.socket.shutdown(made, socket.SHUT_RDWR)
    except OSError:
        return


def _unusable() -> RegistryError:
    return RegistryError(
        "link.address", "this address cannot be fetched", expected="https://HOST/PATH, without name or password in it"
    )


def _failed(found: str) -> RegistryError:
    return RegistryError("link.failed", "the file could not be fetched", found=found, hint="send the file itself")
