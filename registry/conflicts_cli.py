"""The command ``assets conflicts``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from provenance.console import safe
from provenance.context import settings_of

if TYPE_CHECKING:
    from registry.conflicts import Party


@click.command("conflicts")
@click.option("--owner", help="Only those of this owner's assets, as that one may see them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def conflicts_command(ctx: click.Context, owner: str | None, as_json: bool) -> None:
    """List pictures that two owners have registered, and who is first in the log."""
    from registry.conflicts import conflicts
    from registry.store import open_registry

    with open_registry(settings_of(ctx)) as registry:
        found = conflicts(registry, owner)
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found], indent=2))
        return
    for each in found:
        click.echo(f"{each.at}  the same picture is registered twice")
        click.echo(f"  first  {_line(each.earlier)}")
        click.echo(f"  then   {_line(each.later)}")
    if not found:
        click.echo("no picture is registered by two owners", err=True)


def _line(party: Party) -> str:
    place = "not in the log yet" if party.leaf_index is None else f"log entry {party.leaf_index}"
    who = "under an embargo" if party.owner is None else f"{safe(party.title)} — {safe(party.owner)}, {party.status}"
    return f"{party.asset_id}  {party.registered_at}  {place}  {who}"
