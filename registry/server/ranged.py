"""Parts of a stored file, as players ask for them when somebody jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import BinaryIO

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from registry.server import etags
from registry.server.problems import HttpError

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def ranged(
    request: Request, file: BinaryIO, size: int, media_type: str, etag: str, caching: str = etags.PRIVATE
) -> Response:
    """The file, or the one range of it that is asked for; several ranges get the whole. The file is closed in the end.

    ``etag``: without quotes. ``caching``: who may keep the answer; nobody but the browser if left out.

    Raises:
        HttpError: 416 where the range lies outside the file.
    """
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{etag}"', "Cache-Control": caching}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        file.close()
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    start, end = 0, size
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    status = HTTPStatus.OK
    if asked and any(asked.groups()) and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        start, end = _stretch(asked[1], asked[2], size)
        if start >= end:
            file.close()
            raise HttpError(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                "request.range",
                "there is no such part of the file",
                expected=f"bytes within 0-{size - 1}",
                found=asked[0],
                headers={"Accept-Ranges": "bytes", "Content-Range": f"bytes */{size}"},
            )
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(_pieces(file, start, end), status, headers, media_type)


def _stretch(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and end (exclusive) of what is asked for; nothing where it lies outside the file."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(_CHUNK, end - start))):
            start += len(piece)
            yield piece
