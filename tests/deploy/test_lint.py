"""Every file of deploy/ before a linter or the program that will read it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from tests.deploy.running_stack import DEPLOY
from tracker_service.model_sets import MODEL_SETS

ROOT = DEPLOY.parent
SCRIPTS = Path(sys.executable).parent
COMPOSE_FILES = sorted(path for path in DEPLOY.rglob("*.yaml") if "services:" in path.read_text())
DOCKERFILES = sorted([*DEPLOY.rglob("Dockerfile"), *DEPLOY.rglob("*.Dockerfile")])
PROFILES = ("gpu", "cpu", "scale", "cpu,cpu-triton", "gpu,alerts,postgres,traces")
Find = Callable[[str], Path]


def _run(*command: str | Path, cwd: Path = ROOT, variables: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed and return its output."""
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(DEPLOY))) for path in paths]


@pytest.mark.parametrize("path", _named(DOCKERFILES))
def test_hadolint(path: Path) -> None:
    _run(SCRIPTS / "hadolint", path)
    assert "# syntax=" not in path.read_text()


def test_yamllint() -> None:
    _run(SCRIPTS / "yamllint", "--strict", "--config-file", DEPLOY / ".yamllint.yaml", DEPLOY)


def test_shellcheck() -> None:
    scripts = [*DEPLOY.rglob("*.sh"), ROOT / ".ci" / "run"]
    assert len(scripts) > 3
    _run(SCRIPTS / "shellcheck", *scripts)


def test_compose_schema() -> None:
    """Without files with Compose's own tags, which the schema's reader does not know; the engine's own check does."""
    plain = [path for path in COMPOSE_FILES if not any(tag in path.read_text() for tag in ("!reset", "!override"))]
    assert len(plain) > 8
    _run(SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", *plain)


@pytest.mark.parametrize("model_set", list(MODEL_SETS))
@pytest.mark.parametrize("profiles", PROFILES)
def test_compose_understands_every_profile(profiles: str, model_set: str) -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("Docker Compose is not installed")
    variables = {"COMPOSE_PROFILES": profiles, "MODEL_SET": model_set, "PROJECT": str(ROOT), "VERSION": "1"}
    command = ("docker", "compose", "--env-file", os.devnull)
    overrides = [DEPLOY / "smoke" / "builds.yaml", *sorted((DEPLOY / "smoke" / "stand_ins").glob("*.yaml"))]
    for files in (
        ["compose.yaml"],
        ["compose.yaml", "compose.dashboards.yaml"],
        ["compose.yaml", *map(str, overrides)],
    ):
        _run(
            *command,
            *(part for file in files for part in ("--file", file)),
            "config",
            "-q",
            cwd=DEPLOY,
            variables=variables,
        )


def test_every_model_set_is_served_with_its_models() -> None:
    files = {path.stem: yaml.safe_load(path.read_text())["services"] for path in (DEPLOY / "models").glob("*.yaml")}
    assert set(files) == set(MODEL_SETS)
    for name, services in files.items():
        models = MODEL_SETS[name]
        served = {volume.split(":")[-2] for volume in services["triton"]["volumes"]}
        body = {models.hmr, models.appearance, models.appearance_encoder, models.hmr_with_appearance} - {None}
        assert served >= {f"/models/{model}" for model in (models.detector, *body)}, name
        others = {other.hmr for other in MODEL_SETS.values()} - {models.hmr}
        assert not served & {f"/models/{model}" for model in others}, name
        assert services["tracker"]["environment"]["PHALP_TRITON_MODEL_SET"] == name


def test_only_the_door_of_the_tracker_is_published_and_only_to_this_machine() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"tracker", "tracker-cpu", "proxy"}
    assert all(port.startswith("${TRACKER_BIND:-127.0.0.1}:") for ports in published.values() for port in ports)


