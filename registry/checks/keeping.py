"""Reports that shall stay, because whoever asked for them said so."""

from __future__ import annotations

from provenance.errors import RegistryError
from registry.checks.asking import look
from registry.checks.models import CheckRow
from registry.checks.values import State
from registry.store import Registry


def keep(registry: Registry, check_id: str) -> None:
    """Let a finished check never expire. Whoever knows its id, which nobody can guess, reads the report.

    Raises:
        RegistryError: there is none of this id, or it has expired (``check.unknown``); ``check.not_done``.
    """
    check = look(registry, check_id)
    if check.state is not State.DONE:
        raise RegistryError(
            "check.not_done",
            "only a report can be kept, and there is none of this check",
            expected="a check that is done",
            found=check.state,
            hint="wait until the clip has been examined",
        )
    with registry.writing() as session:
        row = session.get(CheckRow, check_id)
        if row is not None:
            row.expires_at = None
