"""The benchmark of HMR2 runs, reports what it measured, and never invents what it could not."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks.hmr2 import EAGER, GPU_BATCHES, GPU_RUNTIMES, main, report, row, verdicts
from export.hmr2.sizes import Hmr2Sizes

SIZES = Hmr2Sizes(32, 1, 2, 32, 1, 2, 16, 32)


def test_benchmark_writes_what_it_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", str(tmp_path / "hmr2.json"), "--repeats", "1", "--threads", "1"], SIZES)
    content = json.loads((tmp_path / "hmr2.json").read_text())
    cpu = [item for item in content["rows"] if item["where"] == "CPU"]
    assert [(item["runtime"], item["batch"]) for item in cpu] == [
        ("ONNX Runtime FP32", 1),
        ("PyTorch eager FP32", 1),
        ("ONNX Runtime FP32", 8),
        ("PyTorch eager FP32", 8),
    ]
    assert all(item["milliseconds"] > 0 for item in cpu)
    printed = capsys.readouterr().out
    if not torch.cuda.is_available():
        assert content["bf16_ceiling_tflops"] is None
        assert printed.count("not measured") == len(GPU_RUNTIMES) * len(GPU_BATCHES) + 2


def test_rates_follow_from_the_time() -> None:
    measured = row("GPU", "compiled BF16", 64, 0.064, 251.1)
    assert measured.milliseconds == pytest.approx(64)
    assert measured.crops_per_second == pytest.approx(1000)
    assert measured.teraflops == pytest.approx(251.1)
    assert "251.100" in report([measured], 790.0)
    assert "790 TFLOP/s" in report([measured], 790.0)


def test_targets_are_judged_on_the_best_runtime_of_each_batch() -> None:
    eager = [row("GPU", EAGER, batch, 0.01 * batch, 251.1) for batch in GPU_BATCHES]
    slow = [row("GPU", "TorchScript FP16", batch, 0.002 * batch, 251.1) for batch in GPU_BATCHES]
    fast = [row("GPU", "compiled BF16", batch, 0.0008 * batch, 251.1) for batch in GPU_BATCHES]
    lines = verdicts([*eager, *slow, *fast], 700.0)
    assert len(lines) == len(GPU_BATCHES) + 1
    assert all("at least 10, got 12.50: reached" in line for line in lines[:-1])
    assert lines[-1] == "target, batch 64, of the ceiling: at least 0.5, got 0.45: missed"
    assert "44.8%" in report([*eager, *fast], 700.0)
    assert verdicts([*eager, *slow], None) == ["targets on the GPU: not measured"]
