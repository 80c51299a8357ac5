"""The options of commands that sign: whose time stamp is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from provenance.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])
_POLICIES = ("require", "optional", "queue")


def with_stamp(command: Command) -> Command:
    """Give a command the options ``--tsa`` and ``--tsa-policy``."""
    url = click.option(
        "--tsa",
        metavar="URL",
        multiple=True,
        help="RFC 3161 time-stamp authority to ask; several are asked in this order [the setting tsa].",
    )
    policy = click.option(
        "--tsa-policy",
        type=click.Choice(_POLICIES),
        help="When none answers: fail, sign without, or sign without for now (see restamp) [the setting, or require].",
    )
    return url(policy(command))


def chosen_stamp(settings: Settings, tsa: tuple[str, ...], policy: str | None) -> dict[str, Any]:
    """What an order says of time stamps."""
    urls = tsa or settings.tsa
    if not urls and policy is not None:
        raise click.UsageError("--tsa-policy needs --tsa, or the setting tsa")
    return {"tsa": urls, "tsa_policy": (policy or settings.tsa_policy) if urls else None}
