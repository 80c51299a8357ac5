"""Registers what a batch has signed."""

from __future__ import annotations

from collections.abc import Callable

from registry.register import Registered
from registry.registrars import Registrar
from signer.order import Signed, StoppedError


class BatchRegistrar:
    """A registrar for a batch, which may be stopped while it is at it."""

    def __init__(self, registrar: Registrar, *, embargoed: bool) -> None:
        self._registrar = registrar
        self._embargoed = embargoed

    @property
    def address(self) -> str:
        """Where it registers."""
        return self._registrar.address

    def register(self, signed: Signed, stopped: Callable[[], bool]) -> Registered:
        """Register a signed output.

        Raises:
            ProvenanceError: it was refused.
            StoppedError: ``stopped`` said so.
        """

        def go_on(_share: float = 0.0) -> None:
            if stopped():
                raise StoppedError

        go_on()
        return self._registrar.register(signed.path, embargoed=self._embargoed, on_progress=go_on)
