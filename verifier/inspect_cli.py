"""``provenance inspect`` and ``provenance check``: what credentials say, without asking any registry."""

from __future__ import annotations

import json
from pathlib import Path

import click

from provenance.console import safe, stdout
from provenance.context import NamedPath, settings_of
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.exits import ExitCode
from provenance.media.kinds import sniff
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from verifier.asset_check import CheckedAsset, check_assets, find_assets
from verifier.credential_view import as_json as view_as_json
from verifier.credential_view import as_rows

_LABEL = 14
_COLOURS = {CredentialState.AUTHENTIC: "green", CredentialState.NONE: "yellow", CredentialState.UNTRUSTED: "yellow"}


@click.command()
@click.argument("file", type=NamedPath())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--sidecar", type=NamedPath(), help="Read the credential from this file instead.")
@click.pass_context
def inspect(ctx: click.Context, file: Path, as_json: bool, sidecar: Path | None) -> None:
    """Show the credential of FILE.

    Exit codes: 0 authentic, 6 not signed, not intact or signer not trusted, 1 the command failed.
    """
    settings = settings_of(ctx)
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    credential = read_credential(file, anchors=anchors, policy=policy, sidecar=sidecar)
    if credential.state is CredentialState.UNSUPPORTED and credential.remote_url is None:
        # What is no media at all is a mistake of the asker, not a state of a credential.
        sniff(file)
    if as_json:
        click.echo(json.dumps(view_as_json(str(file), credential), indent=2))
    else:
        console = stdout()
        for number, (label, value) in enumerate(as_rows(credential)):
            style = None if number else f"bold {_COLOURS.get(credential.state, 'red')}"
            console.print(f"{label:<{_LABEL}}{safe(value)}", style=style, soft_wrap=True)
    ctx.exit(ExitCode.OK if credential.state is CredentialState.AUTHENTIC else ExitCode.UNTRUSTED)


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=NamedPath())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, paths: tuple[Path, ...], as_json: bool) -> None:
    """Check that every asset in PATH... is signed and intact; folders are searched.

    Files that are no media are counted and passed over, unless they are named or call themselves media.

    Exit codes: 0 all are, 6 at least one is not, 1 the command failed or found no asset.
    """
    settings = settings_of(ctx)
    anchors = load_anchors(settings.anchors)
    policy = load_policy(settings, anchors)
    found = find_assets(paths)
    console = stdout()
    checked = []
    for asset in check_assets(found.assets, anchors=anchors, policy=policy):
        checked.append(asset)
        if not as_json:
            console.print(_line(asset), style=None if asset.good else "red", soft_wrap=True)
    failed = sum(not asset.good for asset in checked)
    if as_json:
        answer = {
            "schema": "provenance.check/1",
            "checked": len(checked),
            "failed": failed,
            "ignored": found.ignored,
            "assets": [asset.as_json() for asset in checked],
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        passed_over = f", {found.ignored} other files passed over" if found.ignored else ""
        console.print(f"{len(checked)} assets, {failed} not signed and intact{passed_over}", soft_wrap=True)
    ctx.exit(ExitCode.UNTRUSTED if failed else ExitCode.OK)


def _line(asset: CheckedAsset) -> str:
    mark = "ok  " if asset.good else "FAIL"
    reason = (asset.signer or "") + (f", {asset.reason}" if asset.codes else "") if asset.good else asset.reason
    return f"{mark}  {safe(asset.path)}  {safe(asset.state)}  {safe(reason or '')}"
