"""``provenance restamp``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from provenance.console import warn
from provenance.context import CANCELLED, NamedPath, settings_of
from provenance.errors import ProvenanceError
from provenance.exits import ExitCode
from registry.elsewhere_cli import at_registry, directed, require_registering
from signer.batch import JOURNAL, Batch, Registrar, locked
from signer.batch_view import Form, Screen, Tally
from signer.journal import Journal
from signer.order import State
from signer.restamp import failures, plans, roots
from signer.with_key_cli import chosen_key


@click.command(short_help="Sign again, with a time stamp, what was signed without one for the time being.")
@click.option("--register", "registering", is_flag=True, help="Put what got its time stamp into the registry, too.")
@click.option("--embargo", is_flag=True, help="With --register: found by no one until released.")
@click.option("--passphrase-file", type=NamedPath(), help="Read the keys' passphrase, or PIN, from this file.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Files signed at once.")
@at_registry
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def restamp(
    ctx: click.Context,
    registering: bool,
    embargo: bool,
    passphrase_file: Path | None,
    jobs: int,
    registry_url: str | None,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Sign again, with a time stamp, what `sign --tsa-policy queue` has signed without one.

    Each file is signed anew from its source, by the same order and with the same authorities, and replaced: it becomes
    another asset. Where they still do not answer, it stays as it is and on the list, and the exit code is 1.
    """
    require_registering(registering, embargo, registry_url)
    settings = directed(settings_of(ctx), registry_url, token_file)
    tally = Tally(0)
    screen = Screen(Form.JSON if as_json else Form.TEXT, tally, single=False)
    with ExitStack() as stack:
        registrar: Registrar | None = None
        if registering:
            from registry.registrars import open_registrar
            from signer.registrar import BatchRegistrar

            registrar = BatchRegistrar(stack.enter_context(open_registrar(settings)), embargoed=embargo)
        journal = stack.enter_context(Journal(settings.home / JOURNAL))
        due = list(plans(journal))
        if not due:
            warn("nothing waits for a time stamp")
        tally.total = sum(len(plan.tasks) + len(plan.refused) for _, plan, _ in due)
        with screen.showing():
            for order, plan, gone in due:
                for outcome in gone:
                    screen.came_out(outcome)
                chain = Path(order.chain) if order.chain is not None else None
                with ExitStack() as held:
                    try:
                        chosen = chosen_key(settings, order.key, chain, passphrase_file, opened=bool(plan.tasks))
                        held.enter_context(locked(roots(plan)))
                    except ProvenanceError as error:
                        # A key that is retired or gone, a folder that is watched: other orders can be carried out.
                        for outcome in failures(plan, error):
                            screen.came_out(outcome)
                        continue
                    run = Batch(settings, order, journal, screen, registrar).run(plan, jobs, chosen.secret)
                if not run:
                    tally.cancelled = True
                    break
    screen.finish()
    if tally.cancelled:
        ctx.exit(CANCELLED)
    if tally.counts[State.FAILED]:
        ctx.exit(ExitCode.FAILED)
