"""The command ``serve``."""

from __future__ import annotations

import logging
import signal
import socket
from types import FrameType

import click

from provenance.console import safe
from provenance.context import settings_of
from provenance.errors import RegistryError


@click.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 for any free one [8080].")
@click.option("--database-url", help="Database to serve [the registry of the home].")
@click.option("--worker/--no-worker", "working", default=True, help="Examine clips, too [one at a time].")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, database_url: str | None, working: bool) -> None:
    """Serve the registry: resolution API, our own API and pages. Ctrl-C ends it when what is asked is answered."""
    import uvicorn

    from registry.checks.worker import Worker
    from registry.server.app import create_app
    from registry.store import open_registry

    settings = settings_of(ctx)
    if database_url is not None:
        settings = settings.model_copy(update={"database_url": database_url})
    logging.getLogger("provenance.requests").setLevel(logging.INFO)
    where = settings.server
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=where.host if host is None else host,
        port=where.port if port is None else port,
        access_log=False,  # it would note who asked for what
        log_config=None,
        server_header=False,
        proxy_headers=False,  # see the setting server.trusted_proxies
        timeout_graceful_shutdown=30,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=64 * 1024,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Those who follow a check are let go: the server waits for everybody else's answer.
            app.state.stopping.set()
            super().handle_exit(sig, frame)

    # Opened before anything listens, so that what is wrong is said here and in words.
    with open_registry(settings) as registry:
        worker = Worker(registry, settings) if working else None
        # Who reads the address below may ask at once, and waits for the answer.
        listener = _listening(config.host, config.port, config.backlog)
        address, bound = listener.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        click.echo(f"serving {safe(settings.home)} at http://{shown}:{bound}/  (Ctrl-C ends it)", err=True)
        # After its own good end uvicorn sends the signal once more; the worker is still to be stopped then.
        signal.signal(signal.SIGTERM, lambda *_: None)
        if worker is not None:
            worker.start()
        try:
            Server(config).run(sockets=[listener])
        finally:
            if worker is not None:
                worker.stop()


def _listening(host: str, port: int, backlog: int) -> socket.socket:
    six = ":" in host
    family = socket.AF_INET6 if six else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=backlog, dualstack_ipv6=six)
    except (OSError, UnicodeError) as error:
        raise RegistryError(
            "serve.address",
            f"nothing can listen at port {port} of {host}",
            expected="an address of this machine, and a port that is free",
            found=getattr(error, "strerror", None) or type(error).__name__,
            hint="choose another with --host and --port",
        ) from error
