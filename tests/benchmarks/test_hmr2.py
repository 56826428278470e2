"""The benchmark of HMR2 runs and reports what it measured."""

from pathlib import Path

import pytest

from benchmarks.hmr2 import EAGER, main, row, table_rows
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
    assert tables["cpu"].markdown() in capsys.readouterr().out


def test_rates_follow_from_the_time() -> None:
    measured = row("ONNX Runtime FP32", 64, 0.064)
    assert measured.milliseconds == pytest.approx(64)
    assert measured.crops_per_second == pytest.approx(1000)
    eager = [row(EAGER, 64, 0.64), row(EAGER, 8, 0.01)]
    assert table_rows([measured, *eager])[0]["times_eager"] == pytest.approx(10)
