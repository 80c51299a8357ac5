"""The command ``serve``."""

from __future__ import annotations

import logging

import click

from provenance.console import safe
from provenance.context import settings_of


@click.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 for any free one [8080].")
@click.option("--database-url", help="Database to serve [the registry of the home].")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, database_url: str | None) -> None:
    """Serve the registry: resolution API, our own API and pages. Ctrl-C ends it when what is asked is answered."""
    import uvicorn

    from registry.server.app import create_app
    from registry.store import open_registry

    settings = settings_of(ctx)
    if database_url is not None:
        settings = settings.model_copy(update={"database_url": database_url})
    # Opened once before anything listens, so that what is wrong is said here and in words.
    open_registry(settings).close()
    logging.getLogger("provenance.requests").setLevel(logging.INFO)
    where = settings.server
    config = uvicorn.Config(
        create_app(settings),
        host=where.host if host is None else host,
        port=where.port if port is None else port,
        access_log=False,  # it would note who asked for what
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=30,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    address, bound = socket.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    click.echo(f"serving {safe(settings.home)} at http://{shown}:{bound}/  (Ctrl-C ends it)", err=True)
    server.run(sockets=[socket])
