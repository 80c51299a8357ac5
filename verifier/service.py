"""The verifier as the registry's examiner of clips (``registry.checks.examiner``)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from provenance.catalog import Catalog
from provenance.report import SCHEMA
from provenance.settings import Settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy_file import load_policy
from registry.checks.examiner import Examined, OnProgress
from verifier.judge import DEFAULT_SEVERITIES, describe
from verifier.pipeline import verify
from verifier.render_html import render_html
from verifier.versions import versions

_PREVIEWS = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".m4a": "audio/mp4"}


class VerifierService:
    """Implements ``registry.checks.examiner.Examiner``."""

    def rests_on(self, settings: Settings) -> Mapping[str, str]:
        """See ``Examiner.rests_on``."""
        anchors = load_anchors(settings.anchors)
        policy = load_policy(settings, anchors)
        trusted = {f"list {a.kind.value} {a.name}": hashlib.sha256(a.pem).hexdigest() for a in anchors}
        said = settings.policy_file.read_bytes() if settings.policy_file is not None else b""
        return {
            "schema": SCHEMA,
            **versions(),
            **describe(policy, DEFAULT_SEVERITIES),
            **trusted,
            "policy file": hashlib.sha256(said).hexdigest(),
        }

    def examine(
        self,
        clip: Path,
        *,
        catalog: Catalog,
        settings: Settings,
        folder: Path,
        preview: bool,
        budget: float,
        on_progress: OnProgress,
    ) -> Examined:
        """See ``Examiner.examine``."""
        anchors = load_anchors(settings.anchors)
        kept: list[Path] = []

        def keep(copy: Path) -> None:
            kept.append(Path(shutil.copyfile(copy, folder / f"preview{copy.suffix}")))

        report = verify(
            clip,
            catalog=catalog,
            settings=settings,
            anchors=anchors,
            policy=load_policy(settings, anchors),
            on_progress=on_progress,
            on_copy=keep if preview else None,
            budget=budget,
        )
        copy = (kept[0], _PREVIEWS[kept[0].suffix]) if kept else None
        return Examined(report.as_json(), render_html(report), copy)
