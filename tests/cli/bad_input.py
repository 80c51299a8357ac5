"""What every test of bad input asks: one clear message, the right exit code, nothing written, nothing steering."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from provenance.cli import main

PASSPHRASE = "correct horse battery"

EXECUTABLE = Path(sys.executable).with_name("provenance")
PARTS = {"code", "message", "expected", "found", "hint"}
# Joiners reorder nothing and honest names need them; see provenance.console.
_STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_HONEST = set("\n\u200c\u200d")


@dataclass(frozen=True)
class Room:
    """A folder with a home, a working folder and a folder for temporary files."""

    base: Path

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def desk(self) -> Path:
        return self.base / "desk"

    def run(self, *words: str | Path, home: Path | None = None) -> Result:
        """The whole program in this process."""
        return CliRunner().invoke(main, ["--home", str(home or self.home), *map(str, words)])

    def tree(self) -> dict[str, tuple[int, str]]:
        """Kind, mode and content's hash of everything there is, named by path."""
        found = {}
        for path in sorted(self.base.rglob("*")):
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode)
            # Opening a database makes these beside it, and they say nothing of its content.
            if not path.name.endswith(("-wal", "-shm")):
                content = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
                found[str(path)] = (status.st_mode, content)
        return found

    def keep_key(self, name: str, private: CertificateIssuerPrivateKeyTypes, chain: bytes) -> None:
        """Put a key under ``PASSPHRASE`` among those of the home, as an import would have, unchecked."""
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE.encode()),
        )
        path = self.home / "keys" / f"{name}.key.pem"
        path.write_bytes(pem)
        path.chmod(0o600)
        path.with_name(f"{name}.chain.pem").write_bytes(chain)

    def execute(self, *words: str | bytes | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """The installed executable, without a terminal."""
        return execute([EXECUTABLE, "--home", self.home, *words], cwd=self.desk, **options)


def execute(command: Sequence[str | bytes | Path], **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **options.pop("variables", {})}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command, env=environment, check=False, timeout=60, **streams)


def require_harmless(text: str) -> None:
    """No traceback, nothing that steers a terminal or reorders what is read."""
    assert "Traceback" not in text
    assert "Error:" not in text.replace("Error: Invalid value", "").replace("Error: No such", "")
    assert not {char for char in text if unicodedata.category(char) in _STEERING} - _HONEST


def require_one_error(text: str, code: str) -> None:
    """Exactly one message with this code, that says what was expected, what was found and what to try."""
    require_harmless(text)
    lines = [line for line in text.splitlines() if not line.startswith("warning: ")]
    assert sum("error: " in line for line in lines) == 1, text
    assert f"[{code}]" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["expected", "found", "try"], text


def error_of(answer: Any) -> dict[str, Any]:
    """The one error in a JSON answer, whole or of one of several files."""
    if isinstance(answer, list):
        (answer,) = answer
    if "results" in answer:
        (answer,) = answer["results"]
    error = answer["error"]
    assert set(error) == PARTS
    return dict(error)


def require_failure(result: Result, code: str) -> None:
    """A failed command: one message on stderr, nothing on stdout."""
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    require_one_error(result.stderr, code)


def require_json_failure(result: Result, code: str) -> None:
    """A failed command that was asked for JSON: the same parts as an error object on stdout."""
    assert result.exit_code == 1, result.output
    require_harmless(result.stdout + result.stderr)
    error = error_of(json.loads(result.stdout))
    assert error["code"] == code
    assert None not in error.values(), error
    assert not [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
