"""Checkpoints as signed notes, to the letter of c2sp.org/signed-note and c2sp.org/tlog-checkpoint. No input or output.

What comes from outside is read strictly: one text has one reading, or none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provenance.errors import LogError
from registry.log.merkle import HASH_BYTES

MAX_NOTE_BYTES = 64 * 1024
"""Far more than 16 signatures take, which every reader has to accept."""

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class Verifier:
    """A log's name and the public key it signs with, as its vkey says them."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key in the form of signed notes: ``name+id+key``."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A log's name and private key."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """What others check its signatures with."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed checkpoint of a tree."""
        text = f"{self.name}\n{size}\n{_encode(root)}\n"
        signature = self.verifier.key_id + self.private.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {_encode(signature)}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signed checkpoint says, and the whole note."""

    size: int
    root: bytes
    note: str


def read_vkey(text: str) -> Verifier:
    """The verifier that a vkey stands for.

    Raises:
        LogError: it is none, or not for Ed25519 (``log.vkey``).
    """
    name, _, rest = text.partition("+")
    key = _decode(rest.partition("+")[2])
    if key is not None and len(key) == 33 and key[:1] == _ED25519 and _NAME.fullmatch(name):
        verifier = Verifier(name, key[1:])
        if verifier.vkey == text:
            return verifier
    raise LogError(
        "log.vkey",
        "this is not the verifier key of a log",
        expected="name+id+key of an Ed25519 key, as `provenance log key` prints it",
        found=text[:120] or "nothing",
        hint="copy it whole, from a place other than the log itself",
    )


def read_checkpoint(data: bytes, verifier: Verifier) -> Checkpoint:
    """Check the signature of a checkpoint, then read it.

    Raises:
        LogError: it is none (``log.format``), is not signed by this key (``log.unknown_key``), or the signature does
            not hold (``log.signature``).
    """
    text, note = _opened(data, verifier)
    origin, size, root = (*text.split("\n"), "", "")[:3]
    decoded = _decode(root)
    if origin != verifier.name or not _SIZE.fullmatch(size) or decoded is None or len(decoded) != HASH_BYTES:
        raise _malformed("origin, size and root hash of a log, one a line", text[:120])
    return Checkpoint(int(size), decoded, note)


def _opened(data: bytes, verifier: Verifier) -> tuple[str, str]:
    """The text that the key has signed, and the whole note."""
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("UTF-8", str(error)) from error
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or _CONTROL.search(note) or len(data) > MAX_NOTE_BYTES:
        raise _malformed("a text, an empty line and signatures", note[:120])
    signed = f"{head}\n"
    lines = tail[:-1].split("\n")
    own = [value for name, value in map(_signature, lines) if (name, value[:4]) == (verifier.name, verifier.key_id)]
    for value in own:
        _require_signature(signed, value[4:], verifier)
    if own:
        return signed, note
    raise LogError(
        "log.unknown_key",
        "the checkpoint is not signed by the key we know",
        expected=verifier.vkey,
        found=", ".join(line[:120] for line in lines[:3]),
        hint="ask the operator by another way whether the log has a new key; if so, give it with --key",
    )


def _signature(line: str) -> tuple[str, bytes]:
    """Name of the key; its id and the signature."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    value = _decode(encoded)
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or value is None:
        raise _malformed("a signature in each line after the empty one", line[:120])
    return name, value


def _require_signature(signed: str, signature: bytes, verifier: Verifier) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, signed.encode())
    except (InvalidSignature, ValueError) as error:
        raise LogError(
            "log.signature",
            "the checkpoint's signature does not hold",
            expected=f"a signature of {verifier.vkey}",
            found="a text that this key has not signed",
            hint="keep what was served: somebody has changed it",
        ) from error


def _malformed(expected: str, found: str) -> LogError:
    return LogError(
        "log.format",
        "this is not a signed checkpoint",
        expected=expected,
        found=found,
        hint="check the address: a registry serves its log under /log",
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decode(text: str) -> bytes | None:
    """The bytes, or None where the text is not exactly how they are written."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data and _encode(data) == text else None
