"""``pkcs11:…``: a key in a security module (HSM, smart card, SoftHSM). Needs the extra ``pkcs11``."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from provenance.errors import KeyFileError
from signer.algorithms import digest_of
from signer.key_stores import PIN, Held, Secret
from signer.stores.pkcs11_uri import TokenKey, parse_pkcs11

if TYPE_CHECKING:
    import pkcs11

_LISTED = 8
_TURN_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.02


class Pkcs11Store:
    """Opens keys in tokens; logs in once and stays so until the process ends."""

    def secret(self, uri: str) -> Secret | None:
        """The PIN, from the file that the address names if it does."""
        return Secret(PIN.word, PIN.variable, parse_pkcs11(uri).pin_file)

    def open(self, held: Held, secret: str | None) -> ModuleKey:
        """Load the module, log in and find the key. A PIN is tried once.

        Raises:
            KeyFileError: ``keys.extra``, ``keys.module``, ``keys.token``, ``keys.pin``, ``keys.object``,
                ``keys.token_failed``.
        """
        wanted = parse_pkcs11(held.uri)
        try:
            import pkcs11
        except ImportError as error:
            raise KeyFileError(
                "keys.extra",
                "keys in security modules need python-pkcs11, which is not installed",
                hint="pip install 'provenance-toolkit[pkcs11]'",
            ) from error
        try:
            with _turn(wanted.module):
                token = _token(_module(pkcs11, wanted), wanted)
                session = _login(pkcs11, token, secret)
                key = _key(pkcs11, session, wanted, token.label)
            _require_kind(pkcs11, held, key)
            return ModuleKey(held.name, held.algorithm, held.chain, key)
        except pkcs11.PKCS11Error as error:
            raise _failed(held.name, error) from error


@dataclass(frozen=True, slots=True)
class ModuleKey:
    """A private key that never leaves its module. Digests are made here: every module can sign one."""

    name: str
    algorithm: str
    chain: tuple[x509.Certificate, ...]
    handle: Any = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Have the module sign.

        Raises:
            KeyFileError: ``keys.token_failed``.
        """
        import pkcs11

        try:
            if self.algorithm == "ed25519":
                return bytes(self.handle.sign(data, mechanism=pkcs11.Mechanism.EDDSA))
            digest = digest_of(self.algorithm)
            hashed = hashes.Hash(digest)
            hashed.update(data)
            if self.algorithm.startswith("es"):
                return bytes(self.handle.sign(hashed.finalize(), mechanism=pkcs11.Mechanism.ECDSA))
            bits = self.algorithm[2:]
            salt = (pkcs11.Mechanism[f"SHA{bits}"], pkcs11.MGF[f"SHA{bits}"], digest.digest_size)
            mechanism = pkcs11.Mechanism.RSA_PKCS_PSS
            return bytes(self.handle.sign(hashed.finalize(), mechanism=mechanism, mechanism_param=salt))
        except (pkcs11.PKCS11Error, NotImplementedError, AttributeError) as error:
            # The last two: the object does not sign at all, as with a key for decryption.
            raise _failed(self.name, error) from error


@contextmanager
def _turn(module: Path) -> Iterator[None]:
    """Log in one process after the other: a login of SoftHSM rewrites what another one is just reading.

    Workers start at the same time. Where nothing can be locked, or somebody else holds the lock for long, it goes on.
    """
    until = time.monotonic() + _TURN_WITHIN_S
    with ExitStack() as stack:
        with suppress(OSError):
            handle = os.open(module, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, handle)
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        break
                    time.sleep(_LOOK_EVERY_S)
        yield


def _module(library: Any, wanted: TokenKey) -> Any:
    try:
        return library.lib(str(wanted.module))
    except (RuntimeError, OSError) as error:
        raise KeyFileError(
            "keys.module",
            f"the security module {wanted.module} cannot be loaded",
            expected="the vendor's PKCS#11 library for this machine",
            found=str(error) or type(error).__name__,
            hint="check module-path, and what configures the module (SoftHSM: SOFTHSM2_CONF)",
        ) from error


