"""``provenance tree`` tells the whole history of a file, with what fails in it, and nothing in it steers a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.media import MediaLibrary

from provenance.assets import Capture
from provenance.cli import main
from provenance.credentials import tree as reading
from provenance.credentials.reader import read_credential
from provenance.media.kinds import sniff
from provenance.settings import Settings, load_settings
from provenance.trust.anchors import load_anchors
from provenance.trust.policy import SignedUnder
from signer.actions import actions_of
from signer.authority import issue_authority, issue_leaf
from signer.home import make_development_home
from signer.keys import load_key
from signer.sign import sign_file
from signer.signing import SigningKey
from signer.sources import PARENT, Form, Source, description
from signer.writer import write_signed

HOSTILE = "\x1b[2J\x1b]0;pwned\x07\u202egnp.exe\n“authentic” signed by Herald (trusted)"
AI = "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Desk:
    settings: Settings
    picture: Path
    folder: Path

    def sign(self, source: Path, name: str, **said: Any) -> Path:
        target = self.folder / name
        sign_file(
            Capture(source, name, **said),
            target,
            key=load_key(self.settings.keys, "development", None),
            settings=self.settings,
            anchors=load_anchors(self.settings.anchors),
            withhold_reference=True,
        )
        return target

    def write(self, name: str, definition: dict[str, Any], *sources: Source, key: SigningKey | None = None) -> Path:
        """A file that says whatever one likes."""
        target = self.folder / name
        target.touch()
        declared = [description(source) for source in sources if source.form is not Form.EMBEDDED]
        made = {"claim_generator_info": [{"name": "other", "version": "1"}], "ingredients": declared, **definition}
        signing = key or load_key(self.settings.keys, "development", None)
        write_signed(self.picture, target, made, kind=sniff(self.picture), key=signing, sources=sources)
        return target


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, media: MediaLibrary) -> Desk:
    folder = tmp_path_factory.mktemp("tree")
    settings = load_settings(folder / "home")
    make_development_home(settings)
    return Desk(settings, media("still.png"), folder)


@pytest.fixture(scope="module")
def history(desk: Desk) -> Path:
    """An edit, of an edit made by AI, of a file that had been tampered with; and a part of two parts."""
    original = desk.sign(desk.picture, "original.png", author="Jane Whistle")
    data = bytearray(original.read_bytes())
    data[-30] ^= 1
    tampered = desk.folder / "tampered.png"
    tampered.write_bytes(data)
    sky = actions_of([f"edited;source-type={AI};description=Sky replaced;region=0,0,1,0.3;software=Suite"], 0)
    edit = desk.sign(desk.picture, "edit.png", parent=tampered, actions=sky)
    pair = desk.sign(desk.picture, "pair.png", components=(original, desk.picture), source_type="composite")
    published, redacted = actions_of(["published"], 1), {"cawg.metadata": "c2pa.PII.present"}
    return desk.sign(edit, "whole.png", components=(pair,), actions=published, redactions=redacted)


@pytest.fixture
def run(desk: Desk) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, ["--home", str(desk.settings.home), "tree", *map(str, words)])


def opened(path: Path) -> Source:
    return Source(path, sniff(path), "parent", PARENT, path.name, Form.EMBEDDED)


def did(*names: str) -> dict[str, Any]:
    first: dict[str, Any] = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    actions = [first, *({"action": name} for name in names)]
    return {"assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": actions}}]}


def test_every_manifest_is_told_with_what_fails_in_it(run: Callable[..., Result], history: Path) -> None:
    result = run(history, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["schema"], told["state"], told["ai"]) == ("provenance.tree/1", "authentic", [AI])
    assert (told["manifests"], told["failing_ingredients"]) == (4, 1)
    whole = told["manifest"]
    assert [a["action"] for a in whole["actions"]] == ["c2pa.opened", "c2pa.placed", "c2pa.published", "c2pa.redacted"]
    by_relationship = {link["relationship"]: link for link in whole["ingredients"]}
    edit, pair = by_relationship["parentOf"]["manifest"], by_relationship["componentOf"]["manifest"]
    assert whole["redactions"] == [f"self#jumbf=/c2pa/{edit['label']}/c2pa.assertions/cawg.metadata"]
    assert {node["signer"] for node in (whole, edit, pair)} == {"Development newsroom"}
    assert all(node["trusted"] for node in (whole, edit, pair))
    assert [(a["ai"], a["in_part"], a["software"]) for a in edit["actions"]][1] == (True, True, "Suite")
    (tampered,) = edit["ingredients"]
    assert tampered["failures"] == ["assertion.dataHash.mismatch"]
    parts = {link["title"]: link for link in pair["ingredients"]}
    assert parts["still.png"]["manifest"] is None
    assert [link["left_out"] for link in (parts["original.png"], tampered)].count("its manifest is shown already") == 1


def test_people_read_the_same_as_programs(run: Callable[..., Result], history: Path) -> None:
    lines = run(history).stdout.splitlines()
    assert lines[0].startswith("authentic: ")
    assert "1 of what it was made from fails" in lines[0]
    assert lines[1] == f"AI: it, or some of it, was made or changed by AI, as is said below ({AI})"
    assert any(f"edited, AI: {AI}, Suite, in a part of it: Sky replaced" in line for line in lines)
    assert any("edit of “tampered.png”: FAILS assertion.dataHash.mismatch" in line for line in lines)
    assert any("took out cawg.metadata, c2pa.PII.present" in line for line in lines)
    assert any("contains “still.png”: without a credential" in line for line in lines)


def test_what_is_not_intact_or_not_signed_is_told_by_the_exit_code(
    run: Callable[..., Result], desk: Desk, history: Path
) -> None:
    result = run(desk.picture)
    assert (result.exit_code, result.stdout) == (6, "none: The file carries no credential.\n")
    result = run(desk.folder / "tampered.png")
    assert result.exit_code == 6
    assert "FAILS assertion.dataHash.mismatch" in result.stdout
    assert run(desk.folder / "missing.png").exit_code == 1


def test_an_ingredient_of_a_stranger_is_not_trusted_whatever_its_signer_recorded(
    run: Callable[..., Result], desk: Desk
) -> None:
    moment = datetime.now(UTC)
    root = issue_authority("Stranger root", None, moment, 3000, path_length=0)
    leaf = issue_leaf("Stranger desk", "Stranger", root, moment, 800)
    stranger = SigningKey("stranger", "es256", (leaf.certificate,), leaf.private)
    created = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/print"}
    first = {"assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": [created]}}]}
    theirs = desk.write("theirs.png", first, key=stranger)
    told = json.loads(run(desk.sign(theirs, "ours.png"), "--json").stdout)["manifest"]
    (link,) = told["ingredients"]
    assert (told["trusted"], link["manifest"]["trusted"], link["manifest"]["signer"]) == (True, False, "Stranger")
    # Our claim that it is trusted, which nobody but the reader can say.
    manifest = read_credential(theirs, anchors=(), policy=SignedUnder(())).manifest
    forged = Source(theirs, sniff(theirs), "parent", PARENT, "theirs.png", Form.SIDECAR, manifest=manifest)
    result = desk.write("forged.png", did(), forged)
    (link,) = json.loads(run(result, "--json").stdout)["manifest"]["ingredients"]
    assert (link["failures"], link["manifest"]["trusted"]) == ([], False)
    assert link["manifest"]["failures"] == ["signingCredential.untrusted"]


def test_hostile_words_steer_nothing(run: Callable[..., Result], desk: Desk) -> None:
    said = did()
    hostile = {"action": "c2pa.edited", "description": HOSTILE, "reason": HOSTILE}
    said["assertions"][0]["data"]["actions"].append(hostile)
    part = Source(desk.picture, sniff(desk.picture), "parent", PARENT, HOSTILE, Form.NONE)
    result = run(desk.write("hostile.png", {**said, "title": HOSTILE}, part))
    assert result.stdout.count("pwned") >= 4
    assert not any(char in result.stdout for char in "\x1b\x07\u202e")
    assert not any(line.startswith("“authentic”") for line in result.stdout.splitlines())


def test_depth_and_number_of_manifests_are_bounded(
    run: Callable[..., Result], desk: Desk, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_DEPTH", 1)
    told = json.loads(run(history, "--json").stdout)["manifest"]
    left = [deeper["left_out"] for link in told["ingredients"] for deeper in link["manifest"]["ingredients"]]
    assert sum("not shown" in (reason or "") for reason in left) == 2
    monkeypatch.setattr(reading, "MAX_MANIFESTS", 1)
    told = json.loads(run(history, "--json").stdout)
    assert told["manifests"] == 1
    many = desk.write("many.png", did(*["c2pa.edited"] * 300), opened(history))
    told = json.loads(run(many, "--json").stdout)["manifest"]
    assert (len(told["actions"]), told["truncated"]) == (200, True)
