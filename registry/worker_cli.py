"""The command ``worker``."""

from __future__ import annotations

import signal
import threading

import click

from provenance.console import safe
from provenance.context import settings_of


@click.command(short_help="Examine the clips that were sent to the registry.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Clips examined at once.")
@click.option("--database-url", help="Database of the registry [that of the home].")
@click.pass_context
def worker(ctx: click.Context, jobs: int, database_url: str | None) -> None:
    """Examine the clips that were sent to the registry, until Ctrl-C or SIGTERM.

    Any number of workers may run for one registry, on other machines too if it is on PostgreSQL and the setting
    checks.files_url names a place that all of them reach. What is under way when one ends goes back into the queue.
    """
    from registry.checks.worker import Worker
    from registry.store import open_registry

    settings = settings_of(ctx)
    if database_url is not None:
        settings = settings.model_copy(update={"database_url": database_url})
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    with open_registry(settings) as registry:
        work = Worker(registry, settings, jobs)
        work.start()
        click.echo(f"examining clips for {safe(settings.home)}, {jobs} at a time  (Ctrl-C ends it)", err=True)
        asked.wait()
        work.stop()
