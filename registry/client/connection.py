"""Requests to a registry: bounded in time and size, tried again where it is busy, and never led elsewhere."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from provenance import __version__
from provenance.errors import RegistryError

MAX_ANSWER_BYTES = 64 << 20
MAX_ATTEMPTS = 5
MAX_WAIT_S = 30.0
MAX_SECONDS = 1800.0
"""Time for one answer, however slowly it comes."""
_TIMEOUT = httpx.Timeout(120.0, connect=15.0)
_BUSY = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
_MAX_PROBLEM = 64 << 10
_MAX_TEXT = 500

Model = TypeVar("Model", bound=BaseModel)
Parameters = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connection:
    """A registry by its address. A context manager. ``authenticated``: it is asked with a token.

    ``sleep`` and ``transport`` are for tests.

    Raises:
        RegistryError: the address cannot be used (``registry.address``).
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = _checked(address, secret=token is not None)
        self.authenticated = token is not None
        headers = {"User-Agent": f"provenance-toolkit/{__version__}", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._sleep = sleep
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT, follow_redirects=False, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, model: type[Model], parameters: Parameters | None = None) -> Model:
        """The JSON answer to a GET as a model.

        Raises:
            RegistryError: what the registry says, or ``registry.unreachable``, ``registry.answer``.
        """
        return parsed(self.content(path, parameters), model)

    def post(self, path: str, body: BaseModel, model: type[Model]) -> Model:
        """The JSON answer to a POST as a model. Raises as ``get``."""
        data = body.model_dump_json().encode()
        with self._answered("POST", path, content=data, headers={"Content-Type": "application/json"}) as answer:
            return parsed(_whole(answer, MAX_ANSWER_BYTES), model)

    def content(self, path: str, parameters: Parameters | None = None, limit: int = MAX_ANSWER_BYTES) -> bytes:
        """The bytes that a GET answers with. Raises as ``get``."""
        with self._answered("GET", path, params=parameters) as answer:
            return _whole(answer, limit)

    @contextmanager
    def pieces(self, path: str, limit: int) -> Iterator[Iterator[bytes]]:
        """The answer to a GET in pieces. Raises as ``get``."""
        with self._answered("GET", path) as answer:
            yield _bounded(answer, limit)

    def ask(self, method: str, path: str, expected: Collection[int], **options: Any) -> Answer:
        """The answer to any request, which must have one of these statuses; ``options`` as httpx has them.

        Raises:
            RegistryError: what the registry says, or ``registry.unreachable``, ``registry.answer``.
        """
        with self._answered(method, path, expected, **options) as answer:
            return Answer(answer.status_code, answer.headers, _whole(answer, MAX_ANSWER_BYTES))

    def pause(self, seconds: float) -> None:
        """Wait before something is tried again."""
        self._sleep(seconds)

    @contextmanager
    def _answered(
        self, method: str, path: str, expected: Collection[int] = (HTTPStatus.OK,), **options: Any
    ) -> Iterator[httpx.Response]:
        """An answer of an expected status, of which nothing is read yet."""
        request = self._client.build_request(method, f"{self.address}{path}", **options)
        try:
            answer = self._sent(request)
            try:
                if answer.status_code not in expected:
                    raise self._refusal(answer)
                yield answer
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise RegistryError(
                "registry.unreachable",
                f"the registry {self.address} cannot be reached",
                expected="an answer",
                found=str(error)[:_MAX_TEXT] or type(error).__name__,
                hint="check the address and the network, and try again",
            ) from error

    def _sent(self, request: httpx.Request) -> httpx.Response:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            answer = self._client.send(request, stream=True)
            if answer.status_code not in _BUSY or attempt == MAX_ATTEMPTS:
                break
            answer.close()
            self._sleep(_wait(answer.headers.get("retry-after", ""), attempt))
        return answer

    def _refusal(self, answer: httpx.Response) -> RegistryError:
        """The registry's own error; or that this is no registry, or that it sends us elsewhere."""
        if answer.is_redirect:
            return RegistryError(
                "registry.redirect",
                f"the registry {self.address} sends us elsewhere",
                expected="the registry itself at the address given",
                found=answer.headers.get("location", "")[:_MAX_TEXT],
                hint="give the address that it has now, if you trust it",
            )
        try:
            told = httpx.Response(200, content=_whole(answer, _MAX_PROBLEM)).json()
            code, detail = str(told["code"]), str(told["detail"])
        except (ValueError, KeyError, TypeError, RegistryError):
            return RegistryError(
                "registry.answer",
                f"{self.address} does not answer as a registry does",
                expected="a registry served by `provenance serve`",
                found=f"status {answer.status_code}",
                hint="check the address",
            )
        texts = {
            name: told[name][:_MAX_TEXT] for name in ("expected", "found", "hint") if isinstance(told.get(name), str)
        }
        return RegistryError(code[:100], f"the registry says: {detail[:_MAX_TEXT]}", **texts)


def _checked(address: str, *, secret: bool) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname
        port = parts.port
    except ValueError:
        host, port = None, None
    plain = host is not None and parts.scheme == "http"
    if host is None or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise RegistryError(
            "registry.address",
            "this is no address of a registry",
            expected="https://HOST or http://HOST:PORT, without name and password",
            hint="correct --registry or the setting registry_url",
        )
    if plain and secret and not is_this_machine(host):
        raise RegistryError(
            "registry.insecure",
            "a token is not sent over a connection that anybody can read",
            expected="https",
            found=f"http://{host}" + (f":{port}" if port else ""),
            hint="give the address with https, or ask without a token",
        )
    return address.rstrip("/")


def is_this_machine(host: str) -> bool:
    """Whether what is sent to this host stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wait(retry_after: str, attempt: int) -> float:
    asked = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else float(2**attempt)
    return min(asked, MAX_WAIT_S)


def _bounded(answer: httpx.Response, limit: int) -> Iterator[bytes]:
    if answer.headers.get("content-encoding", "identity") != "identity":
        # Nobody asked for it, and what it grows to could not be bounded.
        raise _odd("an answer that is not compressed", "a compressed one")
    taken, began = 0, time.monotonic()
    for piece in answer.iter_raw():
        taken += len(piece)
        if taken > limit:
            raise _odd(f"at most {limit} bytes", "more")
        if time.monotonic() - began > MAX_SECONDS:
            raise _odd(f"an answer within {MAX_SECONDS:.0f} seconds", "one that is not at its end")
        yield piece


def _whole(answer: httpx.Response, limit: int) -> bytes:
    return b"".join(_bounded(answer, limit))


def parsed(data: bytes, model: type[Model]) -> Model:
    """An answer's JSON as a model.

    Raises:
        RegistryError: it is another (``registry.answer``).
    """
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _odd("an answer as the API describes it", f"{where}: {first['msg']}"[:_MAX_TEXT]) from error


def _odd(expected: str, found: str) -> RegistryError:
    return RegistryError(
        "registry.answer",
        "the registry's answer cannot be used",
        expected=expected,
        found=found,
        hint="ask the registry's operator which version it runs",
    )
