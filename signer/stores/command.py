"""``command:PROGRAM ARGUMENTS``: a program of the newsroom's own that signs what it reads from stdin.

It is given the bytes to sign, not a digest, and in ``PROVENANCE_ALGORITHM`` how. It answers on stdout with the
signature alone, and with exit code 0.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import IO

from cryptography import x509

from provenance.child_environment import child_environment
from provenance.errors import KeyFileError
from signer.key_stores import Held, Secret, unusable_uri

TIMEOUT_S = 60.0
"""Long enough for a person to touch a token, short enough to be noticed."""

_MAX_SIGNATURE = 4096
_SHOWN = 400
_CHUNK = 4096


class CommandStore:
    """Has programs sign."""

    def secret(self, uri: str) -> Secret | None:
        """None: where the program takes its own secrets from is its own affair."""
        _words(uri)
        return None

    def open(self, held: Held, secret: str | None) -> CommandKey:  # noqa: ARG002  (the port's signature)
        """Find the program.

        Raises:
            KeyFileError: ``keys.command_missing``.
        """
        program, *arguments = _words(held.uri)
        found = shutil.which(program)
        if found is None:
            raise KeyFileError(
                "keys.command_missing",
                f"the program that should sign is not there: {program}",
                expected="a program that may be executed",
                found="none of that name",
                hint="name it by its absolute path",
            )
        return CommandKey(held.name, held.algorithm, held.chain, (os.path.abspath(found), *arguments))  # noqa: PTH100


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A key behind a program. It gets none of our own secrets: no PROVENANCE_* variable but the algorithm."""

    name: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]
    command: tuple[str, ...]
    timeout_s: float = TIMEOUT_S

    def sign(self, data: bytes) -> bytes:
        """Run the program once.

        Raises:
            KeyFileError: ``keys.command``: it failed, took too long, or answered nothing or too much.
        """
        environment = child_environment(lambda name: name.startswith("PROVENANCE_"))
        environment["PROVENANCE_ALGORITHM"] = self.algorithm
        deadline = time.monotonic() + self.timeout_s
        # A file, not a pipe: a program that answers without reading it all blocks nobody.
        with tempfile.TemporaryFile() as given:
            given.write(data)
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  (the program that the newsroom chose, without a shell)
                    self.command,
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                    process_group=0,
                )
            except OSError as error:
                raise self._failed("a program that can be started", error.strerror or "", b"") from error
        with process:
            said = bytearray()
            try:
                signature = _answer(process, said, deadline)
                too_much = len(signature) > _MAX_SIGNATURE
                code = 0 if too_much else process.wait(max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired as error:
                raise self._failed(f"an answer within {self.timeout_s:g} s", "none", said) from error
            finally:
                # What it started and left behind goes, too; Ctrl-C ends up here as well.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            _rest(process.stderr, said)
        if code != 0:
            raise self._failed("exit code 0", f"exit code {code}", said)
        if too_much or not signature:
            found = "more" if signature else "nothing"
            raise self._failed(f"a signature of at most {_MAX_SIGNATURE} bytes on stdout", found, said)
        return signature

    def _failed(self, expected: str, found: str, said: bytes | bytearray) -> KeyFileError:
        words = said.decode("utf-8", errors="replace").strip()
        return KeyFileError(
            "keys.command",
            f"{self.command[0]} did not sign for the key {self.name}",
            expected=expected,
            found=f"{found}; it said: {words}" if words else found,
            hint="try the program by hand: bytes on stdin, the signature on stdout",
        )


def _words(uri: str) -> list[str]:
    try:
        words = shlex.split(uri.partition(":")[2])
    except ValueError as error:
        raise unusable_uri("command:PROGRAM ARGUMENTS, quoted as in a shell", f"{error}") from error
    if not words or not words[0]:
        raise unusable_uri("command:PROGRAM ARGUMENTS", "no program")
    return words


def _answer(process: subprocess.Popen[bytes], said: bytearray, deadline: float) -> bytes:
    """What it writes to stdout until it closes that, or has written too much; the beginning of stderr goes to ``said``.

    Raises:
        subprocess.TimeoutExpired: it did neither in time.
    """
    answer = bytearray()
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
        while len(answer) <= _MAX_SIGNATURE:
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in selector.select(left):
                data = os.read(key.fd, _CHUNK)
                if key.fileobj is process.stdout:
                    answer += data
                    if not data:
                        return bytes(answer)
                else:
                    said += data[: _SHOWN - len(said)]
                    if not data:
                        selector.unregister(key.fileobj)
    return bytes(answer)


def _rest(stderr: IO[bytes] | None, said: bytearray) -> None:
    """What it said last, and nobody had read when it ended."""
    if stderr is not None:
        os.set_blocking(stderr.fileno(), False)
        said += (stderr.read(_SHOWN - len(said)) or b"") if len(said) < _SHOWN else b""
