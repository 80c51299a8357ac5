"""The command ``assets restore``."""

from __future__ import annotations

from pathlib import Path

import click

from provenance.console import progress, safe, warn
from provenance.context import NamedPath, settings_of


@click.command("restore")
@click.argument("source", type=NamedPath())
@click.pass_context
def restore_command(ctx: click.Context, source: Path) -> None:
    """Put the backup SOURCE into this home's registry, on SQLite or PostgreSQL, which must be empty.

    All of it is restored or nothing. Keys and trust lists are not in a backup: copy them into the home as well.
    """
    from registry.databases import database_of
    from registry.restore import restore

    settings = settings_of(ctx)
    with progress("restoring") as advance:
        done = restore(settings, source, work=settings.home / "work", on_progress=advance)
    click.echo(f"{done.assets} assets and {done.blobs} blobs restored into {safe(database_of(settings).name)}")
    if done.log_fault is not None:
        warn(f"nothing can be recorded yet: {done.log_fault}")
