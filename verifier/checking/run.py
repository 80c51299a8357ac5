"""One run over the assets that were found: with whom to trust, the rules, and the registry where that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from provenance.console import Advance
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import narrowed_policy
from verifier.checking.examining import CheckedAsset, check_assets
from verifier.checking.finding import Asset
from verifier.checking.rules import Rules


def examine(
    assets: Sequence[Asset], rules: Rules, settings: Settings, jobs: int, advance: Advance
) -> list[CheckedAsset]:
    """Check all of them; the answers in the assets' order.

    Raises:
        TrustError: trust lists or policy cannot be used.
        RegistryError: there is no registry, or it cannot be asked.
    """
    anchors = load_anchors(settings.anchors)
    policy = narrowed_policy(settings, anchors, names=rules.signers, certificates=rules.certificates)
    with ExitStack() as stack:
        catalog = None
        if rules.registered:
            # Here and not at the top: most runs ask no registry, and it takes as long to import as all the rest.
            from registry.client.opening import open_catalog

            catalog = open_catalog(settings, anchors, policy, stack)
        answers = []
        for answer in check_assets(
            assets, anchors=anchors, policy=policy, catalog=catalog, jobs=min(jobs, len(assets))
        ):
            answers.append(answer)
            advance(len(answers) / len(assets), f"Checking {answer.path.name}")
        return answers
