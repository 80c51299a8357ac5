"""As much CBOR (RFC 8949) as a COSE signature needs, with bounds: definite lengths, small depth, no floats."""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 16
MAX_ITEMS = 4096


class CborError(ValueError):
    """The bytes are not the CBOR expected here."""


def decode(data: bytes) -> Any:
    """The one item that ``data`` holds. A tagged item is returned without its tag; bytes after it are an error.

    Raises:
        CborError: anything malformed, of indefinite length, too deep or too large.
    """
    decoder = _Decoder(data)
    value = decoder.item(0)
    if decoder.at != len(data):
        raise CborError("bytes after the item")
    return value


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise CborError("item goes past the end")
        piece, self.at = self.data[self.at : end], end
        return piece

    def item(self, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise CborError("nested too deep or too many items")
        head = self.take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        argument = self._argument(info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self.take(argument)
            case 3:
                return self.take(argument).decode("utf-8", errors="replace")
            case 4:
                return [self.item(depth + 1) for _ in range(self._count(argument))]
            case 5:
                return self._map(argument, depth)
        return self.item(depth + 1)  # major type 6: a tag

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CborError("indefinite length")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def _count(self, argument: int) -> int:
        if argument > MAX_ITEMS:
            raise CborError("too many items")
        return argument

    def _map(self, argument: int, depth: int) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for _ in range(self._count(argument)):
            key = self.item(depth + 1)
            if not isinstance(key, int | str) or key in result:
                raise CborError("a map key is repeated or of an unusual type")
            result[key] = self.item(depth + 1)
        return result

    def _simple(self, info: int) -> bool | None:
        if info in (20, 21):
            return info == 21
        if info in (22, 23):
            return None
        raise CborError("a float or an unusual simple value")
