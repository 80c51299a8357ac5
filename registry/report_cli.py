"""The command ``report``: what a registry has signed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from provenance.console import safe
from provenance.context import NamedPath, error_as_json, error_as_text, settings_of
from provenance.errors import RegistryError
from provenance.exits import ExitCode


@click.group()
def report() -> None:
    """Look at reports that a registry has signed."""


@report.command("check")
@click.argument("file", type=NamedPath())
@click.option("--key", type=NamedPath(), help="Public key of the registry, PEM (GET /v1/report-key) [this home's own].")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (provenance.report/1).")
@click.pass_context
def check_command(ctx: click.Context, file: Path, key: Path | None, as_json: bool) -> None:
    """Check that FILE, a signed report (report.dsse), is as its registry signed it. Exit code 6: it is not."""
    from registry.checks.envelope import MOST_BYTES, load_public, report_key, unseal

    public = report_key(settings_of(ctx)).public_key() if key is None else load_public(key.read_bytes())
    with file.open("rb") as stream:
        envelope = stream.read(MOST_BYTES)
    try:
        said = json.loads(unseal(envelope, public))
    except RegistryError as error:
        click.echo(json.dumps(error_as_json(error), indent=2) if as_json else error_as_text(error), err=not as_json)
        ctx.exit(ExitCode.UNTRUSTED)
    if as_json:
        click.echo(json.dumps(said, indent=2))
        return
    click.echo(f"signed    by the registry, {safe(said['checked_at'])}")
    click.echo(f"clip      SHA-256 {safe(said['clip']['sha256'])}")
    click.echo(f"verdict   {safe(said['verdict'])}: {safe(said['summary'])}")
