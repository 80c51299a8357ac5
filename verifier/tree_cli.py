"""``provenance tree``: the whole history of a file, as its credentials tell it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from provenance.console import safe, stdout
from provenance.context import NamedPath, settings_of
from provenance.credentials.reader import read_credential
from provenance.credentials.tree import tree_of
from provenance.credentials.values import CredentialState
from provenance.exits import ExitCode
from provenance.media.kinds import sniff
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from verifier.tree_view import as_json as view_as_json
from verifier.tree_view import as_lines


@click.command()
@click.argument("file", type=NamedPath())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--sidecar", type=NamedPath(), help="Read the credential from this file instead.")
@click.pass_context
def tree(ctx: click.Context, file: Path, as_json: bool, sidecar: Path | None) -> None:
    """Show what FILE was made from and what was done to it, as its credentials tell.

    Every manifest in the file: who signed it, its actions, what AI made, what was redacted, and each ingredient with
    what fails in it. Asks no registry.

    Exit codes: 0 authentic, 6 not signed, not intact or signer not trusted, 1 the command failed.
    """
    settings = settings_of(ctx)
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    credential = read_credential(file, anchors=anchors, policy=policy, sidecar=sidecar)
    if credential.state is CredentialState.UNSUPPORTED and credential.remote_url is None:
        # What is no media at all is a mistake of the asker, not a state of a credential.
        sniff(file)
    node = tree_of(credential, anchors)
    if as_json:
        click.echo(json.dumps(view_as_json(str(file), credential, node), indent=2))
    else:
        console = stdout()
        for line in as_lines(credential, node):
            console.print(safe(line), soft_wrap=True)
    ctx.exit(ExitCode.OK if credential.state is CredentialState.AUTHENTIC else ExitCode.UNTRUSTED)
