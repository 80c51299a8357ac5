"""What is signed comes back as it was, and nothing hostile comes back at all."""

from __future__ import annotations

import json
from typing import Any

import iscc_core
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import CredentialError
from provenance.fingerprints import codec, pdq
from provenance.fingerprints.sound import sound_print
from provenance.fingerprints.values import Fingerprints, FrameHashes

SHA = "ab" * 32


def prints(frames: int = 5, seed: int = 1) -> Fingerprints:
    rng = np.random.default_rng(seed)
    views = len(pdq.VIEWS)
    return Fingerprints(
        frames=FrameHashes(
            pdq.ALGORITHM,
            np.arange(frames, dtype=np.int64) * 500 + 20,
            rng.integers(0, 256, (frames, views, 32), dtype=np.uint8),
            np.full((frames, views), 80, np.uint8),
            rng.integers(0, 256, (frames, 8), dtype=np.uint8),
        ),
        sound=sound_print(rng.integers(0, 2**32, 40, dtype=np.uint64).astype(np.uint32)),
        features_sha256=SHA,
        iscc="ISCC:EMAQ",
    )


def through_json(data: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(data))


@given(frames=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_fingerprints_survive_being_signed_and_read_back(frames: int, seed: int) -> None:
    signed = prints(frames, seed)
    found, reference = codec.from_assertion(through_json(codec.to_assertion(signed, SHA)))
    assert reference == SHA
    assert codec.agree(signed, found) is None
    assert found.frames is not None
    assert signed.frames is not None
    assert np.array_equal(found.frames.hashes, signed.frames.hashes)
    assert np.array_equal(found.frames.times_ms, signed.frames.times_ms)
    assert found.features_sha256 == SHA
    assert found.iscc == signed.iscc


def test_what_does_not_apply_stays_away() -> None:
    found, reference = codec.from_assertion(through_json(codec.to_assertion(Fingerprints(), None)))
    assert (found.frames, found.sound, found.features_sha256, found.iscc, reference) == (None,) * 5


def test_an_hour_fits_and_keeps_every_whole_frame() -> None:
    signed = prints(7200)
    data = codec.to_assertion(signed, SHA)
    assert len(json.dumps(data)) < 1_000_000
    found, _ = codec.from_assertion(through_json(data))
    assert signed.frames is not None
    assert found.frames is not None
    assert np.array_equal(found.frames.hashes[:, 0], signed.frames.hashes[:, 0])
    kept = found.frames.quality[:, 1] > 0
    assert 800 < kept.sum() < 7200
    assert np.array_equal(found.frames.hashes[kept], signed.frames.hashes[kept])
    assert codec.agree(found, signed) is None


def test_footage_whose_fingerprints_cannot_fit_is_refused() -> None:
    with pytest.raises(CredentialError) as refused:
        codec.to_assertion(prints(20_000), SHA)
    assert refused.value.code == "fingerprints.too_long"


HOSTILE = {
    "another version": lambda d: d.update(version=2),
    "no version": lambda d: d.pop("version"),
    "another algorithm": lambda d: d["frames"].update(algorithm="org.example"),
    "other parameters": lambda d: d["frames"].update(parameters={}),
    "a count beyond the data": lambda d: d["frames"].update(count=6),
    "a count beyond reason": lambda d: d["frames"].update(count=10**9),
    "a count that is true": lambda d: d["frames"].update(count=True),
    "text that is not base64": lambda d: d["frames"].update(hashes="<script>"),
    "views of no frame": lambda d: d["frames"].update(views_every=0),
    "views of too many frames": lambda d: d["frames"].update(views_every=2),
    "times that fall": lambda d: d["frames"].update(times_ms=d["frames"]["times_ms"][::-1]),
    "a list for an object": lambda d: d.update(frames=[]),
    "a digest that is not one": lambda d: d.update(reference="../../etc/passwd"),
    "sound of a wrong length": lambda d: d["sound"].update(count=7),
    "an endless iscc": lambda d: d.update(iscc="A" * 10_000),
}


@pytest.mark.parametrize("harm", HOSTILE.values(), ids=HOSTILE)
def test_hostile_assertions_are_refused(harm: Any) -> None:
    data = through_json(codec.to_assertion(prints(), SHA))
    harm(data)
    with pytest.raises(CredentialError) as refused:
        codec.from_assertion(data)
    assert refused.value.code == "fingerprints.unusable"


def test_other_content_does_not_agree() -> None:
    assert codec.agree(prints(seed=1), prints(seed=2)) is not None
    assert codec.agree(prints(frames=5), prints(frames=6)) is not None
    assert codec.agree(prints(), Fingerprints()) is not None


def test_isccs_of_two_decodes_agree_and_of_other_content_do_not() -> None:
    body = bytes(range(32))

    def of(flipped: int) -> Fingerprints:
        bits = int.from_bytes(body, "big") ^ (1 << flipped) - 1
        code = iscc_core.encode_component(iscc_core.MT.CONTENT, 3, 0, 256, bits.to_bytes(32, "big"))
        return Fingerprints(iscc=f"ISCC:{code}")

    assert codec.agree(of(codec.SAME_ISCC_BITS), of(0)) is None
    assert codec.agree(of(codec.SAME_ISCC_BITS + 1), of(0)) == "the ISCC differs by 17 bits of 256"
    assert codec.agree(of(0), Fingerprints()) is not None
    assert codec.agree(Fingerprints(), of(0)) is None