def test_every_service_has_limits_rotated_logs_a_restart_policy_and_no_capabilities() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    models = yaml.safe_load((DEPLOY / "models" / "full.yaml").read_text())["services"]
    for name, service in services.items():
        limits = (service.get("deploy") or models[name]["deploy"])["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] in ("unless-stopped", "no"), name
        assert service["cap_drop"] == ["ALL"], name


def test_every_image_is_pinned_by_version() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    images = re.findall(r"image: \$\{\w+_IMAGE:-([^}]+)\}", text)
    assert len(images) >= 6
    assert all(re.search(r":v?\d+", image) for image in images), images


def test_env_example_and_compose_files_have_the_same_variables() -> None:
    files = [DEPLOY / "compose.yaml", DEPLOY / "compose.dashboards.yaml", *(DEPLOY / "models").glob("*.yaml")]
    used = {variable for file in files for variable in re.findall(r"\$\{(\w+)", file.read_text())} - {"VARIABLE"}
    documented = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert documented - {"COMPOSE_PROFILES"} == used


def test_env_example_names_the_defaults_of_the_compose_files() -> None:
    files = [DEPLOY / "compose.yaml", DEPLOY / "compose.dashboards.yaml", *(DEPLOY / "models").glob("*.yaml")]
    defaults = dict(match for file in files for match in re.findall(r"\$\{(\w+):-([^}]*)\}", file.read_text()))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert {variable: value for variable, value in example.items() if variable != "COMPOSE_PROFILES"} == {
        variable: defaults[variable] for variable in example if variable != "COMPOSE_PROFILES"
    }


def test_promtool_accepts_configuration_and_rules(find: Find, tmp_path: Path) -> None:
    promtool = find("promtool")
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    configuration = tmp_path / "prometheus" / "prometheus.yml"
    text = configuration.read_text().replace("/etc/prometheus/targets/", f"{tmp_path}/prometheus/targets/triton/")
    configuration.write_text(text.replace("/etc/prometheus/", f"{tmp_path}/prometheus/"))
    assert "WARNING" not in _run(promtool, "check", "config", "--lint=all", "--lint-fatal", configuration)


def test_every_alert_fires_when_it_should_and_only_then(find: Find) -> None:
    tests = DEPLOY / "prometheus" / "tests" / "alerts.yml"
    _run(find("promtool"), "test", "rules", tests)
    cases = [case for test in yaml.safe_load(tests.read_text())["tests"] for case in test["alert_rule_test"]]
    firing = {case["alertname"] for case in cases if case["exp_alerts"]}
    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert firing == silent == set(_alerts())


def test_every_alert_has_its_runbook() -> None:
    sections = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbooks.md").read_text(), re.MULTILINE))
    assert sections == set(_alerts())
    assert all(
        alert["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}" for name, alert in _alerts().items()
    )


def test_amtool_accepts_the_example(find: Find) -> None:
    _run(find("amtool"), "check-config", DEPLOY / "prometheus" / "alertmanager.example.yml")


@pytest.mark.parametrize("path", _named(sorted(DEPLOY.rglob("*.lock"))))
def test_lock_files_pin_with_hashes_and_name_no_index(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    packages = re.split(r"\n(?=\w)", text.strip())
    assert all("==" in package and "--hash=sha256:" in package for package in packages)


def test_lock_of_the_tracker_has_every_dependency_in_range() -> None:
    import tomllib

    from packaging.requirements import Requirement

    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for lock in ("tracker/requirements", "export/requirements", "export/requirements-cpu"):
        text = (DEPLOY / f"{lock}.lock").read_text()
        pinned: dict[str, list[str]] = {}
        for name, version in re.findall(r"^([\w.-]+)==([\w.+-]+)", text, re.MULTILINE):
            pinned.setdefault(name, []).append(version)
        for requirement in map(Requirement, dependencies):
            versions = pinned.get(requirement.name.lower(), [])
            assert versions, f"{lock}: {requirement.name} is missing, run deploy/lock.sh"
            assert all(requirement.specifier.contains(version) for version in versions), f"{lock}: {requirement}"


def test_the_cpu_lock_of_the_export_differs_only_in_pytorch_and_what_cuda_needs() -> None:
    full, cpu = (
        set(re.findall(r"^([\w.-]+==[\w.+-]+)", (DEPLOY / "export" / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-cpu.lock")
    )
    version = next(line for line in full if line.startswith("torch==")).partition("==")[2]
    assert cpu - full == {f"torch=={version}+cpu"}
    assert all(re.match(r"torch==|triton==|cuda-|nvidia-", line) for line in full - cpu)


def test_npm_lock_names_no_registry() -> None:
    lock = json.loads((DEPLOY / "grafana" / "types" / "package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())


def _alerts() -> dict[str, dict[str, dict[str, str]]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "rules" / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}
