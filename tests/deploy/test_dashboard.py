"""The dashboard: known to Grafana's types, in the order of the questions, every expression with an answer."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.triton.environment import cache_folder
from harness.waiting import until
from tests.deploy.running_stack import DEPLOY, RunningStack

DASHBOARDS = DEPLOY / "grafana" / "dashboards"
DASHBOARD, TRACES = DASHBOARDS / "phalp-triton.json", DASHBOARDS / "phalp-triton-traces.json"
TYPES = DEPLOY / "grafana" / "types"
QUESTIONS = (
    "Is it up?",
    "Is anything lost?",
    "How fast?",
    "Where is the time?",
    "Is the GPU used?",
    "What is queued?",
)
NOTHING_TO_SHOW = {
    "sum by (kind) (rate(phalp_triton_errors_total[5m]))": "no request has failed",
    "sum by (model) (rate(phalp_triton_retries_total[5m]))": "no request was sent again",
}


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return panels


def _expressions() -> Iterator[Any]:
    for panel in _panels():
        for target in panel.get("targets", []):
            yield pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")


@pytest.fixture(scope="module")
def compiler() -> Path:
    """Return a folder with TypeScript and Grafana's types in it."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = cache_folder() / "dashboard-types"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        source, target = TYPES / name, folder / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            shutil.copy2(source, target)
    if not (folder / "node_modules").is_dir():
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, timeout=300
        )
        if done.returncode != 0:
            pytest.skip(f"Grafana's types cannot be installed: {done.stderr.strip()[-200:]}")
    return folder


MISTAKES = {
    '"drawStyle": "line"': '"drawStyle": "lines"',
    '"mode": "absolute"': '"mode": "fixed"',
    '"refresh"': '"refreshes"',
    '"expr"': '"query"',
}
"""What the types shall notice in place of what is right."""


@pytest.fixture(scope="module")
def type_errors(compiler: Path) -> dict[str, list[str]]:
    """The compiler's errors in the dashboards ("right"), and in the first of them with each of the mistakes."""
    text = DASHBOARD.read_text()
    sources = {"right": f"{text}, {TRACES.read_text()}"}
    sources |= {wrong: text.replace(right, wrong, 1) for right, wrong in MISTAKES.items()}
    shutil.copy2(TYPES / "dashboard-types.ts", compiler)
    files = {name: compiler / f"dashboard-{os.getpid()}-{number}.ts" for number, name in enumerate(sources)}
    for name, file in files.items():
        file.write_text(
            'import type { DashboardFile } from "./dashboard-types.js";\n'
            f"export const dashboards: DashboardFile[] = [{sources[name]}];\n"
        )
    options = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext")
    try:
        done = subprocess.run(
            # One run for all: it reads Grafana's types, which takes most of the time, once.
            [compiler / "node_modules" / ".bin" / "tsc", *options, *(file.name for file in files.values())],
            cwd=compiler,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        for file in files.values():
            file.unlink()
    lines = done.stdout.splitlines()
    found = {name: [line for line in lines if line.startswith(file.name)] for name, file in files.items()}
    # What is in none of the files, such as a module that is missing, belongs to all of them.
    elsewhere = [line for line in lines if "error TS" in line and not any(line in own for own in found.values())]
    return {name: own + (elsewhere if name == "right" else []) for name, own in found.items()}


@pytest.mark.registry
def test_dashboards_are_what_grafanas_types_say(type_errors: dict[str, list[str]]) -> None:
    assert type_errors["right"] == []


@pytest.mark.registry
@pytest.mark.parametrize(("right", "wrong"), MISTAKES.items())
def test_types_notice_a_mistake(type_errors: dict[str, list[str]], right: str, wrong: str) -> None:
    assert right in DASHBOARD.read_text()
    assert any("error TS" in line for line in type_errors[wrong])


def test_the_dashboard_of_traces_asks_the_source_that_is_provisioned_for_steps_that_exist() -> None:
    source = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "datasources" / "tempo.yml").read_text())
    panels = json.loads(TRACES.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {each["uid"] for each in source["datasources"]}
    queries = " ".join(target["query"] for panel in panels for target in panel["targets"])
    assert 'name = "job"' in queries
    assert 'name =~ "POST /pose.*"' in queries
    assert set(re.findall(r'service\.name = "([^"]+)"', queries)) == {"phalp-triton"}


def test_rows_ask_the_questions_in_their_order() -> None:
    assert tuple(panel["title"] for panel in _panels() if panel["type"] == "row") == QUESTIONS


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    panels = _panels()
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & own, panel["title"]
        assert max(x for x, _ in own) < 24
        cells |= own


def has_answer(samples: list[dict[str, Any]]) -> bool:
    return bool(samples) and not any(sample["value"][1] == "NaN" for sample in samples)


@pytest.mark.registry
@pytest.mark.parametrize("expression", list(_expressions()))
def test_expression_has_an_answer_from_the_running_stack(stack: RunningStack, expression: str) -> None:
    if expression in NOTHING_TO_SHOW:
        assert all(float(sample["value"][1]) == 0 for sample in stack.query(expression))
    else:
        until(lambda: has_answer(stack.query(expression)))


def _scaling_queries() -> Iterator[Any]:
    for path in sorted((DEPLOY / "k8s").rglob("*autoscaler.yaml")):
        for trigger in yaml.safe_load(path.read_text())["spec"]["triggers"]:
            yield pytest.param(trigger["metadata"]["query"], id=str(path.relative_to(DEPLOY)))


@pytest.mark.registry
@pytest.mark.parametrize("query", list(_scaling_queries()))
def test_what_the_autoscalers_of_kubernetes_ask_has_one_answer(stack: RunningStack, query: str) -> None:
    assert len(until(lambda: stack.query(query))) == 1


@pytest.mark.registry
def test_all_recorded_series_exist(stack: RunningStack) -> None:
    rules = (DEPLOY / "prometheus" / "rules" / "recording.yml").read_text()
    names = [line.split("record:")[1].strip() for line in rules.splitlines() if "record:" in line]
    until(lambda: all(stack.query(name) for name in names))


@pytest.mark.registry
def test_no_alert_fires_while_all_is_well(stack: RunningStack) -> None:
    assert stack.query('ALERTS{alertstate="firing"}') == []
