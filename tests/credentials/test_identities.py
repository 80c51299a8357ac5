"""An identity that is told beside the signer's (CAWG) makes a credential no better and no worse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from credential_world import CREATED, World, sign
from pki import Identity

from provenance.credentials.tree import tree_of
from provenance.credentials.values import CredentialState
from verifier.tree_view import as_lines

NOBODY = "cawg.x509.credential.untrusted"


@pytest.fixture(scope="module")
def told(world: World, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture signed by the newsroom, in which a stranger says to be its editor."""
    target = tmp_path_factory.mktemp("told") / "told.png"
    metadata = {"label": "cawg.metadata", "kind": "Json", "created": True, "data": {"@context": {}, "dc:title": ["t"]}}
    who = {**_local(world.stranger), "referenced_assertions": ["cawg.metadata"], "roles": ["cawg.editor"]}
    order = {
        "signer": _local(world.newsroom),
        "who": who,
        "definition": {"claim_generator_info": [{"name": "t", "version": "1"}], "assertions": [CREATED, metadata]},
        "source": str(media / "a.png"),
        "target": str(target),
        "type": "image/png",
    }
    script = Path(__file__).with_name("identity_signer.py")
    subprocess.run([sys.executable, str(script), json.dumps(order)], check=True)
    return target


def _local(identity: Identity) -> dict[str, str]:
    return {"alg": "es256", "sign_cert": identity.chain_pem, "private_key": identity.key_pem}


def test_whoever_is_named_the_signer_is_trusted_as_without(world: World, told: Path) -> None:
    credential = world.read(told)
    assert (credential.state, credential.codes) == (CredentialState.AUTHENTIC, ())
    assert NOBODY in credential.notes
    assert world.read(told, anchors=(world.tsa_anchors,)).state is CredentialState.UNTRUSTED


def test_the_tree_names_him_and_that_nobody_vouches_for_him(world: World, told: Path) -> None:
    credential = world.read(told)
    node = tree_of(credential, world.anchors)
    assert node is not None
    assert node.identities == ("Strange News, Stranger, cawg.editor",)
    assert any("nobody here vouches for" in line for line in as_lines(credential, node))


def test_a_file_made_from_one_with_an_identity_has_no_failing_ingredient(
    world: World, told: Path, media: Path, tmp_path: Path
) -> None:
    child = tmp_path / "child.png"
    sign(media / "b.png", child, world.newsroom, parent=told)
    credential = world.read(child)
    assert credential.ingredients[0].manifest_label == world.read(told).manifest_label
    assert credential.ingredients[0].failures == ()


def test_an_identity_that_was_tampered_with_makes_it_invalid(world: World, told: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.png"
    data = told.read_bytes()
    assert data.count(b"cawg.editor") == 1
    changed.write_bytes(data.replace(b"cawg.editor", b"cawg.EDITOR"))
    assert world.read(changed).state is CredentialState.INVALID
