"""Addresses of keys in security modules: the part of RFC 7512 that is about private keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from provenance.errors import KeyFileError
from signer.key_stores import unusable_uri

SHAPE = "pkcs11:token=LABEL;object=LABEL?module-path=/path/to/module.so"
_TOKEN = ("token", "serial", "manufacturer", "model")
_PATH = (*_TOKEN, "object", "id", "type")
_QUERY = ("module-path", "pin-source", "pin-value")
_ATTRIBUTE = re.compile(r"([a-z-]+)=((?:[^%]|%[0-9A-Fa-f]{2})*)")


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Which key in which token. ``token``: what is asked of the token, by RFC 7512's names of its attributes."""

    module: Path
    token: dict[str, str]
    label: str | None
    key_id: bytes | None
    pin_file: Path | None


def parse_pkcs11(uri: str) -> TokenKey:
    """Take an address apart.

    Raises:
        KeyFileError: ``keys.uri``, or ``keys.uri_secret`` where a PIN stands in it.
    """
    path, _, query = uri.partition(":")[2].partition("?")
    asked = _attributes(query, "&", _QUERY)
    if "pin-value" in asked:
        raise KeyFileError(
            "keys.uri_secret",
            "the address of the key holds its PIN, which others can read on a command line and in files",
            expected="an address without pin-value",
            hint="set PROVENANCE_PIN, or name a file with pin-source=file:/path; and change the PIN",
        )
    wanted = _attributes(path, ";", _PATH)
    if wanted.pop("type", b"private") != b"private":
        raise unusable_uri("type=private, or no type", "another type")
    module = Path(_text(asked.get("module-path", b"")))
    if not module.is_absolute():
        raise unusable_uri(SHAPE, "no absolute module-path", "the module is the vendor's library, NAME.so")
    label, key_id = wanted.pop("object", None), wanted.pop("id", None)
    if label is None and key_id is None:
        raise unusable_uri(SHAPE, "neither object nor id")
    token = {name: _text(value) for name, value in wanted.items()}
    if not token:
        raise unusable_uri(SHAPE, "nothing that names the token", "`pkcs11-tool --list-token-slots` shows tokens")
    source = _text(asked["pin-source"]) if "pin-source" in asked else None
    return TokenKey(module, token, None if label is None else _text(label), key_id, _pin_file(source))


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        match = _ATTRIBUTE.fullmatch(part)
        name = match[1] if match else part.partition("=")[0]
        if match is None or name not in known or name in found:
            raise unusable_uri(f"{SHAPE}; attributes {', '.join(known)}, each once", name or "an empty attribute")
        found[name] = unquote_to_bytes(match[2])
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unusable_uri(SHAPE, "an attribute that is not UTF-8") from error


def _pin_file(source: str | None) -> Path | None:
    if source is None:
        return None
    path = Path(source.removeprefix("file://").removeprefix("file:"))
    if not path.is_absolute():
        raise unusable_uri("pin-source=file:/absolute/path", "another pin-source")
    return path
