"""The benchmark of HMR2 runs, reports what it measured, and never invents what it could not."""

from pathlib import Path

import pytest
import torch

from benchmarks.hmr2 import EAGER, GPU_BATCHES, GPU_RUNTIMES, main, row, table_rows, verdicts
from export.hmr2.sizes import Hmr2Sizes
from harness.tables import read_tables

SIZES = Hmr2Sizes(32, 1, 2, 32, 1, 2, 16, 32)


def test_benchmark_writes_what_it_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", str(tmp_path / "hmr2.json"), "--repeats", "1", "--threads", "1"], SIZES)
    tables = read_tables(tmp_path / "hmr2.json")
    assert [(item["runtime"], item["batch"]) for item in tables["cpu"].rows] == [
        ("ONNX Runtime FP32", 1),
        ("PyTorch eager FP32", 1),
        ("ONNX Runtime FP32", 8),
        ("PyTorch eager FP32", 8),
    ]
    assert all(item["milliseconds"] > 0 for item in tables["cpu"].rows)
    printed = capsys.readouterr().out
    assert tables["cpu"].markdown() in printed
    if not torch.cuda.is_available():
        assert "ceiling not measured" in tables["gpu"].title
        assert len(tables["gpu"].rows) == len(GPU_RUNTIMES) * len(GPU_BATCHES)
        assert {item["milliseconds"] for item in tables["gpu"].rows} == {None}


def test_rates_follow_from_the_time() -> None:
    measured = row("GPU", "compiled BF16", 64, 0.064, 251.1)
    assert measured.milliseconds == pytest.approx(64)
    assert measured.crops_per_second == pytest.approx(1000)
    assert measured.teraflops == pytest.approx(251.1)
    assert table_rows([measured], 1004.4)[0]["share_of_ceiling"] == pytest.approx(0.25)


def test_targets_are_judged_on_the_best_runtime_of_each_batch() -> None:
    eager = [row("GPU", EAGER, batch, 0.01 * batch, 251.1) for batch in GPU_BATCHES]
    slow = [row("GPU", "TorchScript FP16", batch, 0.002 * batch, 251.1) for batch in GPU_BATCHES]
    fast = [row("GPU", "compiled BF16", batch, 0.0008 * batch, 251.1) for batch in GPU_BATCHES]
    lines = verdicts([*eager, *slow, *fast], 700.0)
    assert len(lines) == len(GPU_BATCHES) + 1
    assert all("at least 10, got 12.50: reached" in line for line in lines[:-1])
    assert lines[-1] == "target, batch 64, of the ceiling: at least 0.5, got 0.45: missed"
    assert [row["times_eager"] for row in table_rows([*eager, *fast], 700.0)][-1] == pytest.approx(12.5)
    assert verdicts([*eager, *slow], None) == ["targets on the GPU: not measured"]