def _token(module: Any, wanted: TokenKey) -> pkcs11.Token:
    tokens: list[pkcs11.Token] = [slot.get_token() for slot in module.get_slots(token_present=True)]
    found = [token for token in tokens if wanted.token.items() <= _facts(token).items()]
    if len(found) == 1:
        return found[0]
    names = [token.label for token in tokens if token.label] if not found else [_facts(t)["serial"] for t in found]
    asked = ";".join(f"{name}={value}" for name, value in wanted.token.items())
    raise KeyFileError(
        "keys.token",
        "several tokens answer to this" if found else "the token is not there",
        expected=f"one token with {asked}",
        found=(", ".join(names[:_LISTED]) or "no token") if not found else f"serials {', '.join(names[:_LISTED])}",
        hint="add serial=… to the address" if found else "plug it in, or correct token=…",
    )


def _facts(token: pkcs11.Token) -> dict[str, str]:
    serial = token.serial.decode("ascii", errors="replace").strip()
    return {"token": token.label, "serial": serial, "manufacturer": token.manufacturer_id, "model": token.model}


def _login(library: Any, token: pkcs11.Token, pin: str | None) -> pkcs11.Session:
    try:
        return token.open(user_pin=pin)
    except library.UserAlreadyLoggedIn:
        return token.open()
    except (library.PinIncorrect, library.PinLenRange, library.PinInvalid) as error:
        last = library.TokenFlag.USER_PIN_FINAL_TRY in token.flags
        locked = library.TokenFlag.USER_PIN_LOCKED in token.flags
        left = "; IT IS LOCKED NOW" if locked else "; ONE TRY IS LEFT before it locks" if last else ""
        raise KeyFileError(
            "keys.pin",
            f"the PIN does not open the token {token.label}",
            expected="its user PIN",
            found="another one" + left,
            hint="check PROVENANCE_PIN or the file of the PIN: each wrong try brings the token nearer to locking",
        ) from error
    except library.PinLocked as error:
        raise KeyFileError(
            "keys.pin",
            f"the token {token.label} is locked: its PIN was given wrongly too often",
            expected="a token that can be logged in to",
            found="a locked one",
            hint="unlock it with the security officer's PIN, by the vendor's tool",
        ) from error


def _key(library: Any, session: pkcs11.Session, wanted: TokenKey, token: str) -> Any:
    private = library.ObjectClass.PRIVATE_KEY
    try:
        return session.get_key(private, label=wanted.label, id=wanted.key_id)
    except (library.NoSuchKey, library.MultipleObjectsReturned) as error:
        several = isinstance(error, library.MultipleObjectsReturned)
        there: list[Any] = list(session.get_objects({library.Attribute.CLASS: private}))
        names = [f"{key.label or '(no label)'} (id %{key.id.hex()})" for key in there[:_LISTED]]
        asked = [f"object={wanted.label}"] if wanted.label is not None else []
        asked += [f"id=%{wanted.key_id.hex('%')}"] if wanted.key_id is not None else []
        raise KeyFileError(
            "keys.object",
            f"several keys of the token {token} answer to this" if several else f"the token {token} has no such key",
            expected=f"one private key with {';'.join(asked)}",
            found=", ".join(names) or "no private key at all",
            hint="name it by object=LABEL, id=%HEX or both",
        ) from error


def _require_kind(library: Any, held: Held, key: Any) -> None:
    # Some modules crash, and us with them, when an EC key is to sign as an RSA key.
    kinds = {"es": library.KeyType.EC, "ps": library.KeyType.RSA, "ed": library.KeyType.EC_EDWARDS}
    if key.key_type is not kinds[held.algorithm[:2]]:
        raise KeyFileError(
            "keys.mismatch",
            "key and certificate do not belong together",
            expected=f"a key of the kind {kinds[held.algorithm[:2]].name}, as the certificate has it",
            found=f"one of the kind {getattr(key.key_type, 'name', key.key_type)}",
            hint="check object or id in the address, and the order of the chain: leaf first",
        )


def _failed(name: str, error: Exception) -> KeyFileError:
    return KeyFileError(
        "keys.token_failed",
        f"the security module did not sign with the key {name}",
        expected="a key that may sign with the algorithm of its certificate",
        found=f"{type(error).__name__} {error}".strip(),
        hint="check the key's usage (CKA_SIGN) and the module's log",
    )
