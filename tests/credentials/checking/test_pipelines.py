"""The GitHub action and the GitLab jobs: linted as their hosts would, their shell steps run as their hosts run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from credential_world import World
from cryptography.hazmat.primitives import serialization as pem
from junitparser import JUnitXml

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
WORKFLOW = ROOT / "docs" / "ci" / "github.yml"
GITLAB = ROOT / "docs" / "ci" / "gitlab.yml"
PASSPHRASE = "correct horse battery staple"
TOKEN = "token-that-nobody-may-read"


@dataclass(frozen=True)
class Ran:
    """What came of some steps, one after the other until one fails: its exit code, and all that they printed."""

    code: int
    log: str


class Runner:
    """A host of jobs, as far as shell steps go. Every call of ``provenance`` leaves its arguments in ``calls``."""

    def __init__(self, work: Path, folder: Path) -> None:
        self.work, self.temp, self.calls = work, folder / "temp", folder / "calls"
        self.temp.mkdir(parents=True)
        shims = folder / "bin"
        shims.mkdir()
        shim = shims / "provenance"
        shim.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" >>{self.calls}\nexec {BIN / "provenance"} "$@"\n')
        shim.chmod(0o755)
        self.path = f"{shims}{os.pathsep}{os.environ['PATH']}"

    def run(self, scripts: list[tuple[str, Mapping[str, str]]], secrets: Mapping[str, str]) -> Ran:
        log, code = "", 0
        exported: dict[str, str] = {}
        for name in ("GITHUB_ENV", "GITHUB_PATH"):
            (self.temp / name).write_text("")
        base = {"PATH": self.path, "HOME": str(self.temp), "RUNNER_TEMP": str(self.temp), "LANG": "C.UTF-8", **secrets}
        for script, variables in scripts:
            files = {name: str(self.temp / name) for name in ("GITHUB_ENV", "GITHUB_PATH")}
            step = self.temp / "step.sh"
            step.write_text(script)
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", step],
                cwd=self.work, env={**base, **exported, **files, **variables},
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            )  # fmt: skip
            log, code = log + done.stdout, done.returncode
            if code:
                break
            exported |= dict(line.split("=", 1) for line in (self.temp / "GITHUB_ENV").read_text().splitlines())
        return Ran(code, log)

    def action(self, inputs: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> Ran:
        """Run the action's steps with these inputs."""
        action = yaml.safe_load(ACTION.read_text())
        assert not set(inputs) - set(action["inputs"])
        values = {name: str(about["default"]) for name, about in action["inputs"].items()} | dict(inputs)
        steps = []
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            asked = {name: re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) }}", text) for name, text in step["env"].items()}
            steps.append((step["run"], {name: values[found[1]] for name, found in asked.items() if found}))
            assert all(asked.values())
        return self.run(steps, secrets or {})

    def gitlab(self, job: str, variables: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> Ran:
        """Run a job of the template with these variables."""
        jobs = yaml.safe_load(GITLAB.read_text())
        base = jobs[".provenance"]
        assert jobs[job]["extends"] == ".provenance"
        assert (
            not set(variables)
            - set(jobs[job]["variables"])
            - set(base["variables"])
            - {"CI_MERGE_REQUEST_DIFF_BASE_SHA"}
        )
        predefined = {"CI_PROJECT_DIR": str(self.work)}
        values = {**base["variables"], **jobs[job]["variables"], **variables}
        values = {name: re.sub(r"\$(\w+)", lambda m: predefined[m[1]], text) for name, text in values.items()}
        # One shell for both, as there.
        script = "\n".join([*base["before_script"], *jobs[job]["script"]])
        return self.run([(script, values)], secrets or {})


@pytest.fixture
def runner(work: Path, tmp_path: Path) -> Runner:
    return Runner(work, tmp_path / "runner")


@pytest.fixture
def tree(work: Path, git: Callable[..., str], world: World, signed: Callable[[str], Path], media: Path) -> str:
    """A repository: first one signed picture, then an unsigned one; the first revision."""
    (work / "ci").mkdir()
    (work / "ci" / "ca.pem").write_bytes(world.root.pem)
    (work / "ci" / "chain.pem").write_bytes(world.newsroom.chain_pem.encode())
    shutil.copy(signed("a.jpg"), work / "signed.jpg")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    (work / "new").mkdir()
    shutil.copy(media / "b.jpg", work / "new" / "b.jpg")
    git("add", ".")
    git("commit", "--quiet", "--message", "second")
    return git("rev-parse", "HEAD~1")


@pytest.fixture
def secrets(world: World) -> dict[str, str]:
    key = pem.load_pem_private_key(world.newsroom.key_pem.encode(), None)
    locked = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(PASSPHRASE.encode())
    )
    return {
        "SIGNING_KEY": locked.decode(),
        "PROVENANCE_PASSPHRASE": PASSPHRASE,
        "PROVENANCE_REGISTRY_TOKEN": TOKEN,
    }


