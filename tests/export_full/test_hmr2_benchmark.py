"""The benchmark of HMR2 runs, reports what it measured, and never invents what it could not."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks.hmr2 import GPU_BATCHES, main, report, row
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
        assert printed.count("not measured") == 4 * len(GPU_BATCHES) + 1


def test_rates_follow_from_the_time() -> None:
    measured = row("GPU", "compiled BF16", 64, 0.064, 251.1)
    assert measured.milliseconds == pytest.approx(64)
    assert measured.crops_per_second == pytest.approx(1000)
    assert measured.teraflops == pytest.approx(251.1)
    assert "251.100" in report([measured], 790.0)
    assert "790 TFLOP/s" in report([measured], 790.0)
