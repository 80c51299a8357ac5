"""``provenance-sign-hook``: signs what a commit would add unsigned, for pre-commit.

The signed file is written beside, as ``provenance sign`` does, and the commit is stopped: which of the two is published
is the photographer's word, not a hook's.
"""

from __future__ import annotations

from pathlib import Path

import click

from provenance.cli import main
from provenance.console import stderr
from provenance.context import NamedPath, command_errors
from provenance.credentials.reader import read_credential
from provenance.credentials.values import CredentialState
from provenance.errors import CredentialError, MediaError
from provenance.exits import ExitCode
from provenance.ignoring import IgnoreFiles, top_of
from provenance.replacing import commands_to_replace
from provenance.trust.policy import SignedUnder

_UNSIGNED = (CredentialState.NONE, CredentialState.UNSUPPORTED)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, type=NamedPath())
@click.option("--key", metavar="TEXT", help="As of `provenance sign`.")
@click.option("--author", metavar="TEXT", help="As of `provenance sign`.")
@click.option("--organisation", metavar="TEXT", help="As of `provenance sign`.")
@click.pass_context
def sign_hook(
    ctx: click.Context, files: tuple[Path, ...], key: str | None, author: str | None, organisation: str | None
) -> None:
    """Sign each FILE that carries no credential, beside it, and fail if there was one.

    What .provenanceignore names is passed over. The home is that of PROVENANCE_HOME; passphrases and PINs come from the
    environment alone.

    Exit codes: 0 there was nothing to sign, 1 something was signed or could not be.
    """
    with command_errors(ctx, as_json=False):
        ignores = IgnoreFiles(top_of(Path()))
        unsigned = [file for file in files if not ignores.ignores(file) and _is_unsigned(file)]
        if not unsigned:
            return
        options = {"--key": key, "--author": author, "--organisation": organisation}
        words = [word for name, value in options.items() if value for word in (name, value)]
        # --force: the file beside is of an earlier try.
        code = main.main(["sign", "--force", *words, "--", *map(str, unsigned)], standalone_mode=False)
        if code:
            ctx.exit(code)
        console = stderr()
        console.print("signed beside; to commit the signed in place of the unsigned:")
        for file in unsigned:
            console.print(f"  {commands_to_replace(file)}", soft_wrap=True)
        ctx.exit(ExitCode.FAILED)


def _is_unsigned(file: Path) -> bool:
    try:
        return read_credential(file, anchors=(), policy=SignedUnder(())).state in _UNSIGNED
    except (MediaError, CredentialError):
        return True  # signing says what is wrong with it
