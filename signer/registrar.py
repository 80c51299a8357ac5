"""Registers what a batch has signed."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.register import register
from registry.store import open_registry
from signer.order import Signed, StoppedError


class LocalRegistrar:
    """The registry of the settings, opened; a context manager."""

    def __init__(self, settings: Settings, *, embargoed: bool) -> None:
        """Open it.

        Raises:
            ProvenanceError: there is no registry, or it, the anchors or the trust policy cannot be used.
        """
        self._settings = settings
        self._embargoed = embargoed
        self._anchors = load_anchors(settings.anchors)
        self._policy = load_policy(settings, self._anchors)
        self._registry = open_registry(settings)

    @property
    def address(self) -> str:
        """The database, as SQLAlchemy names it."""
        return self._settings.database

    def register(self, signed: Signed, stopped: Callable[[], bool]) -> bool:
        """Register a signed output; False where the registry has it already.

        Raises:
            ProvenanceError: it was refused.
            StoppedError: ``stopped`` said so.
        """

        def go_on(_share: float = 0.0) -> None:
            if stopped():
                raise StoppedError

        go_on()
        return register(
            self._registry,
            signed.path,
            settings=self._settings,
            anchors=self._anchors,
            policy=self._policy,
            embargoed=self._embargoed,
            on_progress=go_on,
        ).created

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._registry.close()
