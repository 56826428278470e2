"""What `verify-full` does with the networks of the family, at reduced size."""

from pathlib import Path

import pytest

from export.graphs.choices import Precision
from export.graphs.parity import table
from export.hmr_family.detection import Family
from export.hmr_family.full_size import verify_full_size
from tests.export.family.reduced import SIZES
from tests.export.synthetic_body import synthetic_body


def test_a_network_goes_from_its_container_to_a_graph_in_half_precision_within_the_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rows,) = verify_full_size(Family.CAMERAHMR, synthetic_body(), tmp_path, [Precision.FP16], (1, 3), SIZES)
    assert all(row.passed for row in rows), table(rows)
    assert {(row.precision, row.batch) for row in rows} == {("fp16", 1), ("fp16", 3)}
    assert {row.output for row in rows} >= {"vertices", "cam_t"}
    assert max(row.maximum for row in rows if row.output == "vertices") > 1e-3  # it is not FP32 under another name
    assert (tmp_path / "fp16" / "camerahmr" / "1" / "model.onnx").is_file()
    assert "camerahmr: checkpoint of " in capsys.readouterr().out
