"""Where passphrases and PINs come from: file, environment or hidden prompt; never a command line, which others see."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from provenance.errors import KeyFileError
from signer.key_folder import KeyEntry
from signer.key_stores import PASSPHRASE, Secret

_MAX_BYTES = 4096


def secret_of(entry: KeyEntry, file: Path | None) -> str | None:
    """What opens a key that is there; None where nothing needs to.

    From ``file``, else the file that the key's address names, else the environment, else a person.

    Raises:
        KeyFileError: ``keys.passphrase``, ``keys.pin``: none was given and nobody can be asked.
    """
    if entry.secret is None:
        return None
    question = f"{entry.secret.word[0].upper()}{entry.secret.word[1:]} of the key {entry.name}: "
    return _given(entry.secret, file or entry.secret.file) or _ask(entry.secret, question, entry.name)


def new_passphrase(name: str, file: Path | None) -> str:
    """The passphrase for a new key; asked for twice where a person types it.

    Raises:
        KeyFileError: none was given and nobody can be asked, or the two differ.
    """
    given = _given(PASSPHRASE, file)
    if given:
        return given
    first = _ask(PASSPHRASE, f"New passphrase for the key {name}: ", name)
    if first != _ask(PASSPHRASE, "The same again: ", name):
        raise KeyFileError("keys.passphrase", "the two passphrases differ", hint="run the command again")
    return first


def _given(secret: Secret, file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(secret.variable) or None
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_BYTES)
        text = data.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            _code(secret),
            f"the file of the {secret.word}, {file}, cannot be read",
            expected="UTF-8 text",
            found=str(error),
            hint="check path and permissions",
        ) from error
    if not text:
        raise KeyFileError(
            _code(secret),
            f"the file of the {secret.word}, {file}, is empty",
            expected=f"a {secret.word}",
            found="nothing in its first line",
            hint=f"write the {secret.word} into it",
        )
    return text


def _ask(secret: Secret, question: str, name: str) -> str:
    if not sys.stdin.isatty():
        raise KeyFileError(
            _code(secret),
            f"the key {name} needs a {secret.word}, and nobody can be asked",
            expected=f"a {secret.word}, or a terminal to ask for it",
            found="neither",
            hint=f"set {secret.variable} or use --passphrase-file",
        )
    return getpass.getpass(question)


def _code(secret: Secret) -> str:
    return f"keys.{secret.word.lower()}"
