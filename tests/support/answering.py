"""Test processes that read an order a line and answer each with a line: imports are paid for once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Ask = Callable[[Mapping[str, object]], str]


@contextmanager
def answering(script: Path, **environment: str) -> Iterator[Ask]:
    """Run a script of that kind; ``ask`` sends it an order as JSON and waits for the answer."""
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(order: Mapping[str, object]) -> str:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return stdout.readline().strip()

        yield ask
        stdin.close()
    assert process.returncode == 0
