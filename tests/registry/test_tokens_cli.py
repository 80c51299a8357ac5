"""The commands ``tokens`` and ``organisations``, run as an operator would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provenance.cli import main
from provenance.settings import load_settings
from registry.store import create_registry


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_registry(load_settings(tmp_path / "home")).close()
    return tmp_path / "home"


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *arguments])


def test_a_token_is_made_listed_and_revoked(home: Path) -> None:
    assert run(home, "organisations", "add", "Example News").exit_code == 0
    made = run(home, "tokens", "new", "desk", "--role", "publisher", "--organisation", "Example News")
    assert made.exit_code == 0
    text = made.stdout.strip()
    token_id = text.split("_")[1]
    assert "not shown again" in made.stderr
    (line,) = json.loads(run(home, "tokens", "list", "--json").stdout)
    assert (line["token_id"], line["owner"], line["role"]) == (token_id, "organisation:Example News", "publisher")
    assert text not in run(home, "tokens", "list").stdout
    assert run(home, "tokens", "revoke", token_id).exit_code == 0
    assert "revoked 2" in run(home, "tokens", "list").stdout


def test_as_json_the_text_is_there_once(home: Path) -> None:
    made = json.loads(run(home, "tokens", "new", "bot", "--scope", "check", "--days", "7", "--json").stdout)
    assert made["token"].startswith(f"prvt_{made['token_id']}_")
    assert made["scopes"] == ["check"]
    assert "token" not in json.loads(run(home, "tokens", "list", "--json").stdout)[0]


def test_what_is_dangerous_is_said(home: Path) -> None:
    made = run(home, "tokens", "new", "operator", "--role", "admin", "--no-expiry")
    assert made.exit_code == 0
    assert "forgotten" in made.stderr
    assert "every organisation" in made.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "desk", "--role", "publisher"),
        ("new", "desk", "--organisation", "a", "--certificate", "b"),
        ("new", "desk", "--days", "0"),
    ],
)
def test_wrong_usage_makes_no_token(home: Path, arguments: tuple[str, ...]) -> None:
    assert run(home, "tokens", *arguments).exit_code == 2
    assert "no token" in run(home, "tokens", "list").stderr


def test_a_token_pasted_instead_of_its_id_is_not_repeated(home: Path) -> None:
    done = run(home, "tokens", "revoke", "prvt_000000000000_secret")
    assert done.exit_code == 1
    assert "secret" not in done.output
