"""The resolution API against C2PA's own description of it, with requests made from that description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from newsroom import Newsroom
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from serving import serving

from provenance.settings import Rates, Server, load_settings
from registry.server.app import create_app
from registry.store import create_registry

SPECIFICATION = Path(__file__).parent / "specs" / "c2pa-softbinding-resolution-2.2.openapi.json"
OPERATIONS = [
    ("GET", "/matches/byBinding"),
    ("POST", "/matches/byBinding"),
    ("POST", "/matches/byContent"),
    ("GET", "/manifests/{manifestId}"),
    ("GET", "/services/supportedAlgorithms"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def address(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that holds a photograph."""
    chosen = load_settings(tmp_path_factory.mktemp("contract"), server=Server(rates=Rates(content=0)))
    with create_registry(chosen) as store:
        newsroom.register(store, newsroom.photo.path, chosen)
    with serving(create_app(chosen)) as client:
        yield str(client.base_url)


def test_the_operations_are_those_of_the_specification() -> None:
    described = json.loads(SPECIFICATION.read_text("utf-8"))["paths"]
    assert [(method.upper(), path) for path, item in described.items() for method in item] == OPERATIONS


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_specification_names(address: str, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_path(SPECIFICATION)
    schema.config.update(base_url=address)
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, timeout=30)

    ask()


@pytest.mark.parametrize(("method", "path"), OPERATIONS[:-1])
def test_what_the_specification_does_not_allow_is_never_a_fault_of_the_server(
    address: str, method: str, path: str
) -> None:
    schema = schemathesis.openapi.from_path(SPECIFICATION)
    schema.config.update(base_url=address)
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    @settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=[not_a_server_error], timeout=30)

    ask()
