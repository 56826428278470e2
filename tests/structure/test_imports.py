"""Which rooms may import which, as a table: imports point one way, from what a user starts to what everything uses."""

import ast
import sys
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from harness.source_imports import PACKAGES, Import, imports_of, modules_of

ROOT = Path(__file__).resolve().parents[2]

BASE = {"types", "errors"}
"""What passes between rooms, and what can go wrong: every room may import these."""
TRACING = {"tracing"}
"""Steps of a trace: whatever takes time may say so."""
STAGES = {"inference", "people", "phalp", "camera", "video", "body", "drawing", "refinement", "quality"}
"""The rooms that do one step of the work each."""
RUN = {"pipeline", "results", "model_sets"} | STAGES
"""What a run is made of."""
SERVICE = {"jobs", "sessions", "live", "media", "process"}
"""What makes a service of runs."""

ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "types": {"errors"},
    "tracing": BASE,
    "process": BASE,
    "media": BASE,
    "model_sets": BASE,
    "body": BASE,
    "phalp": BASE,
    "video": BASE | {"process"},
    "inference": BASE | TRACING,
    "camera": BASE | {"body", "video"},
    "drawing": BASE | {"body"},
    "people": BASE | {"body"},
    "quality": BASE | {"body"},
    "refinement": BASE | {"body", "people", "phalp"},
    "results": BASE | {"body", "camera", "drawing", "video"},
    "viewer": BASE | {"body", "camera", "drawing", "results"},
    "evaluation": BASE | {"body", "drawing", "results"},
    "pipeline": BASE | STAGES | TRACING | {"model_sets"},
    "sessions": BASE | TRACING | RUN - {"results"},
    "jobs": BASE | RUN | TRACING | {"media", "process"},
    "live": BASE | RUN,
    "bulk": BASE | RUN | {"settings", "wiring"},
    "settings": BASE | RUN | SERVICE | TRACING | {"api", "bulk"},
    "wiring": BASE | RUN | SERVICE | TRACING | {"settings", "viewer"},
    "api": BASE | RUN | SERVICE | TRACING | {"settings", "wiring", "viewer"},
    "client": BASE | {"results"},
    "library": BASE | RUN | {"settings", "wiring", "command_line"},
    "command_line": BASE | RUN | SERVICE | TRACING | {"settings", "wiring", "api", "bulk", "evaluation", "viewer"},
}
"""What each room of `tracker_service` may import beside itself."""
PROGRAMS = {"tracker_service", "tracker_service.__main__"}
"""The library and the command: they may import every room, and no room may import them."""
WORKER = "tracker_service.jobs.worker"
"""A process of its own that the queue starts: it may use the wiring, as every program does."""

PROJECT: dict[str, set[str]] = {
    "tracker_service": set(),
    "export": {"tracker_service"},
    "samples": {"tracker_service"},
    "harness": {"tracker_service", "export"},
    "deploy": {"tracker_service", "harness"},
    "benchmarks": {"tracker_service", "export", "samples", "harness"},
    "tests": set(PACKAGES),
}
"""What each folder of the project may import beside itself; nobody imports the tests."""
THEIR_TESTS = {
    "benchmarks": ("tests.benchmarks", "tests.documentation"),
    "deploy": ("tests.deploy", "tests.documentation"),
}
"""Whose own tests alone may import, or start, them; what others need of them is in `harness`."""

FILES_IN_A_FOLDER = 18
"""More names than that are not taken in at a glance; about fifteen is the aim, a few more save a folder of two."""


@cache
def imports() -> list[Import]:
    """Every import of the project; read when a test runs, not wherever tests are collected."""
    return imports_of(ROOT)


def room_of(module: str) -> str:
    """The room of a module of `tracker_service`."""
    return module.split(".")[1]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def listed(wrong: list[Import]) -> str:
    return "\n".join(map(str, wrong))


