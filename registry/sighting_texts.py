"""What people write into a sighting, taken in: bounded, and free of what would steer a terminal or a page."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit, urlunsplit

from provenance.console import safe
from provenance.errors import RegistryError

MAX_ADDRESS = 2048
MAX_TEXT = 2000
"""Characters of a note, and of an answer's words."""

_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\.?")
_CHECK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# What may stand in a path or query as it is; all else is written as %XX, quotes and angle brackets too.
_UNQUOTED = "/%:@!$&()*+,;=-._~?"


def require_address(text: str) -> str:
    """The address in ASCII and one way of writing it, so that the same address is the same text. Never fetched.

    Raises:
        RegistryError: ``sighting.address``: it is no public http or https address, holds a user's name or is too long.
    """
    given = text.strip()
    if not given or len(given) > MAX_ADDRESS or "\\" in given or not given.isprintable():
        raise _bad_address(given)
    try:
        parts = urlsplit(given)
        host, port = _host(parts.hostname or ""), parts.port
        path, query, fragment = (
            quote(part, safe=_UNQUOTED) for part in (parts.path or "/", parts.query, parts.fragment)
        )
    except ValueError as error:
        raise _bad_address(given) from error
    if parts.scheme not in _DEFAULT_PORTS or parts.username is not None or parts.password is not None:
        raise _bad_address(given)
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    address = urlunsplit((parts.scheme, place, path, query, fragment))
    if len(address) > MAX_ADDRESS:
        raise _bad_address(given)
    return address


def require_text(text: str, what: str) -> str:
    """The text with control and direction characters spelled out; ``what`` it is, for the message.

    Raises:
        RegistryError: it is too long (``sighting.text``).
    """
    given = text.replace("\r\n", "\n").strip()
    if len(given) > MAX_TEXT:
        raise RegistryError(
            "sighting.text",
            f"{what} is too long",
            expected=f"up to {MAX_TEXT} characters",
            found=f"{len(given)} characters",
            hint="say it shorter",
        )
    # Every character may become ten.
    return safe(given, lines=True, limit=MAX_TEXT)


def require_check_id(check_id: str | None) -> str | None:
    """The id of a check, or None where none is given.

    Raises:
        RegistryError: it cannot be one (``sighting.check``).
    """
    if not check_id:
        return None
    if not _CHECK.fullmatch(check_id):
        raise RegistryError(
            "sighting.check",
            "this cannot be the id of a check",
            expected="up to 64 letters, digits, - and _",
            found=check_id[:64],
            hint="copy it from the report's address, or leave it out",
        )
    return check_id


def _host(name: str) -> str:
    """The host in ASCII, so that letters that look alike are told apart; ValueError where it is not a public one."""
    try:
        literal = ipaddress.ip_address(name)
    except ValueError:
        host = name.encode("idna").decode("ascii").lower()
        # A last label of digits is an address in disguise: 127.1 or 0x7f.1.
        if not _NAME.fullmatch(host) or re.fullmatch(r"(\d+|0x[0-9a-f]*)", host.rstrip(".").rsplit(".", 1)[-1]):
            raise ValueError(name) from None
        return host
    if not literal.is_global:
        raise ValueError(name)
    return f"[{literal}]" if literal.version == 6 else str(literal)


def _bad_address(given: str) -> RegistryError:
    return RegistryError(
        "sighting.address",
        "this is not the address of a page or file on the web",
        expected=f"http:// or https://, a public host, no user name, up to {MAX_ADDRESS} characters",
        found=given[:200] or "nothing",
        hint="copy it from the browser's address bar",
    )
