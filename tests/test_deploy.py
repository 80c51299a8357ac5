"""The files in docs/deploy are well formed, and what they run and set is what the program takes. None is built here."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from provenance.cli import main
from provenance.settings import load_settings

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "provenance"}
UNITS = sorted(DEPLOY.glob("*.service"))


def require_command(words: list[str]) -> None:
    """``provenance`` takes these words."""
    root = click.Context(main, **main.context_settings)
    command = main.get_command(root, words[0])
    assert command is not None, words
    command.make_context(words[0], words[1:], parent=root)


def unit(path: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path, "utf-8")
    return parser["Service"]


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_every_package_and_runs_as_nobody_special() -> None:
    root = DEPLOY.parent.parent
    packages = {path.parent.name for path in root.glob("*/py.typed")}
    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M)) == packages
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split()
    assert {f"!{name}" for name in packages} <= set(ignored)
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.M) == ["10001:10001"]
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.M)
    require_command(json.loads(command))


def test_the_services_name_only_what_there_is() -> None:
    known = {"image", "build", "environment", "volumes", "tmpfs", "read_only", "init", "cap_drop", "security_opt"}
    known |= {"stop_grace_period", "healthcheck", "restart", "entrypoint", "command", "depends_on", "ports", "deploy"}
    for name, service in COMPOSE["services"].items():
        assert set(service) <= known, name
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])
    assert COMPOSE["services"]["worker"]["deploy"]["replicas"] > 1
    assert COMPOSE["services"]["server"]["ports"] == ["127.0.0.1:8080:8080"]
    for service in OURS.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_what_the_services_run_and_set_is_what_the_program_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(OURS) == {"prepare", "server", "worker"}
    for name in ("server", "worker"):
        require_command(OURS[name]["command"])
    lines = OURS["prepare"]["command"][0].splitlines()
    require_command(shlex.split(lines[-1])[1:])
    environment: dict[str, str] = OURS["server"]["environment"]
    for name, value in environment.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value))
    settings = load_settings(tmp_path)
    assert settings.database_url == "postgresql+psycopg://registry:secret@database/registry"
    assert settings.checks.files_url == "s3://registry/checks"
    assert settings.server.metrics
    passwords = [value for name, value in environment.items() if "SECRET" in name or "DATABASE_URL" in name]
    assert all(":?" in value for value in passwords)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_run_what_there_is_and_are_closed_down(path: Path) -> None:
    service = unit(path)
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/provenance/bin/provenance"
    require_command(words)
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID"):
        assert service[name] == "yes"
    assert (service["ProtectSystem"], service["User"]) == ("strict", "provenance")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_units(path: Path, tmp_path: Path) -> None:
    # Neither the program nor its user is installed here.
    text = path.read_text("utf-8").replace("/opt/provenance/bin/provenance", "/bin/true")
    (tmp_path / path.name).write_text(text.replace("User=provenance", "User=root"), "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", tmp_path / path.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, "")
