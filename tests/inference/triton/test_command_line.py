"""`track --inference triton` against a real server, as a user runs it: what comes out is that of the embedded run."""

from pathlib import Path

import numpy as np
import pytest

from harness.command_line import CommandLine
from harness.triton.repository import MODEL_REPOSITORY, built_models
from harness.triton.server import TritonServer, triton_ports
from tests.export.full_set.runs import Run, track

LITE = ("detector_lite", "hmr_lite")
FRAMES = 12


def _numbers(run: Run, key: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array([value for frame in run.tracks for value in frame[key]], np.float64)


@pytest.mark.skipif(not set(LITE) <= set(built_models()), reason="needs the built lite models")
def test_served_run_equals_the_embedded_one(command_line: CommandLine, server: TritonServer, tmp_path: Path) -> None:
    url = ("--inference", "triton", "--triton-url", server.url)
    embedded, served = (
        track(command_line, MODEL_REPOSITORY, tmp_path / name, *options, frames=FRAMES, model_set="lite")
        for name, options in (("embedded", ()), ("served", url))
    )
    assert (embedded.status, served.status) == (0, 0), embedded.error + served.error
    assert len(served.frames) == FRAMES
    assert any(embedded.ids)
    assert served.ids == embedded.ids
    for key in ("people", "seen", "predicted", "coverage", "dropped"):
        assert served.summary[key] == embedded.summary[key]
    np.testing.assert_allclose(_numbers(served, "bbox"), _numbers(embedded, "bbox"), atol=0.01)
    assert np.linalg.norm(_numbers(served, "3d_joints") - _numbers(embedded, "3d_joints"), axis=-1).max() < 1e-4


@pytest.mark.skipif(not set(LITE) <= set(built_models()), reason="needs the built lite models")
def test_another_device_than_the_servers_is_an_error_line_and_status_2(
    command_line: CommandLine, server: TritonServer, tmp_path: Path
) -> None:
    url = ("--inference", "triton", "--triton-url", server.url, "device=cuda")
    refused = track(command_line, MODEL_REPOSITORY, tmp_path / "out", *url, model_set="lite")
    assert refused.status == 2
    assert refused.error.startswith("error: inference.device: expected a server that runs the models on cuda, got cpu")
    assert len(refused.error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_server_that_is_not_there_is_an_error_line_and_status_2(command_line: CommandLine, tmp_path: Path) -> None:
    url = f"127.0.0.1:{triton_ports().grpc}"
    away = track(
        command_line,
        MODEL_REPOSITORY,
        tmp_path / "out",
        *("--inference", "triton", "--triton-url", url, "inference.budget_seconds=1"),
        model_set="lite",
    )
    assert away.status == 2
    warning, error = away.error.strip().splitlines()
    assert warning.startswith("WARNING")
    assert error.startswith("error: ")
    assert url in error
    assert not (tmp_path / "out").exists()
