"""The command ``register``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from provenance.console import progress, safe, warn
from provenance.context import NamedPath, error_as_json, error_as_text, settings_of
from provenance.errors import ProvenanceError
from provenance.exits import ExitCode
from registry.elsewhere_cli import at_registry, directed


@click.command()
@click.argument("signed", nargs=-1, required=True, type=NamedPath())
@click.option("--reference", type=NamedPath(), help="Its reference copy (with one SIGNED only).")
@click.option("--embargo", is_flag=True, help="Let nobody but the owner find it until it is released.")
@click.option(
    "--embargo-until",
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")),
    help="End the embargo by itself at this time (UTC).",
)
@at_registry
@click.option("--without-file", is_flag=True, help="Send --registry manifest and reference copy only, not the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def register(
    ctx: click.Context,
    signed: tuple[Path, ...],
    reference: Path | None,
    embargo: bool,
    embargo_until: datetime | None,
    registry_url: str | None,
    token_file: Path | None,
    without_file: bool,
    as_json: bool,
) -> None:
    """Put signed assets into the registry, or into the one at --registry. Safe to repeat."""
    from registry.registrars import open_registrar

    if reference is not None and len(signed) != 1:
        raise click.UsageError("--reference goes with one signed file")
    settings = directed(settings_of(ctx), registry_url, token_file)
    if without_file and settings.registry_url is None:
        raise click.UsageError("--without-file goes with --registry")
    results: list[dict[str, Any]] = []
    failed = False
    with open_registrar(settings, without_file=without_file) as registrar:
        for path in signed:
            try:
                with progress(path.name, quiet=as_json) as advance:
                    done = registrar.register(
                        path,
                        reference=reference,
                        embargoed=embargo,
                        embargoed_until=embargo_until.replace(tzinfo=UTC) if embargo_until else None,
                        on_progress=advance,
                    )
            except ProvenanceError as error:
                # The other files are no worse for this one.
                failed = True
                results.append({"file": str(path)} | error_as_json(error))
                if not as_json:
                    click.echo(error_as_text(error), err=True)
                continue
            receipt = done.receipt.as_json() if done.receipt else None
            said = {"file": str(path), "asset_id": done.asset_id, "created": done.created, "receipt": receipt}
            results.append(said | {"same_picture_as": list(done.same_picture_as)})
            if done.same_picture_as:
                warn(f"another owner registered the same picture: {', '.join(done.same_picture_as)}")
            if not as_json:
                words = "registered" if done.created else "was registered already"
                place = f"entry {done.receipt.leaf_index} of the log" if done.receipt else "not in the log yet"
                click.echo(f"{done.asset_id}  {safe(path.name)} {words}, {place}")
    if as_json:
        click.echo(json.dumps(results, indent=2))
    if failed:
        ctx.exit(ExitCode.FAILED)
