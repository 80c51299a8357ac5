"""The root command. Commands join through entry points and are imported only when called."""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from provenance import __version__
from provenance.console import safe
from provenance.context import NamedPath, RootOptions, command_errors
from provenance.importing import imports_that_stay

GROUP = "provenance.commands"
_AS_JSON = "provenance.cli.as_json"
_AS_LINES = "provenance.cli.as_lines"

# In the order of the work. Help reads from here, since asking the commands would import them all; a test keeps
# these words equal to the commands' own.
SHORT_HELP = {
    "init": "Make a home: development certificates, a signing key and an empty registry.",
    "capture": "Record a camera or a stream in segments that are signed at once.",
    "sign": "Sign media files and read the result back.",
    "restamp": "Sign again, with a time stamp, what was signed without one for the time being.",
    "watch": "Sign what arrives in a folder, each file once.",
    "register": "Put signed assets into the registry, or into the one at --registry.",
    "verify": "Say what a clip is and what was done to it.",
    "inspect": "Show the credential of FILE.",
    "diff": "Say what was done to A to make B.",
    "tree": "Show what FILE was made from and what was done to it, as its credentials tell.",
    "check": "Check that every asset in PATH... is signed and intact; folders are searched.",
    "serve": "Serve the registry: resolution API, our own API and pages.",
    "worker": "Examine the clips that were sent to the registry.",
    "log": "Check the append-only log of a registry, or watch it.",
    "report": "Look at reports that a registry has signed.",
    "assets": "Look after registered assets.",
    "reverify": "Go over registered assets, and say what changed since they were registered.",
    "sightings": "Look after sightings of clips, and their answers.",
    "keys": "Look after signing keys.",
    "trust": "Look after trust anchors.",
    "organisations": "Look after the organisations that tokens act for.",
    "tokens": "Look after the tokens of those who use the registry over HTTP.",
}


class LazyGroup(click.Group):
    """A group whose commands are entry points, and the border where their errors become messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every installed command, in the order of the work, then those of other packages."""
        order = list(SHORT_HELP)
        return sorted(_installed(), key=lambda name: (order.index(name) if name in order else len(order), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one command that was asked for."""
        entry = _installed().get(cmd_name)
        if entry is None:
            return None
        command = _loaded(entry)
        if not isinstance(command, click.Command):
            raise click.ClickException(f"the installed command {safe(cmd_name)} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        installed = _installed()
        rows = [(name, SHORT_HELP.get(name) or _from_elsewhere(installed[name])) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember whether the command is to answer in JSON: its own context is gone once it has failed."""
        options = args[: args.index("--")] if "--" in args else args
        ctx.meta[_AS_LINES] = "--json-lines" in options
        ctx.meta[_AS_JSON] = "--json" in options or ctx.meta[_AS_LINES]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it raises becomes one message and an exit code."""
        with command_errors(ctx, as_json=ctx.meta[_AS_JSON], as_lines=ctx.meta[_AS_LINES]):
            return super().invoke(ctx)


@cache
def _installed() -> dict[str, EntryPoint]:
    """All commands by name; looking through every installed package takes its time."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _loaded(entry: EntryPoint) -> Any:
    with imports_that_stay():
        return entry.load()


def _from_elsewhere(entry: EntryPoint) -> str:
    return f"(from {entry.dist.name})" if entry.dist else ""


@click.group(cls=LazyGroup, name="provenance", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=NamedPath(), help="Folder of keys, trust and registry [PROVENANCE_HOME].")
@click.option("--require-sandbox", is_flag=True, help="Refuse to decode media where the decoder cannot be fenced.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done, and show where an error came from.")
@click.version_option(__version__, prog_name="provenance")
@click.pass_context
def main(ctx: click.Context, home: Path | None, require_sandbox: bool, verbose: bool) -> None:
    """Sign footage, register it, and say what was done to the copies that go round."""
    ctx.obj = RootOptions(home=home, require_sandbox=require_sandbox, verbose=verbose)
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )


if __name__ == "__main__":
    main()
