"""Places for files that fsspec reaches: folders, buckets. What its libraries raise comes out as OSErrors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec

_FOREIGN = ("botocore.", "aiobotocore.", "aiohttp.")
"""Where errors come from that s3fs hands on as they are: no credentials, nobody listens, the line was cut."""


def open_place(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path on it without a slash at its end.

    Raises:
        ImportError, ValueError: there is no such kind, or its package is not installed.
    """
    files, root = fsspec.core.url_to_fs(address)
    return files, str(root).rstrip("/")


@contextmanager
def place_errors() -> Iterator[None]:
    """Around whatever is done with files there.

    Raises:
        OSError: in place of what another library raised.
    """
    try:
        yield
    except Exception as error:
        if f"{type(error).__module__}.".startswith(_FOREIGN):
            raise OSError(str(error)) from error
        raise
