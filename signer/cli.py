"""``provenance init`` and ``provenance sign``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from provenance.console import progress, safe, stdout, warn
from provenance.context import NamedPath, error_as_json, error_as_text, settings_of
from provenance.exits import ExitCode
from signer.authority import WARNING
from signer.batch import Order, Outcome, Workshop, outputs_for
from signer.home import make_development_home
from signer.keys import default_key, entry_of, load_key
from signer.passphrase import existing_passphrase

_PATH = NamedPath()


@click.command(short_help="Make a home: development certificates, a signing key and an empty registry.")
@click.option("--profile", type=click.Choice(["development"]), default="development", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def init(ctx: click.Context, profile: str, as_json: bool) -> None:  # noqa: ARG001 - one profile so far
    """Make a home: development certificates, a signing key and an empty registry.

    Asks nothing and is safe to repeat: what is there already stays as it is.
    """
    settings = settings_of(ctx)
    made = make_development_home(settings)
    if as_json:
        click.echo(json.dumps({"home": str(settings.home), "key": made.key, "created": list(made.created)}, indent=2))
    else:
        console = stdout()
        console.print(f"home      {safe(settings.home)}", soft_wrap=True)
        console.print(f"key       {made.key}", soft_wrap=True)
        console.print(f"made      {', '.join(made.created) or 'nothing: all of it was there'}", soft_wrap=True)
    warn(f"FOR DEVELOPMENT ONLY. {WARNING}")


@click.command(short_help="Sign media files and read the result back.")
@click.argument("inputs", metavar="IN...", nargs=-1, required=True, type=_PATH)
@click.option("-o", "--output", type=_PATH, help="File (one input) or existing folder [NAME.signed.EXT beside].")
@click.option("--register", "registering", is_flag=True, help="Put the signed assets into the registry, too.")
@click.option("--force", is_flag=True, help="Replace existing outputs.")
@click.option("--title", help="Title [the file's name].")
@click.option("--author", help="Who made it.")
@click.option("--organisation", help="Who publishes it.")
@click.option("--captured-at", help="When it was captured, RFC 3339 with a zone.")
@click.option("--place", help="Where it was captured.")
@click.option("--source-type", default="digitalCapture", show_default=True, help="IPTC digital source type.")
@click.option("--key", "key_name", help="Key to sign with [the default key].")
@click.option("--passphrase-file", type=_PATH, help="Read the key's passphrase from this file.")
@click.option("--tsa", "tsa_url", metavar="URL", help="RFC 3161 time-stamp authority to ask; the only network use.")
@click.option("--withhold-reference", is_flag=True, help="Keep no reference copy: alterations cannot be localised.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def sign(
    ctx: click.Context,
    inputs: tuple[Path, ...],
    output: Path | None,
    registering: bool,
    force: bool,
    title: str | None,
    author: str | None,
    organisation: str | None,
    captured_at: str | None,
    place: str | None,
    source_type: str,
    key_name: str | None,
    passphrase_file: Path | None,
    tsa_url: str | None,
    withhold_reference: bool,
    embargo: bool,
    as_json: bool,
) -> None:
    """Sign media files and read the result back. Inputs are never modified.

    A file that is signed already keeps its history: its credential becomes the parent of the new one.
    """
    if embargo and not registering:
        raise click.UsageError("--embargo needs --register")
    if output is not None and not output.is_dir() and len(inputs) > 1:
        raise click.UsageError("with several inputs -o must be an existing folder")
    settings = settings_of(ctx)
    name = key_name or default_key(settings.keys)
    entry = entry_of(settings.keys, name)
    passphrase = existing_passphrase(name, passphrase_file) if entry.protected else None
    key = load_key(settings.keys, name, passphrase)
    order = Order(
        title=title,
        author=author,
        organisation=organisation,
        captured_at=captured_at,
        place=place,
        source_type=source_type,
        tsa_url=tsa_url,
        replace=force,
        withhold_reference=withhold_reference,
        registering=registering,
        embargoed=embargo,
    )
    pairs = outputs_for(inputs, output)
    if entry.development:
        warn(f"{name} is a development key: never publish what it signs")
    results = []
    with Workshop(settings, order, key) as workshop:
        for source, target in pairs:
            with progress(source.name, quiet=as_json) as advance:
                result = workshop.sign(source, target, advance)
            results.append(result)
            for note in result.asset.notes if result.asset else ():
                warn(f"{result.source}: {note}")
            if not as_json:
                _print(result)
    failures = sum(result.error is not None for result in results)
    if as_json:
        click.echo(json.dumps({"failed": failures, "results": [_as_json(result) for result in results]}, indent=2))
    elif len(results) > 1:
        stdout().print(f"{len(results) - failures} of {len(results)} done", soft_wrap=True)
    if failures:
        ctx.exit(ExitCode.FAILED)


def _print(result: Outcome) -> None:
    console = stdout()
    if result.asset is not None:
        console.print(f"signed {safe(result.source)} as {safe(result.asset.path)}", soft_wrap=True)
        if result.asset.sidecar is not None:
            console.print(f"  credential  {safe(result.asset.sidecar)} (keep it beside the file)", soft_wrap=True)
        console.print(f"  asset       {result.asset.asset_id}", soft_wrap=True)
    if result.registered is not None:
        console.print(f"  registered  {'yes' if result.registered.created else 'it was already'}", soft_wrap=True)
    if result.error is not None:
        doing = "registering" if result.asset else "signing"
        click.echo(f"{doing} {safe(result.source)}: {error_as_text(result.error)}", err=True)


def _as_json(result: Outcome) -> dict[str, Any]:
    return result.as_json() | (error_as_json(result.error) if result.error is not None else {"error": None})
