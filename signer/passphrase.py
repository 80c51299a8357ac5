"""Where a passphrase comes from: environment, file or hidden prompt; never the command line, which others can see."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from provenance.errors import KeyFileError

VARIABLE = "PROVENANCE_PASSPHRASE"
_MAX_BYTES = 4096


def existing_passphrase(name: str, file: Path | None) -> str:
    """The passphrase of a key that is there.

    Raises:
        KeyFileError: ``keys.passphrase``: none was given and nobody can be asked.
    """
    return _given(file) or _ask(f"Passphrase of the key {name}: ", name)


def new_passphrase(name: str, file: Path | None) -> str:
    """The passphrase for a new key; asked for twice where a person types it.

    Raises:
        KeyFileError: none was given and nobody can be asked, or the two differ.
    """
    given = _given(file)
    if given:
        return given
    first = _ask(f"New passphrase for the key {name}: ", name)
    if first != _ask("The same again: ", name):
        raise KeyFileError("keys.passphrase", "the two passphrases differ", hint="run the command again")
    return first


def _given(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_BYTES)
        text = data.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            "keys.passphrase",
            f"the passphrase file {file} cannot be read",
            expected="UTF-8 text",
            found=str(error),
            hint="check path and permissions",
        ) from error
    if not text:
        raise KeyFileError(
            "keys.passphrase",
            f"the passphrase file {file} is empty",
            expected="a passphrase",
            found="nothing in its first line",
            hint="write the passphrase into it",
        )
    return text


def _ask(question: str, name: str) -> str:
    if not sys.stdin.isatty():
        raise KeyFileError(
            "keys.passphrase",
            f"the key {name} needs a passphrase, and nobody can be asked",
            expected="a passphrase, or a terminal to ask for it",
            found="neither",
            hint=f"set {VARIABLE} or use --passphrase-file",
        )
    return getpass.getpass(question)
