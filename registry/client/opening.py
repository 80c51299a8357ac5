"""The catalog that the settings name: the registry at an address, or the one of the home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from provenance.catalog import Catalog
from provenance.errors import SettingsError
from provenance.settings import Settings
from provenance.trust.anchors import AnchorList
from provenance.trust.policy import Policy
from registry.catalog import LocalCatalog
from registry.client.catalog import HttpCatalog
from registry.client.connection import Connection
from registry.log.notes import Verifier
from registry.log.seen import Memory
from registry.log.sources import HttpLog
from registry.log.watching import key_of
from registry.store import open_registry

_MAX_TOKEN = 1000


def open_catalog(settings: Settings, anchors: Sequence[AnchorList], policy: Policy, stack: ExitStack) -> Catalog:
    """Open the catalog; ``stack`` closes it.

    Raises:
        RegistryError: there is no registry, or its address cannot be used.
    """
    if settings.registry_url is None:
        return LocalCatalog(stack.enter_context(open_registry(settings)))
    connection = stack.enter_context(open_connection(settings, settings.registry_url))
    return HttpCatalog(connection, anchors=anchors, policy=policy, cache=settings.reference_cache)


def open_connection(settings: Settings, address: str) -> Connection:
    """A connection with the settings' token.

    Raises:
        RegistryError: the address cannot be used, or must not be sent a token.
    """
    token = settings.registry_token.get_secret_value() if settings.registry_token is not None else None
    return Connection(address, token)


def log_key_at(settings: Settings, address: str) -> Callable[[], Verifier]:
    """Gives the key of the log at an address: the one that was pinned, else the one that it shows itself.

    What it gives raises ``RegistryError`` where the log cannot be read.
    """

    def key() -> Verifier:
        with HttpLog(address) as log:
            return key_of(log, Memory(settings.log / "seen", log.address))[0]

    return key


def read_token(path: Path) -> str:
    """The token that a file holds.

    Raises:
        SettingsError: it cannot be read, or holds none.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_TOKEN + 1).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else "something else than text"
        raise SettingsError("settings.token_file", f"the token file {path} cannot be read", found=found) from error
    if not text or len(text) > _MAX_TOKEN or not text.isprintable() or " " in text:
        raise SettingsError(
            "settings.token_file",
            f"the file {path} holds no token",
            expected="one line, as `provenance tokens new` printed it",
            hint="write the token alone into the file",
        )
    return text
