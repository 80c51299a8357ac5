"""What a registry says of an original's brief sound helps to find it; what was signed must bear it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from footage import RATE, voice, write_wav
from verdict_desk import Desk

from provenance.assets import Original
from provenance.catalog import Nomination, Query
from provenance.fingerprints import brief_sound
from provenance.fingerprints.values import SoundPrint
from provenance.report import Verdict
from provenance.trust.policy import SignedUnder
from registry.catalog import LocalCatalog
from registry.store import Registry, open_registry
from verifier.pipeline import verify


class Telling(LocalCatalog):
    """Nominates one original, and says that it sounds otherwise than it does."""

    def __init__(self, store: Registry, asset_id: str, told: SoundPrint, *, withheld: bool) -> None:
        super().__init__(store)
        self._asset_id, self._told, self._withheld = asset_id, told, withheld

    def nominate(self, query: Query, limit: int = 10) -> list[Nomination]:
        return [Nomination(self._asset_id, 1.0, np.zeros((0, 5), np.int64), np.zeros((0, 2), np.int64))]

    def original(self, asset_id: str) -> Original | None:
        found = super().original(asset_id)
        assert found is not None
        return replace(found, fingerprints=replace(found.fingerprints, brief_sound=self._told))

    def reference_copy(self, asset_id: str, into: Path) -> Path | None:
        return None if self._withheld else super().reference_copy(asset_id, into)


@pytest.mark.parametrize("withheld", [False, True])
def test_a_registry_cannot_make_other_words_an_originals(desk: Desk, tmp_path: Path, *, withheld: bool) -> None:
    words = voice(9, 8.0)
    told = brief_sound.of_original((words * 32767).astype(np.int16))
    assert told is not None
    write_wav(tmp_path / "words.wav", words[2 * RATE : 5 * RATE])
    (street,) = desk.report("street-moment.mp4").matches
    with open_registry(desk.settings) as store:
        report = verify(
            tmp_path / "words.wav",
            catalog=Telling(store, street.asset_id, told, withheld=withheld),
            settings=desk.settings,
            anchors=desk.anchors,
            policy=SignedUnder(desk.anchors),
            evidence=False,
        )
    assert report.verdict is Verdict.UNKNOWN
