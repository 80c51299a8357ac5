"""What the tests of keys held elsewhere share: certified keys as files, and a token of SoftHSM that holds some."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from provenance.errors import KeyFileError
from signer.algorithms import PrivateKey
from signer.authority import issue_authority, issue_leaf
from signer.signing import chain_pem

NOW = datetime.now(UTC)
PASSPHRASE = "correct horse battery"
PIN = "628371"
_MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))


@dataclass(frozen=True, slots=True)
class Certified:
    """A private key as a file under ``PASSPHRASE``, its certificate chain as a file, and the root above it in PEM."""

    private: PrivateKey
    key: Path
    chain: Path
    root: bytes

    @property
    def uri(self) -> str:
        return f"file:{self.key}"

    def in_the_clear(self) -> Path:
        """The same key without a passphrase, beside it."""
        path = self.key.with_suffix(".clear.pem")
        write_key(path, self.private, None)
        return path


def write_key(path: Path, private: PrivateKey, passphrase: str | None) -> None:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    path.touch(0o600)
    path.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


def certified(folder: Path, algorithm: str = "es256", *, began: timedelta = timedelta(), days: int = 300) -> Certified:
    """A key of an algorithm, certified ``began`` ago for so many days."""
    root = issue_authority("Root", None, NOW - timedelta(days=1000), 4000, path_length=0)
    leaf = issue_leaf("Desk", "City Courier", root, NOW - began, days, algorithm=algorithm)
    folder.mkdir(exist_ok=True)
    write_key(folder / f"{algorithm}.pem", leaf.private, PASSPHRASE)
    (folder / f"{algorithm}.chain").write_text(chain_pem((leaf.certificate,)))
    pem = chain_pem((root.certificate,)).encode()
    return Certified(leaf.private, folder / f"{algorithm}.pem", folder / f"{algorithm}.chain", pem)


def softhsm() -> Path:
    """Debian's software token; the test is skipped only where it is not installed."""
    found = next((path for path in _MODULES if path.exists()), None)
    if found is None:
        pytest.skip("no SoftHSM here: apt-get install softhsm2")
    return found


class Token:
    """A token of SoftHSM in a folder of its own, called Newsroom, with keys that were put into it."""

    def __init__(self, folder: Path) -> None:
        self.module = softhsm()
        self.configuration = folder / "softhsm2.conf"
        (folder / "tokens").mkdir()
        self.configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
        self._tool("--init-token", "--free", "--label", "Newsroom", "--so-pin", "17283940", "--pin", PIN)

    def put(self, label: str, key: Certified, key_id: str) -> None:
        """Put a private key into it; ``key_id`` in hexadecimal digits."""
        clear = key.in_the_clear()
        self._tool("--import", str(clear), "--token", "Newsroom", "--label", label, "--id", key_id, "--pin", PIN)

    def uri(self, which: str = "object=desk", *, token: str = "Newsroom", query: str = "") -> str:
        return f"pkcs11:token={token};{which}?module-path={self.module}{query}"

    def _tool(self, *words: str) -> None:
        environment = {**os.environ, "SOFTHSM2_CONF": str(self.configuration)}
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True, env=environment)


def refused(call: Callable[[], object]) -> KeyFileError:
    """The error that a call raises: always with what was expected."""
    with pytest.raises(KeyFileError) as caught:
        call()
    assert caught.value.expected
    return caught.value
