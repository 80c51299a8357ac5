"""A fence around every process that parses foreign media.

The child has no network, bounded memory, processor time and output, no privileges to gain, an empty environment, and
its input as one open descriptor. What cannot be had on this machine is said, and ``require_sandbox`` refuses to go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from provenance.errors import MediaError, SandboxError
from provenance.media.values import Limits

_LAUNCHER = Path(__file__).with_name("launcher.py")
_STDERR_KEPT = 16_384
_PIPE_BYTES = 1 << 20
# Secrets may sit in the parent's environment; a decoder needs none of it. Fewer arenas keep its address space small.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "MALLOC_ARENA_MAX": "2"}

OPEN_NOTE = "the decoder ran without a network namespace: this system allows none"


@dataclass(frozen=True, slots=True)
class FenceReport:
    """Whether a child was kept in, and the note for the report where it was not."""

    fenced: bool
    note: str | None


class FencedProcess:
    """A running fenced child. Made by ``fenced``, which also ends it."""

    def __init__(self, process: subprocess.Popen[bytes], report: FenceReport, timeout_s: float) -> None:
        self.report = report
        self._process = process
        self._errors = bytearray()
        self._timed_out = False
        self._timeout_s = timeout_s
        self._timer = threading.Timer(timeout_s, self._expire)
        self._timer.daemon = True
        self._timer.start()
        self._drain = threading.Thread(target=self._drain_errors, daemon=True)
        self._drain.start()

    @property
    def stdout(self) -> IO[bytes]:
        """The child's raw output."""
        if self._process.stdout is None:
            raise RuntimeError("the child was started without an output pipe")
        return self._process.stdout

    def answer(self, bound: int) -> bytes:
        """All it prints, up to ``bound`` bytes; more than that is cut."""
        kept = bytearray()
        while len(kept) < bound and (chunk := self.stdout.read(bound - len(kept))):
            kept += chunk
        return bytes(kept)

    def finish(self) -> int:
        """Wait for the child to end by itself and return its exit code (negative: the signal that killed it).

        Raises:
            MediaError: ``media.timeout``, it ran out of wall-clock time.
        """
        code = self._process.wait()
        self._drain.join()
        if self._timed_out:
            raise MediaError(
                "media.timeout",
                "decoding took too long and was stopped",
                expected=f"at most {self._timeout_s:g} s",
                hint="cut the file, or raise limits.decode_timeout_s in the settings",
            )
        return code

    @property
    def errors(self) -> str:
        """The last of what the child said on stderr: foreign text, for the log and for hints only."""
        return self._errors.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Kill the child and its children if they still run, and release everything."""
        self._timer.cancel()
        _kill(self._process)
        self._process.wait()
        self._drain.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _expire(self) -> None:
        self._timed_out = True
        _kill(self._process)

    def _drain_errors(self) -> None:
        stream = self._process.stderr
        while stream is not None and (chunk := os.read(stream.fileno(), 8192)):
            self._errors += chunk
            del self._errors[:-_STDERR_KEPT]


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The group lives as long as its unreaped leader, so the id cannot have passed to another.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def fenced(
    command: Sequence[str | Path],
    *,
    limits: Limits,
    require_sandbox: bool = False,
    fds: Sequence[int] = (),
    cwd: Path | None = None,
    imports: Sequence[Path] = (),
) -> Iterator[FencedProcess]:
    """Run a program fenced off; on leaving the block, however that comes about, it and its children are dead.

    ``fds`` (regular files) are the only descriptors it inherits besides stdin (nothing), stdout (a pipe to here)
    and stderr. With ``imports``, folders of packages, the program is a Python script that needs those.

    Raises:
        SandboxError: ``sandbox.unavailable``, it cannot be fenced and ``require_sandbox`` is set.
    """
    for fd in fds:
        # Children share the descriptor's offset: an earlier one has left it somewhere.
        os.lseek(fd, 0, os.SEEK_SET)
    reader, writer = os.pipe()
    bounds = [number for pair in _resource_limits(limits) for number in pair]
    spec = " ".join(map(str, (os.getpid(), writer, int(require_sandbox), *bounds)))
    try:
        process = subprocess.Popen(  # noqa: S603  (no shell; the program is ours, the arguments are numbers and fixed names)
            [sys.executable, "-I", "-S", _LAUNCHER, spec, ":".join(map(str, imports)), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_ENVIRONMENT,
            cwd=cwd,
            pass_fds=[*fds, writer],
            start_new_session=True,
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    child: FencedProcess | None = None
    try:
        said = os.read(reader, 1)
        if process.stdout is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        report = FenceReport(said == b"f", None if said == b"f" else OPEN_NOTE)
        child = FencedProcess(process, report, limits.decode_timeout_s)
        if said != b"f" and require_sandbox:
            raise SandboxError(
                "sandbox.unavailable",
                "the decoder cannot be fenced off on this system",
                expected="user or network namespaces",
                found="neither",
                hint="allow unprivileged user namespaces, or turn require_sandbox off to go on without",
            )
        yield child
    finally:
        os.close(reader)
        if child is not None:
            child.close()
        else:
            # Cancelled before it was handed on: nobody else will end it.
            _kill(process)
            process.communicate()


def _resource_limits(limits: Limits) -> list[tuple[int, int]]:
    return [
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.decode_timeout_s * (os.cpu_count() or 1)),
        (resource.RLIMIT_FSIZE, limits.max_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ]
