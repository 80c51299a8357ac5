"""Where signed files are registered: in the registry of the home, or in one elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from provenance.credentials.reader import find_sidecar, read_credential
from provenance.errors import RegistryError
from provenance.fingerprints.codec import ASSERTION_LABEL, from_assertion
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from provenance.workspace import work_folder
from registry.client.opening import log_key_at, open_connection
from registry.client.publishing import Publisher
from registry.references import kept_reference
from registry.register import Registered, register
from registry.store import open_registry

Progress = Callable[[float], None]


class Registrar(Protocol):
    """Registers signed files; a context manager. ``address`` names where."""

    @property
    def address(self) -> str:
        """Where it registers."""
        ...

    def register(
        self,
        path: Path,
        *,
        reference: Path | None = None,
        embargoed: bool = False,
        embargoed_until: datetime | None = None,
        on_progress: Progress | None = None,
    ) -> Registered:
        """Register a signed file; ``on_progress`` may raise to end it.

        Raises:
            ProvenanceError: it was refused; see ``registry.register``.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_registrar(settings: Settings, *, without_file: bool = False) -> Registrar:
    """The registrar that the settings name: by ``registry_url``, else of the home.

    Args:
        without_file: send manifest and reference copy only; for a registry elsewhere.

    Raises:
        ProvenanceError: there is no registry, or it, the anchors or the trust policy cannot be used.
    """
    if settings.registry_url is not None:
        return HttpRegistrar(settings, settings.registry_url, without_file=without_file)
    return LocalRegistrar(settings)


class LocalRegistrar:
    """The registry of the home; see ``Registrar``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._anchors = load_anchors(settings.anchors)
        self._policy = load_policy(settings, self._anchors)
        self._registry = open_registry(settings)

    @property
    def address(self) -> str:
        """The database, as SQLAlchemy names it."""
        return self._settings.database

    def register(
        self,
        path: Path,
        *,
        reference: Path | None = None,
        embargoed: bool = False,
        embargoed_until: datetime | None = None,
        on_progress: Progress | None = None,
    ) -> Registered:
        """See ``Registrar``."""
        return register(
            self._registry,
            path,
            settings=self._settings,
            anchors=self._anchors,
            policy=self._policy,
            reference=reference,
            embargoed=embargoed,
            embargoed_until=embargoed_until,
            on_progress=on_progress,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._registry.close()


class HttpRegistrar:
    """A registry elsewhere, by its address; see ``Registrar``. The reference copy that the signer kept goes along."""

    def __init__(self, settings: Settings, address: str, *, without_file: bool = False) -> None:
        self._settings = settings
        self._without_file = without_file
        self._anchors = load_anchors(settings.anchors)
        self._policy = load_policy(settings, self._anchors)
        self._connection = open_connection(settings, address)
        self._publisher = Publisher(self._connection, settings.sending, log_key_at(settings, address))

    @property
    def address(self) -> str:
        """The registry's address."""
        return self._connection.address

    def register(
        self,
        path: Path,
        *,
        reference: Path | None = None,
        embargoed: bool = False,
        embargoed_until: datetime | None = None,
        on_progress: Progress | None = None,
    ) -> Registered:
        """See ``Registrar``."""
        credential = read_credential(path, anchors=self._anchors, policy=self._policy)
        data = credential.assertions.get(ASSERTION_LABEL)
        signed_sha256 = from_assertion(data)[1] if isinstance(data, dict) else None
        reference = reference or kept_reference(self._settings.references, signed_sha256)
        if not self._without_file:
            files = {"upload": path, "sidecar": find_sidecar(path), "reference": reference}
            return self._publisher.register(files, credential, embargoed, embargoed_until, on_progress)
        if reference is None or credential.manifest is None:
            raise RegistryError(
                "register.needs_file",
                f"{path.name} cannot be registered without sending it",
                expected="its manifest, and its reference copy in the home or named with --reference",
                hint="register it with the file",
            )
        with work_folder(self._settings.home / "work") as work:
            manifest = work / "manifest.c2pa"
            manifest.write_bytes(credential.manifest)
            files = {"manifest": manifest, "reference": reference}
            return self._publisher.register(files, credential, embargoed, embargoed_until, on_progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)
