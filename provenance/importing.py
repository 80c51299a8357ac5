"""Importing what stays until the program ends, without looking for garbage in it.

Of the time that a command takes to import, a third goes into searching for garbage what holds none: while it is
imported, and once more when the program ends.

``python -P -m provenance.importing MODULE ARGUMENT…`` imports one of our programs so, and calls its ``main`` with the
arguments.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def imports_that_stay() -> Iterator[None]:
    """Collect no garbage in the block, which imports, and never look into what is there after it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        # What is imported later is looked into now and then, but not once more at the end.
        atexit.register(gc.freeze)


if __name__ == "__main__":
    with imports_that_stay():
        program = import_module(sys.argv[1])
    program.main(sys.argv[2:])
