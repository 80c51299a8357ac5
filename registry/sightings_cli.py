"""The commands ``sightings``, for operators without the page."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from provenance.console import safe
from provenance.context import settings_of
from registry.sighting_values import Answer, Moderator, Reply, Sighting

if TYPE_CHECKING:
    from registry.store import Registry

_ORGANISATION = click.option("--organisation", metavar="NAME", help="As it is in its certificates.")


@click.group()
def sightings() -> None:
    """Look after sightings of clips, and their answers."""


@sightings.command("list")
@click.option("--answered", "public", is_flag=True, help="List what is answered and public, newest first.")
@_ORGANISATION
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Most to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_command(ctx: click.Context, public: bool, organisation: str | None, limit: int, as_json: bool) -> None:
    """List what waits for an answer, oldest first."""
    from registry import sighting_lists
    from registry.owners import owner_named

    owner = owner_named(organisation)
    with _open(ctx) as store:
        if public:
            page = sighting_lists.answered(store, limit=limit, owner=owner)
        else:
            page = sighting_lists.queue(store, Moderator(owner, admin=owner is None), limit=limit)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(sighting) for sighting in page.sightings], indent=2))
        return
    for sighting in page.sightings:
        click.echo(_line(sighting))
        if sighting.note:
            click.echo(f"  {safe(sighting.note)}")
    if not page.sightings:
        click.echo("no sighting is answered yet" if public else "no sighting waits for an answer", err=True)


@sightings.command("answer")
@click.argument("sighting_id")
@click.argument("answer", type=click.Choice([answer.value for answer in Answer]))
@click.option("--text", default="", help="What is published with the answer.")
@click.option("--asset", "asset_id", metavar="ID", help="The original, where it is not the one that was filed.")
@_ORGANISATION
@click.pass_context
def answer_command(
    ctx: click.Context, sighting_id: str, answer: str, text: str, asset_id: str | None, organisation: str | None
) -> None:
    """Publish an answer: ours as it was, cut or cropped (edited), altered, or not ours. Again to correct it.

    --organisation says whose answer it is, where the sighting was filed for nobody.
    """
    from registry.owners import owner_named
    from registry.sightings import answer as publish

    moderator = Moderator(owner_named(organisation), admin=True)
    with _open(ctx) as store:
        done = publish(store, sighting_id, Reply(Answer(answer), text, asset_id), moderator)
    click.echo(_line(done))


@sightings.command("dismiss")
@click.argument("sighting_id")
@click.pass_context
def dismiss_command(ctx: click.Context, sighting_id: str) -> None:
    """Put a sighting aside, such as spam. An answer that was published is taken back."""
    from registry.sightings import dismiss

    with _open(ctx) as store:
        done = dismiss(store, sighting_id, Moderator(None, admin=True))
    click.echo(_line(done))


def _line(sighting: Sighting) -> str:
    concerned = " — ".join(safe(part) for part in (sighting.title, sighting.owner) if part) or "nobody's yet"
    state = sighting.answer or sighting.state
    return (
        f"{sighting.sighting_id}  {sighting.filed_at[:10]}  {state:<9}  {sighting.times_filed}×  "
        f"{safe(sighting.address)}  ({concerned})"
    )


def _open(ctx: click.Context) -> Registry:
    from registry.store import open_registry

    return open_registry(settings_of(ctx))
