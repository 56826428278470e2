"""The options we give Triton, by the names that the test server and the pinned server document."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import read_config, variants

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTED = json.loads((ROOT / "tests" / "data" / "triton_options.json").read_text())
RELEASES = [release for release in DOCUMENTED if release != "source"]
PLACES = ("deploy/compose.yaml", "deploy/k8s/triton.yaml", "deploy/k8s/one-pod/tracker.yaml")
OLDEST = (25, 7)
"""First release in which requests cannot run code (CVE-2025-23319)."""


@pytest.mark.parametrize("release", RELEASES)
def test_every_option_of_the_configs_is_one_that_the_backend_reads(release: str) -> None:
    known = {kind: set(names.split()) for kind, names in DOCUMENTED[release].items()}
    for _, path in variants():
        config = read_config(path)
        if config.backend != "onnxruntime":
            continue
        assert set(config.parameters) <= known["parameters"], path
        for accelerator in config.optimization.execution_accelerators.gpu_execution_accelerator:
            assert set(accelerator.parameters) <= known[accelerator.name], path


def test_the_search_of_cudnn_stands_where_the_backend_does_not_overwrite_it() -> None:
    for _, path in variants():
        config = read_config(path)
        if config.backend != "onnxruntime" or path.stem == "cpu":
            continue
        assert config.parameters["cudnn_conv_algo_search"].string_value == "1", path  # HEURISTIC
        accelerators = {
            accelerator.name: dict(accelerator.parameters)
            for accelerator in config.optimization.execution_accelerators.gpu_execution_accelerator
        }
        assert accelerators["cuda"] == {"use_tf32": "0"}, path
        # Strongly typed: any of these would let TensorRT choose the types of geometry.
        assert not {"precision_mode", "trt_layer_norm_fp32_fallback"} & set(accelerators.get("tensorrt", {})), path


@pytest.mark.parametrize("place", PLACES)
def test_the_servers_image_is_pinned_to_one_release_without_the_known_holes(place: str) -> None:
    text = (ROOT / place).read_text()
    images = re.findall(r"nvcr\.io/nvidia/tritonserver:(\d\d)\.(\d\d)-py3", text)
    assert {f"{year}.{month}" for year, month in images} == {RELEASES[-1]}
    assert all((int(year), int(month)) >= OLDEST for year, month in images)
    assert "NVIDIA_TF32_OVERRIDE" in text


def test_the_test_server_knows_every_option_of_the_command_line(environment: ServerEnvironment) -> None:
    done = subprocess.run(
        [environment.tritonserver, "--help"], env=environment.variables(), capture_output=True, text=True, timeout=60
    )
    known = set(re.findall(r"(--[a-z][a-z-]+)", done.stdout + done.stderr))
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    used = {word.partition("=")[0] for word in compose["x-triton"]["command"][1:]}
    assert len(used) > 5
    assert used <= known
