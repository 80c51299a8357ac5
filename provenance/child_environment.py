"""The environment of programs that we start."""

from __future__ import annotations

import os
from collections.abc import Callable

_LIBRARIES = "LD_LIBRARY_PATH"


def child_environment(hidden: Callable[[str], bool] = lambda _: False) -> dict[str, str]:
    """Ours, without the variables that are ``hidden`` by their names, and with no libraries from the working folder.

    OpenCV's loader puts its folder in front of an empty list of libraries, and what it leaves behind, "FOLDER:", means
    the working folder as well: there, a folder of footage could bring a libz.so.1 of its own into our children.
    """
    environment = {name: value for name, value in os.environ.items() if not hidden(name)}
    if _LIBRARIES in environment:
        folders = [folder for folder in environment[_LIBRARIES].split(":") if folder]
        environment[_LIBRARIES] = ":".join(folders)
        if not folders:
            del environment[_LIBRARIES]
    return environment
