"""The options that direct a command to a registry elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from provenance.context import NamedPath

if TYPE_CHECKING:
    from provenance.settings import Settings
    from registry.client.publishing import Publisher

Command = TypeVar("Command", bound=Callable[..., Any])


def at_registry(command: Command) -> Command:
    """Give a command the options ``--registry`` (as ``registry_url``) and ``--token-file``."""
    token = click.option(
        "--token-file", type=NamedPath(), help="File with the token for it [PROVENANCE_REGISTRY_TOKEN]."
    )
    address = click.option("--registry", "registry_url", metavar="URL", help="Do it in the registry at this address.")
    return address(token(command))


def require_registering(registering: bool, embargo: bool, registry_url: str | None) -> None:
    """Refuse the options that say how to register where nothing is registered.

    Raises:
        click.UsageError: they were given without ``--register``.
    """
    if (embargo or registry_url is not None) and not registering:
        raise click.UsageError("--embargo and --registry need --register")


def directed(settings: Settings, registry_url: str | None, token_file: Path | None) -> Settings:
    """The settings with what the options say.

    Raises:
        SettingsError: the file holds no token.
    """
    # Here and not at the top: most runs ask no registry elsewhere.
    from pydantic import SecretStr

    from registry.client.opening import read_token

    given: dict[str, Any] = {}
    if registry_url is not None:
        given["registry_url"] = registry_url
    if token_file is not None:
        given["registry_token"] = SecretStr(read_token(token_file))
    return settings.model_copy(update=given) if given else settings


@contextmanager
def publisher(settings: Settings) -> Iterator[Publisher]:
    """Acts at the registry that the settings name.

    Raises:
        RegistryError: the address cannot be used, or must not be sent a token.
    """
    from registry.client.opening import log_key_at, open_connection
    from registry.client.publishing import Publisher

    address = settings.registry_url or ""
    with open_connection(settings, address) as connection:
        yield Publisher(connection, settings.sending, log_key_at(settings, address))