def lint(*words: str | Path, cwd: Path = ROOT) -> None:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BIN / words[0], *words[1:]], cwd=cwd, capture_output=True, text=True, check=False, env={"PATH": path}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_action_and_jobs_are_what_their_hosts_take(tmp_path: Path) -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)
    lint("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", GITLAB)
    # As a workflow of the repository that the action is in: then its inputs are looked at, too.
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    shutil.copy(ACTION, tmp_path)
    text, replaced = re.subn(r"uses: your-organisation/\S+", "uses: ./", WORKFLOW.read_text())
    assert replaced == 2
    (workflows / "provenance.yml").write_text(text)
    lint("actionlint", cwd=tmp_path)


def test_no_step_has_what_shellcheck_warns_of_or_input_in_its_text(tmp_path: Path) -> None:
    steps = [step["run"] for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]]
    for job in yaml.safe_load(GITLAB.read_text()).values():
        steps += [*job.get("before_script", []), *job.get("script", [])]
    for number, step in enumerate(steps):
        assert "${{" not in step
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/bash\n{step}")
    # SC2154: the variables come from the host.
    lint("shellcheck", "--exclude=SC2154", *tmp_path.glob("*.sh"))


def test_the_action_fails_on_what_a_change_adds_unsigned_and_reports_it(runner: Runner, tree: str) -> None:
    inputs = {"trust": "\nci/ca.pem\n", "signers": "Somebody\nTest Newsroom", "sarif": "p.sarif"}
    ran = runner.action({**inputs, "since": tree})
    assert ran.code == 6, ran.log
    assert "FAIL  new/b.jpg  unsigned" in ran.log
    assert "signed.jpg" not in ran.log
    results = json.loads((runner.work / "p.sarif").read_bytes())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["provenance/unsigned"]


def test_input_from_strangers_is_no_command(runner: Runner, tree: str) -> None:
    evil = "$(touch stolen) `touch stolen`; touch stolen"
    inputs = ("since", "registry", "paths", "signers", "certificates", "rules", "baseline", "junit", "sarif")
    assert runner.action(dict.fromkeys(inputs, evil)).code in (1, 2)
    assert runner.action({"trust": evil}).code == 1
    assert runner.action(dict.fromkeys(("sign", "output", "chain", "key", "organisation"), evil)).code in (1, 2)
    assert not (runner.work / "stolen").exists()


def test_signing_in_a_pipeline_leaves_no_secret_in_log_arguments_or_files(
    runner: Runner, tree: str, secrets: dict[str, str]
) -> None:
    inputs = {"trust": "ci/ca.pem", "sign": "new/b.jpg", "output": "public", "chain": "ci/chain.pem", "paths": "public"}
    ran = runner.action({**inputs, "organisation": "Test Newsroom"}, secrets)
    assert ran.code == 0, ran.log
    assert (runner.work / "public" / "b.signed.jpg").is_file()
    shutil.rmtree(runner.work / "public")
    key = runner.temp / "variable"
    key.write_text(secrets["SIGNING_KEY"])
    # The home of the first run, which knows whom to trust.
    job = {"SIGN": "new/b.jpg", "CHAIN": "ci/chain.pem", "PROVENANCE_HOME": str(runner.temp / "provenance-home")}
    told = runner.gitlab(".provenance-sign", job, {**secrets, "SIGNING_KEY": str(key)})
    assert told.code == 0, told.log
    assert (runner.work / "public" / "b.signed.jpg").is_file()
    key.unlink()
    refused = runner.action({**inputs, "trust": ""}, {**secrets, "PROVENANCE_PASSPHRASE": "wrong"})
    assert refused.code == 1
    body = secrets["SIGNING_KEY"].splitlines()[2]
    seen = [ran.log, told.log, refused.log, runner.calls.read_text()]
    for folder in (runner.work, runner.temp):
        seen += [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    for secret in (PASSPHRASE, body, TOKEN):
        assert not any(secret in text for text in seen)


def test_the_job_for_gitlab_checks_what_a_merge_request_changes(runner: Runner, tree: str) -> None:
    job = {"TRUST": "ci/ca.pem", "SIGNERS": "Test Newsroom"}
    ran = runner.gitlab(".provenance-check", {**job, "CI_MERGE_REQUEST_DIFF_BASE_SHA": tree})
    assert ran.code == 6, ran.log
    assert JUnitXml.fromfile(str(runner.work / "provenance.xml")).failures == 1
    # Had the home been in the checkout, a commit could have brought authorities of its own.
    assert not [path for path in runner.work.rglob("trust") if path.is_dir()]
