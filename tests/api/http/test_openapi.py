"""The documentation of the routes, and requests made up from it."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.running_service import RunningService
from tracker_service.api.app import create_app
from tracker_service.settings import load_settings

EXAMPLES = 20
OPENAPI = create_app(load_settings({})).openapi()
OPERATIONS = [(method, path) for path, operations in OPENAPI["paths"].items() for method in operations]


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that does not wait for the many frames that are never sent."""
    with RunningService(tmp_path_factory.mktemp("impatient"), "sessions.gap_seconds=0.02", forked=True) as running:
        yield running


@pytest.fixture(scope="module")
def schemathesis() -> Any:
    """The library, imported here: it takes seconds, and only the process that runs these tests needs it."""
    return import_module("schemathesis")


@pytest.fixture(scope="module")
def schema(schemathesis: Any) -> Any:
    return schemathesis.openapi.from_dict(OPENAPI)


@pytest.fixture(scope="module")
def checks(schemathesis: Any) -> list[Any]:
    """That an answer is none of a broken service, and that its status, type, headers and content are documented."""
    documented = import_module("schemathesis.specs.openapi.checks")
    return [
        schemathesis.checks.not_a_server_error,
        documented.status_code_conformance,
        documented.content_type_conformance,
        documented.response_headers_conformance,
        documented.response_schema_conformance,
    ]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_generated_requests_are_answered_as_documented(
    impatient: RunningService, schemathesis: Any, schema: Any, checks: list[Any], method: str, path: str
) -> None:
    operation = schema[path][method]
    requests = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

    @given(case=st.one_of(requests))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def is_answered_as_documented(case: Any) -> None:
        case.call_and_validate(base_url=impatient.url, checks=checks, timeout=60)

    is_answered_as_documented()


@pytest.fixture(scope="module")
def document(service: RunningService) -> Any:
    return service.get("/openapi.json").json()


def test_every_route_is_documented_with_name_summary_and_answers(document: Any) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) >= 9
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert operation["responses"], where
            assert "HTTPValidationError" not in str(operation), where


def test_every_json_shape_has_an_example(document: Any) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if (content := answer.get("content", {}).get("application/json")) is not None:
                    shape = content["schema"]
                    shape = document["components"]["schemas"].get(shape.get("$ref", "").rpartition("/")[2], shape)
                    assert "example" in content or "examples" in content or "examples" in shape, (method, path, status)


def test_errors_are_documented_in_the_shape_that_clients_read(document: Any) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and path not in ("/health", "/readyz"):
                    shape = answer["content"]["application/json"]["schema"]["$ref"]
                    assert shape.endswith("/ErrorAnswer"), (path, status)
                if status in ("429", "503") and path not in ("/health", "/readyz"):
                    assert "Retry-After" in answer["headers"], path


def test_keys_and_limits_are_documented(document: Any) -> None:
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    assert document["paths"]["/health"]["get"]["security"] == []
    assert {"bearer": []} in document["paths"]["/pose/hybrid"]["post"]["security"]
    assert "33554432 bytes" in document["info"]["description"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(service: RunningService, path: str) -> None:
    assert service.get(path).status_code == 404


def test_the_bodies_of_all_requests_are_documented_as_taking_no_other_fields(document: Any) -> None:
    shared = document["components"]["schemas"]
    bodies = [
        (path, kind, shared.get(content["schema"].get("$ref", "").rpartition("/")[2], content["schema"]))
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind in ("application/json", "multipart/form-data")
    ]
    assert len(bodies) >= 9
    assert [(path, kind) for path, kind, schema in bodies if schema.get("additionalProperties") is not False] == []
