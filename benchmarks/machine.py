"""A line that says what machine a benchmark ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

from benchmarks.recipes import binary


def describe() -> str:
    """Processor, cores, memory, Python and FFmpeg, and the day."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next((int(line.split()[1]) // 2**20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    said = subprocess.run([binary(), "-version"], capture_output=True, text=True, check=True).stdout
    return (
        f"{date.today().isoformat()}, {cpu}, {os.cpu_count()} cores, {memory} GiB, "
        f"Python {platform.python_version()}, FFmpeg {said.split()[2]}."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
