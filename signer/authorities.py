"""Time-stamp authorities: which, in what order, how long each may take, and what is done when none of them answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from provenance.assets import Stamp
from provenance.errors import CredentialError
from signer.timestamps import NoStampError, ask

MOST_S = 25.0
"""The library waits 30 s for an answer to one question (measured); what is not asked by then is asked for the next."""

_LEFT_ALONE_S = 30.0
"""A batch does not wait for a silent authority file after file: it is asked again after this time."""


class StampPolicy(StrEnum):
    """When no authority answers: fail; sign without and say so; or sign without, and again later (``restamp``)."""

    REQUIRE = "require"
    OPTIONAL = "optional"
    QUEUE = "queue"


@dataclass(slots=True)
class Authorities:
    """Authorities in the order in which they are asked. ``limit_s``: how long each may take, at most ``MOST_S``.

    One object for all that a process signs: it remembers who was silent.
    """

    urls: tuple[str, ...]
    policy: StampPolicy = StampPolicy.REQUIRE
    limit_s: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _silent: dict[str, tuple[float, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the addresses.

        Raises:
            CredentialError: ``sign.tsa_url``.
        """
        if not 0 < self.limit_s <= MOST_S:
            raise ValueError(self.limit_s)
        for url in self.urls:
            _check_address(url)

    def ask(self, url: str, query: bytes) -> bytes:
        """The answer of one authority, checked.

        Raises:
            NoStampError: why there is none.
        """
        since, words = self._silent.get(url, (None, ""))
        if since is not None and self.clock() < since + _LEFT_ALONE_S:
            raise NoStampError(f"not asked again yet: {words}", silent=True)
        try:
            answer = ask(url, query, self.limit_s)
        except NoStampError as error:
            if error.silent:
                self._silent[url] = (self.clock(), str(error))
            raise
        self._silent.pop(url, None)
        return answer


class Asking:
    """The asking for one signature: each authority once, in order, from where the last answer came."""

    def __init__(self, authorities: Authorities) -> None:
        self._authorities = authorities
        self._left = list(authorities.urls)
        self._failures: list[str] = []
        self.answered: str | None = None

    @property
    def left(self) -> bool:
        """Whether there are authorities that have not been asked yet."""
        return bool(self._left)

    def answer(self, query: bytes) -> bytes | None:
        """The first good answer; None where there is none, or where there was no time to ask all that are left."""
        self.answered = None
        clock, limit_s = self._authorities.clock, self._authorities.limit_s
        began = clock()
        while self._left and clock() - began <= MOST_S - limit_s:
            url = self._left.pop(0)
            try:
                answer = self._authorities.ask(url, query)
            except NoStampError as error:
                self._failures.append(f"{shown(url)}: {error}")
            else:
                self.answered = url
                return answer
        return None

    def refuse(self, words: str) -> None:
        """Note that the library did not take the last answer."""
        self._failures.append(f"{shown(self.answered or '')}: {words}")
        self.answered = None

    @property
    def stamp(self) -> Stamp:
        """What came of it."""
        return Stamp(shown(self.answered) if self.answered else None, tuple(self._failures))


def shown(url: str) -> str:
    """An address without what it may hold of secrets: name and password, and its query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def no_stamp(stamp: Stamp) -> CredentialError:
    """The error where a time stamp is required and nobody gave one."""
    return CredentialError(
        "sign.timestamp",
        "no time-stamp authority gave a usable answer",
        expected="an RFC 3161 time-stamp for this signature",
        found="; ".join(stamp.failures),
        hint="check address and network, name another with --tsa, or see --tsa-policy",
    )


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise CredentialError(
            "sign.tsa_url",
            "this is not the address of a time-stamp authority",
            expected="http://… or https://…",
            found=url[:200],
        )
