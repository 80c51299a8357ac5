"""The options of ``provenance sign`` that say what a file was made from and what was done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from provenance.assets import CORNERS, Label
from provenance.context import NamedPath
from provenance.errors import CredentialError
from signer.actions import actions_in, actions_of
from signer.order import Order, pinned
from signer.redactions import redactions_of

Command = TypeVar("Command", bound=Callable[..., Any])
_MAX_FILE_BYTES = 1 << 20


def edit_options(command: Command) -> Command:
    """Give a command the options that ``ordered`` takes."""
    options = (
        click.option(
            "--edit-of",
            multiple=True,
            type=NamedPath(),
            callback=_only_one,
            help="The signed file that IN was made from: its parent.",
        ),
        click.option(
            "--action",
            "actions",
            multiple=True,
            metavar="ACTION",
            help="What was done to it, such as c2pa.cropped or 'c2pa.redacted;region=0.4,0.1,0.2,0.2;time=3-7.5': a "
            "C2PA action, with region=, time=, description=, reason=, when=, source-type=, software=, ingredient=; may "
            "be repeated.",
        ),
        click.option("--actions", "actions_file", type=NamedPath(), help="Further actions, from a JSON file."),
        click.option(
            "--ingredient",
            "ingredients",
            multiple=True,
            type=NamedPath(),
            help="A file that was put into it; may be repeated. Actions refer to the first with ingredient=1.",
        ),
        click.option(
            "--redact",
            "redactions",
            multiple=True,
            metavar="LABEL",
            help="Take this assertion of the parent out of what comes along, such as cawg.metadata, which names author "
            "and place; may be repeated.",
        ),
        click.option("--label", metavar="TEXT", help="Burn these words into the picture, and declare that."),
        click.option("--label-corner", type=click.Choice(CORNERS), help=f"Where they go.  [default: {CORNERS[0]}]"),
        click.option("--label-font", type=NamedPath(), help="Font file, for letters beyond A to Z."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _only_one(ctx: click.Context, _parameter: click.Parameter, given: tuple[Path, ...]) -> Path | None:
    if len(given) > 1:
        raise click.UsageError("an edit has one parent: of a compilation name the parts, with --ingredient", ctx)
    return given[0] if given else None


def ordered(
    order: Order,
    *,
    edit_of: Path | None,
    actions: tuple[str, ...],
    actions_file: Path | None,
    ingredients: tuple[Path, ...],
    redactions: tuple[str, ...],
    label: str | None,
    label_corner: str | None,
    label_font: Path | None,
) -> Order:
    """The order with what these options say.

    Raises:
        CredentialError: ``sign.action``, ``sign.redaction``, ``sign.label``.
    """
    for option, given in (("--label-corner", label_corner), ("--label-font", label_font)):
        if label is None and given is not None:
            raise click.UsageError(f"{option} needs --label")
    count = len(ingredients)
    declared = actions_of(actions, count)
    if actions_file is not None:
        declared += actions_in(_text_of(actions_file), count)
    # Workers run where we do, but a run that is gone on with may not: its journal tells orders apart by these names.
    components = tuple(str(path.absolute()) for path in ingredients)
    parent = str(edit_of.absolute()) if edit_of is not None else None
    order = replace(order, parent=parent, components=components, actions=declared, redactions=redactions_of(redactions))
    if label is not None:
        # Here and not at the top: it takes as long to import as all of the command.
        from signer.label import check_label

        label_corner = label_corner or CORNERS[0]
        check_label(Label(label, label_corner, label_font))
        font = str(label_font.absolute()) if label_font is not None else None
        order = replace(order, label=label, label_corner=label_corner, label_font=font)
    return pinned(order)


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES + 1)
        if len(data) <= _MAX_FILE_BYTES:
            return data.decode()
        found = f"more than {_MAX_FILE_BYTES} bytes"
    except OSError as error:
        found = error.strerror or str(error)
    except UnicodeDecodeError:
        found = "bytes that are no UTF-8"
    raise CredentialError("sign.actions_file", f"{path} cannot be read", expected="actions as JSON", found=found)
