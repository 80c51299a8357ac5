"""Homes, made once and left alone afterwards: of a development set-up, with a key to sign with, or of a server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from provenance.errors import OutputError, RegistryError
from provenance.settings import Settings
from provenance.trust.anchors import add_anchors, load_anchors, remove_anchors
from registry.checks.envelope import report_key_path
from registry.log.keys import make_key
from registry.store import create_registry, open_registry
from signer.authority import NAME, development_authority


@dataclass(frozen=True, slots=True)
class Home:
    """What is there now. ``key``: to sign with, if there is one; ``created`` names what this run made."""

    key: str | None
    created: tuple[str, ...]


def make_development_home(settings: Settings) -> Home:
    """Make what is missing: development authority and key, its root as the trust list ``development``, the registry.

    Safe to repeat, also after a run that was killed, and to run twice at once.

    Raises:
        ProvenanceError: a folder cannot be written, or what is there is damaged.
    """
    with _held_folder(settings):
        created = []
        authority = development_authority(settings.keys)
        if authority.created:
            created.append("development authority and key")
        if _trust(settings, authority.root_pem):
            created.append(f"trust list {NAME}")
        return Home(authority.name, (*created, *_make_service(settings)))


def make_server_home(settings: Settings) -> Home:
    """Make what is missing of the registry and the keys of its own; nobody is trusted that was not added.

    Safe to repeat.

    Raises:
        ProvenanceError: see ``make_development_home``.
    """
    with _held_folder(settings):
        return Home(None, tuple(_make_service(settings)))


@contextmanager
def _held_folder(settings: Settings) -> Iterator[None]:
    """Make the folder; who else would make things in it meanwhile waits: keys of one fit no chain of another."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(
            "output.folder",
            f"the home {settings.home} cannot be made",
            found=error.strerror or "",
            hint="another --home, or correct the permissions",
        ) from error
    with ExitStack() as stack:
        # On a file system without locks nobody waits.
        with suppress(OSError):
            handle = os.open(settings.home, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_service(settings: Settings) -> list[str]:
    created = []
    if _make_registry(settings):
        created.append("registry")
    if not report_key_path(settings).exists():
        make_key(report_key_path(settings))
        created.append("key that signs reports")
    return created


def _trust(settings: Settings, root_pem: bytes) -> bool:
    """Install the roots; False where they are the list's content already."""
    present = next((a for a in load_anchors(settings.anchors) if a.name == NAME), None)
    if present is not None and present.pem == root_pem:
        return False
    if present is not None:
        remove_anchors(settings.anchors, NAME)
    add_anchors(settings.anchors, NAME, root_pem)
    return True


def _make_registry(settings: Settings) -> bool:
    """Make the registry, or bring an older one up to date; False where there is nothing to do."""
    try:
        open_registry(settings).close()
    except RegistryError as error:
        if error.code not in ("registry.absent", "registry.older_schema"):
            raise
        create_registry(settings).close()
        return True
    return False
