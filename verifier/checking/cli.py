"""``provenance check``: whether every asset is signed as it must be, for CI and hooks."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.console import progress, safe, stderr, warn
from provenance.context import NamedPath, settings_of
from provenance.exits import ExitCode
from provenance.ignoring import top_of
from registry.elsewhere_cli import directed
from verifier.checking.answer import answer_of, print_answer
from verifier.checking.finding import find_assets, find_changed, find_staged
from verifier.checking.reports import Form, refuse_foreign, write_report
from verifier.checking.revisions import Repository
from verifier.checking.rules import RULES_FILE, Rules, load_rules

if TYPE_CHECKING:
    from verifier.checking.examining import CheckedAsset

_MOST_JOBS = 4
"""Assets read at once unless more are asked for: each may take some hundred MB."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PATH = NamedPath()
_FILE = NamedPath(dir_okay=False)


@click.command()
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=_PATH)
@click.option("--since", metavar="REV", help="Only what differs from this git revision.")
@click.option("--staged", is_flag=True, help="Only what the next commit would add or change, as it would hold it.")
@click.option("--signer", "signers", metavar="NAME", multiple=True, help="Who may have signed; may be repeated.")
@click.option(
    "--signer-sha256", "certificates", metavar="HEX", multiple=True, help="Or whose certificate; may be repeated."
)
@click.option("--registered", is_flag=True, help="Each asset must be in the registry, too.")
@click.option(
    "--registry", "registry_url", metavar="URL", help="In the registry at this address; implies --registered."
)
@click.option("--token-file", type=_PATH, help="File with the token to ask it with [PROVENANCE_REGISTRY_TOKEN].")
@click.option("--rules", "rules_file", type=_FILE, help=f"File with the rules [{RULES_FILE} of the repository].")
@click.option("--baseline", type=_FILE, help="List of old files whose faults are known, and pass while unchanged.")
@click.option("--write-baseline", is_flag=True, help="List all faults there are in the --baseline file, and pass.")
@click.option("--junit", "junit_file", type=_FILE, help="Also write JUnit XML to this file.")
@click.option("--sarif", "sarif_file", type=_FILE, help="Also write SARIF 2.1.0 to this file.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Assets read at once [processors, at most 4].")
@click.option("-q", "--quiet", is_flag=True, help="Print only what fails.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[Path, ...],
    since: str | None,
    staged: bool,
    signers: tuple[str, ...],
    certificates: tuple[str, ...],
    registered: bool,
    registry_url: str | None,
    token_file: Path | None,
    rules_file: Path | None,
    baseline: Path | None,
    write_baseline: bool,
    junit_file: Path | None,
    sarif_file: Path | None,
    jobs: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Check that every asset in PATH... is signed and intact; folders are searched.

    PATH may be files, folders, and quoted patterns such as 'media/**/*.jpg'. Files that are no media are counted and
    passed over, unless they are named or call themselves media; what .provenanceignore names (as in .gitignore) is
    left out. With --since or --staged, PATH may be left out, and it is no failure if nothing was changed.

    Exit codes: 0 all are, 6 at least one is not, 1 the command failed or found no asset.
    """
    if since is not None and staged:
        raise click.UsageError("--since and --staged exclude each other")
    if not paths and since is None and not staged:
        raise click.UsageError("name what to check: PATH..., --since REV or --staged")
    if write_baseline and (since is not None or staged):
        raise click.UsageError("--write-baseline lists all that is there, not only what was changed")
    began = time.monotonic()
    rules = load_rules(rules_file or top_of(Path()) / RULES_FILE, needed=rules_file is not None)
    rules = Rules(
        signers=signers or rules.signers,
        certificates=_certificates(certificates or rules.certificates),
        registered=registered or registry_url is not None or rules.registered,
        baseline=baseline or rules.baseline,
    )
    if "" in rules.signers:
        raise click.UsageError("the name of a signer is empty; an unset variable?")
    if write_baseline and rules.baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE")
    if write_baseline and rules.baseline is not None:
        from verifier.checking.baseline import refuse_other

        refuse_other(rules.baseline)
    reports = [(path, form) for path, form in ((junit_file, Form.JUNIT), (sarif_file, Form.SARIF)) if path is not None]
    for path, form in reports:
        refuse_foreign(path, form)
    with ExitStack() as stack:
        if since is not None:
            found = find_changed(Repository(), since, paths)
        elif staged:
            found = find_staged(Repository(), paths, stack)
        else:
            found = find_assets(paths)
        checked: list[CheckedAsset] = []
        if found.assets:
            # Here and not at the top: most hooks run where no asset was changed, and all that reads one takes time.
            from verifier.checking.run import examine

            settings = directed(settings_of(ctx), registry_url, token_file)
            with progress("Checking", quiet=as_json) as advance:
                checked = examine(found.assets, rules, settings, jobs or _processors(), advance)
        stale: list[str] = []
        if rules.baseline is not None:
            from verifier.checking.baseline import load_baseline, write_baseline_of

            if write_baseline:
                listed = write_baseline_of(rules.baseline, checked)
                stderr().print(f"{listed} known faults listed in {safe(rules.baseline)}", soft_wrap=True)
            checked, stale = load_baseline(rules.baseline).applied(checked)
    for path, form in reports:
        write_report(path, form, checked, seconds=time.monotonic() - began)
    for name in stale:
        warn(f"the entry {name} of the baseline is stale: renew the list with --write-baseline")
    if as_json:
        click.echo(json.dumps(answer_of(checked, found, stale), indent=2))
    else:
        print_answer(checked, found, quiet=quiet)
    ctx.exit(ExitCode.OK if all(asset.passes for asset in checked) else ExitCode.UNTRUSTED)


def _certificates(given: tuple[str, ...]) -> tuple[str, ...]:
    plain = tuple(re.sub(r"[\s:]", "", text).lower() for text in given)
    if not all(map(_DIGEST.fullmatch, plain)):
        raise click.UsageError("a certificate is named by its SHA-256: 64 hexadecimal digits, as `inspect` shows them")
    return plain


def _processors() -> int:
    return min(len(os.sched_getaffinity(0)), _MOST_JOBS)