def inside_the_service() -> list[Import]:
    """Imports between modules of `tracker_service`, without those of the programs."""
    return [
        item
        for item in imports()
        if within(item.importer, "tracker_service")
        and within(item.imported, "tracker_service")
        and item.importer not in PROGRAMS
    ]


def test_every_room_is_in_the_table() -> None:
    modules = set(modules_of(ROOT, ["tracker_service"])) - PROGRAMS
    assert {room_of(module) for module in modules} <= ROOMS.keys()


def test_no_room_imports_the_programs() -> None:
    wrong = [item for item in inside_the_service() if item.imported in PROGRAMS]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    wrong = []
    for item in inside_the_service():
        if room_of(item.importer) != room or item.imported in PROGRAMS:
            continue
        allowed = ROOMS[room] | {room} | ({"wiring", "settings"} if within(item.importer, WORKER) else set())
        if room_of(item.imported) not in allowed:
            wrong.append(item)
    assert not wrong, listed(wrong)


def test_settings_import_only_where_parameters_are_declared() -> None:
    wrong = [
        item
        for item in inside_the_service()
        if room_of(item.importer) == "settings"
        and room_of(item.imported) in SERVICE | {"api"}
        and not item.imported.endswith("_parameters")
    ]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("package", PROJECT)
def test_a_folder_of_the_project_imports_only_what_the_table_allows(package: str) -> None:
    wrong = [
        item
        for item in imports()
        if within(item.importer, package)
        and (imported := item.imported.partition(".")[0]) in PACKAGES
        and imported not in PROJECT[package] | {package}
    ]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("package", THEIR_TESTS)
def test_only_their_own_tests_import_or_start_benchmarks_and_deployments(package: str) -> None:
    others = {
        module: path
        for module, path in modules_of(ROOT, ["tests"]).items()
        if not any(within(module, tests) for tests in THEIR_TESTS[package])
    }
    wrong = [item for item in imports() if item.importer in others and within(item.imported, package)]
    assert not wrong, listed(wrong)
    started = [
        f"{path.relative_to(ROOT)}: starts {node.value}"
        for path in others.values()
        if f"{package}.".encode() in path.read_bytes()
        for node in ast.walk(ast.parse(path.read_bytes(), str(path)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{package}.")
    ]
    assert not started, "\n".join(started)


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = modules_of(ROOT)
    graph: dict[str, set[str]] = defaultdict(set)
    for item in imports():
        if item.imported in modules and item.imported != item.importer:
            graph[item.importer].add(item.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_tracker_imports_only_numpy_scipy_bounds_of_settings_and_the_standard_library() -> None:
    outside_world = {"asyncio", "io", "multiprocessing", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile"}
    allowed = {"tracker_service", "numpy", "scipy", "annotated_types"} | set(sys.stdlib_module_names) - outside_world
    wrong = [
        item
        for item in imports()
        if within(item.importer, "tracker_service.phalp") and item.imported.partition(".")[0] not in allowed
    ]
    assert not wrong, listed(wrong)


def test_the_service_never_imports_what_only_exports_and_tests_need() -> None:
    forbidden = {"torch", "torchvision", "transformers", "onnx", "onnxscript", "pytest"}
    wrong = [
        item
        for item in imports()
        if within(item.importer, "tracker_service") and item.imported.partition(".")[0] in forbidden
    ]
    assert not wrong, listed(wrong)


def test_routes_do_not_import_routes() -> None:
    wrong = [item for item in imports() if item.importer.endswith("routes") and item.imported.endswith("routes")]
    assert not wrong, listed(wrong)


def test_a_folder_is_taken_in_at_a_glance() -> None:
    files: dict[Path, int] = defaultdict(int)
    for path in modules_of(ROOT).values():
        files[path.parent.relative_to(ROOT)] += path.name != "__init__.py"
    full = {str(folder): count for folder, count in files.items() if count > FILES_IN_A_FOLDER}
    assert not full, f"expected at most {FILES_IN_A_FOLDER} Python files in a folder, got {full}"
