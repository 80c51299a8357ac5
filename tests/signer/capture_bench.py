"""What the tests of recordings share: a small stream, a server that sends it live, and the real command."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from support.media import ffmpeg

from provenance.cli import main

LIMIT_S = 120
RATE = 25
KEY_EVERY_S = 0.4


def make_stream(path: Path, seconds: float = 8, *, sound: bool = False) -> Path:
    """MPEG-TS of small moving pictures with B-frames, a key picture every 0.4 s."""
    sounds = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:a", "aac") if sound else ()
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=160x120:rate={RATE}:duration={seconds}", *sounds,
           "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", str(int(RATE * KEY_EVERY_S)),
           "-muxdelay", "0", "-f", "mpegts", path)  # fmt: skip
    return path


@dataclass(frozen=True, slots=True)
class Studio:
    """A home and a folder, and ``provenance capture`` run on them."""

    home: Path
    out: Path

    def start(self, *words: object, piped: bool = False) -> subprocess.Popen[bytes]:
        """``provenance capture …``, not waited for."""
        command = [sys.executable, "-m", "provenance.cli", "--home", str(self.home), "capture", *map(str, words)]
        source = subprocess.PIPE if piped else subprocess.DEVNULL
        return subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words: object) -> tuple[int, str, str]:
        """The same, to its end: exit code, stdout, stderr."""
        with self.start(*words) as process:
            said, complained = process.communicate(timeout=LIMIT_S)
        return process.returncode, said.decode(), complained.decode()

    def record(self, source: object, *words: object) -> tuple[int, list[dict[str, Any]], str]:
        """Record into ``out`` with ``--json-lines``: exit code, the objects, all that was printed."""
        code, said, complained = self.run(source, "-o", self.out, "--withhold-reference", "--json-lines", *words)
        return code, [json.loads(line) for line in said.splitlines() if line.startswith('{"')], said + complained

    def check(self) -> tuple[int, dict[str, Any]]:
        """``capture check --json``, in this process: it is quicker."""
        result = self.invoke("check", self.out, "--json")
        return result.exit_code, json.loads(result.stdout)

    def invoke(self, *words: object) -> Result:
        """``provenance capture …`` in this process."""
        return CliRunner().invoke(main, ["--home", str(self.home), "capture", *map(str, words)])


def feed(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> None:
    """Write data into a command's pipe, evenly over that time, in a thread; ends quietly when the command does.

    The time counts from the command's first read, however long it takes to start.
    """
    assert process.stdin is not None
    # Else what a pipe holds by itself, some seconds of a small stream, would be read all at once.
    fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, resource.getpagesize())
    # Taken away from the process: waiting for it would close the pipe.
    pipe, process.stdin = process.stdin, None

    def write() -> None:
        steps = max(1, int(seconds / 0.05))
        size = len(data) // steps + 1
        with contextlib.suppress(OSError), pipe:
            for at in range(0, len(data), size):
                os.write(pipe.fileno(), data[at : at + size])
                time.sleep(seconds / steps)

    threading.Thread(target=write, daemon=True).start()


class LiveServer:
    """Sends pieces of a stream over HTTP as a live source does: one piece a connection, then it breaks off.

    ``pieces``: bytes, or a number of connections that are refused first.
    """

    def __init__(self, pieces: Sequence[bytes | int], pace: Callable[[int], float] = lambda _size: 0.0) -> None:
        self._pieces = list(pieces)
        self._pace = pace
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/live"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for piece in self._pieces:
            for _ in range(piece if isinstance(piece, int) else 1):
                with self._socket.accept()[0] as connection:
                    if isinstance(piece, bytes):
                        self._send(connection, piece)
        self._socket.close()

    def _send(self, connection: socket.socket, piece: bytes) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n")
        for at in range(0, len(piece), 4096):
            connection.sendall(piece[at : at + 4096])
            time.sleep(self._pace(4096))
