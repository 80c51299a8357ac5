"""The command ``assets revoke-key``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from provenance.console import safe
from provenance.context import settings_of


@click.command("revoke-key")
@click.argument("fingerprint")
@click.option(
    "--at",
    "since",
    required=True,
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")),
    help="From when it is not to be trusted (UTC).",
)
@click.option("--reason", required=True, help="Why; everybody can read it.")
@click.pass_context
def revoke_key_command(ctx: click.Context, fingerprint: str, since: datetime, reason: str) -> None:
    """Record that the certificate with this SHA-256 FINGERPRINT was revoked. It stays on record.

    What it signed stays registered, and reports name the revocation from now on. Nothing more is registered that it
    signed, unless a trusted time stamp is from before.
    """
    from registry.assets import local_user
    from registry.revocations import revoke_key
    from registry.store import open_registry

    with open_registry(settings_of(ctx)) as registry:
        revoke_key(registry, fingerprint, since.replace(tzinfo=UTC), reason, local_user())
    click.echo(f"{safe(fingerprint)} revoked")
