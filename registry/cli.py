"""The command ``assets``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provenance.console import progress, safe
from provenance.context import NamedPath, settings_of
from provenance.exits import ExitCode
from registry.conflicts_cli import conflicts_command
from registry.elsewhere_cli import at_registry, directed, publisher
from registry.restore_cli import restore_command
from registry.revocations_cli import revoke_key_command

if TYPE_CHECKING:
    from registry.assets import AssetRecord
    from registry.store import Registry

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def assets() -> None:
    """Look after registered assets."""


assets.add_command(conflicts_command)
assets.add_command(restore_command)
assets.add_command(revoke_key_command)


@assets.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Most assets to list.")
@_JSON
@click.pass_context
def list_command(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the newest assets."""
    from registry.assets import list_assets

    with _open(ctx) as store:
        lines = list_assets(store, limit)
    if as_json:
        rows = [
            {
                "asset_id": line.asset_id,
                "title": line.title,
                "signer": line.signer,
                "media_type": line.media_type,
                "duration": None if line.duration is None else round(float(line.duration), 3),
                "registered_at": line.registered_at,
                "status": line.status,
                "embargoed": line.embargoed,
            }
            for line in lines
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    for line in lines:
        state = f"{line.status}, embargoed" if line.embargoed else line.status
        click.echo(f"{line.asset_id}  {line.registered_at[:10]}  {state:<12}  {safe(line.title)} — {safe(line.signer)}")
    if not lines:
        click.echo("no asset is registered yet", err=True)


@assets.command("show")
@click.argument("asset_id")
@_JSON
@click.pass_context
def show_command(ctx: click.Context, asset_id: str, as_json: bool) -> None:
    """Show one asset, its history and its place in the log."""
    from registry.assets import show_asset
    from registry.log.local import LocalLog

    with _open(ctx) as store:
        facts = _facts(show_asset(store, asset_id))
        receipt = LocalLog(store).receipt(asset_id)
    facts["receipt"] = receipt.as_json() if receipt else None
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        if name not in {"claims", "events", "receipt"} and value is not None:
            click.echo(f"{name.replace('_', ' ') + ':':<19}{safe(value)}")
    for claim in facts["claims"]:
        click.echo(f"{'claim:':<19}{safe(claim)}")
    for event in facts["events"]:
        detail = ", ".join(f"{key}: {value}" for key, value in event["detail"].items())
        place = "not in the log yet" if event["leaf_index"] is None else f"log entry {event['leaf_index']}"
        words = f"{event['kind']} by {safe(event['actor'])}, {place}"
        click.echo(f"{'event:':<19}{event['at']}  {words}  {safe(detail)}".rstrip())


@assets.command("withdraw")
@click.argument("asset_id")
@click.option("--reason", required=True, help="Why; it stays on record.")
@at_registry
@click.pass_context
def withdraw_command(
    ctx: click.Context, asset_id: str, reason: str, registry_url: str | None, token_file: Path | None
) -> None:
    """Take an asset out of searches for good. It stays on record."""
    from registry.assets import local_user, withdraw

    if registry_url is not None:
        with publisher(directed(settings_of(ctx), registry_url, token_file)) as elsewhere:
            elsewhere.withdraw(asset_id, reason)
    else:
        with _open(ctx) as store:
            withdraw(store, asset_id, reason, local_user())
    click.echo(f"{safe(asset_id)} withdrawn")


@assets.command("release")
@click.argument("asset_id")
@at_registry
@click.pass_context
def release_command(ctx: click.Context, asset_id: str, registry_url: str | None, token_file: Path | None) -> None:
    """End an asset's embargo."""
    from registry.assets import local_user, release

    if registry_url is not None:
        with publisher(directed(settings_of(ctx), registry_url, token_file)) as elsewhere:
            elsewhere.release(asset_id)
    else:
        with _open(ctx) as store:
            release(store, asset_id, local_user())
    click.echo(f"{safe(asset_id)} released")


@assets.command("supersede")
@click.argument("old_id")
@click.argument("new_id")
@at_registry
@click.pass_context
def supersede_command(
    ctx: click.Context, old_id: str, new_id: str, registry_url: str | None, token_file: Path | None
) -> None:
    """Say that NEW_ID replaces OLD_ID. The old one is still found, and says so."""
    from registry.assets import local_user, supersede

    if registry_url is not None:
        with publisher(directed(settings_of(ctx), registry_url, token_file)) as elsewhere:
            elsewhere.supersede(old_id, new_id)
    else:
        with _open(ctx) as store:
            supersede(store, old_id, new_id, local_user())
    click.echo(f"{safe(old_id)} superseded by {safe(new_id)}")


@assets.command("backup")
@click.argument("target", type=NamedPath())
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_context
def backup_command(ctx: click.Context, target: Path, force: bool) -> None:
    """Write the whole registry into the tar file TARGET. It may stay in use meanwhile."""
    from registry.backup import back_up

    with _open(ctx) as store, progress("backing up") as advance:
        done = back_up(store, target, work=settings_of(ctx).home / "work", replace=force, on_progress=advance)
    click.echo(f"{done.assets} assets and {done.blobs} blobs in {safe(target)} ({done.size_bytes} bytes)")


@assets.command("reindex")
@click.option("--bands", type=click.IntRange(1, 64), help="Bands of a hash; the present number if left out.")
@click.option("--band-bits", type=click.IntRange(8, 24), help="Bits of a band; the present number if left out.")
@click.option("--cancel", "cancelled", is_flag=True, help="Throw away an index that is half built.")
@click.pass_context
def reindex_command(ctx: click.Context, bands: int | None, band_bits: int | None, cancelled: bool) -> None:
    """Build the search index anew from what is stored. The registry stays in use; goes on where it was stopped."""
    from registry.reindex import cancel, changed_parameters, reindex

    if cancelled and (bands or band_bits):
        raise click.UsageError("--cancel goes with no other option")
    with _open(ctx) as store:
        if cancelled:
            click.echo("the half-built index is gone" if cancel(store) else "no index is being built")
            return
        try:
            parameters = changed_parameters(store, bands, band_bits)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        with progress("indexing") as advance:
            done = reindex(store, parameters, on_progress=advance)
    used = done.version.parameters
    click.echo(
        f"index {done.version.number} is in use: {used.bands} bands of {used.band_bits} bits; "
        f"{done.entered} assets entered"
    )


@assets.command("check")
@click.pass_context
def check_command(ctx: click.Context) -> None:
    """Read everything that is stored and check that it holds."""
    from registry.backup import faults

    found = 0
    with _open(ctx) as store:
        for found, fault in enumerate(faults(store), 1):  # noqa: B007 - the count is wanted afterwards
            click.echo(safe(fault))
    if found:
        click.echo(f"{found} faults; restore a backup (docs/backup.md)", err=True)
        ctx.exit(ExitCode.FAILED)
    click.echo("everything holds")


def _open(ctx: click.Context) -> Registry:
    # Here and not at the top: the database library costs more than the rest of start-up together.
    from registry.store import open_registry

    return open_registry(settings_of(ctx))


def _facts(record: AssetRecord) -> dict[str, Any]:
    original = record.original
    return {
        "asset_id": original.asset_id,
        "title": original.title,
        "status": original.status,
        "signer": original.signer,
        "owner": record.owner,
        "signer_fingerprint": original.signer_fingerprint,
        "signed_at": original.signed_at,
        "registered_at": original.registered_at,
        "embargoed": record.embargoed,
        "embargoed_until": record.embargoed_until,
        "media_type": original.media_type,
        "duration": None if original.duration is None else round(float(original.duration), 3),
        "width": original.width,
        "height": original.height,
        "fps": None if original.fps is None else round(original.fps, 3),
        "has_audio": original.has_audio,
        "manifest_label": original.manifest_label,
        "hard_binding": original.hard_binding,
        "reference_signed": record.signed_reference_sha256,
        "reference_held": original.reference_sha256,
        "claims": list(original.claims),
        "events": [
            {
                "number": e.number,
                "kind": e.kind,
                "at": e.at,
                "actor": e.actor,
                "detail": dict(e.detail),
                "leaf_index": e.leaf_index,
            }
            for e in record.events
        ],
    }
