"""The file of a golden batch."""

from pathlib import Path

import numpy as np
import pytest

from tracker_service.errors import ContractError
from tracker_service.inference.verification.golden import GoldenBatch, thinned
from tracker_service.inference.verification.measures import POINTS, Limit, Measure


def test_a_batch_is_read_as_it_was_written(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    inputs = {"crops": random.integers(0, 256, (2, 5, 7, 3), np.uint8), "place": random.random((2, 3), np.float32)}
    batch = GoldenBatch(inputs, {"points": np.ones((2, 4, 3), np.float32)}, {"points": POINTS}, {"model.pt": "fp16"})
    with (tmp_path / "golden.npz").open("wb") as file:
        batch.write(file)
    read = GoldenBatch.read(tmp_path / "golden.npz")
    for name, value in inputs.items():
        assert read.inputs[name].dtype == value.dtype
        np.testing.assert_array_equal(read.inputs[name], value)
    np.testing.assert_array_equal(read.outputs["points"], batch.outputs["points"])
    assert (read.measures, read.precisions) == (batch.measures, batch.precisions)


def test_a_smooth_picture_takes_little_room(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 256)[:, None, None], (1, 256, 256, 3)).astype(np.uint8)
    with (tmp_path / "golden.npz").open("wb") as file:
        GoldenBatch({"crops": ramp}, {}, {}, {}).write(file)
    assert (tmp_path / "golden.npz").stat().st_size < ramp.nbytes / 100


@pytest.mark.parametrize(
    ("shape", "kept"), [((2, 6890, 3), (2, 530, 3)), ((1, 100, 4), (1, 100, 4)), ((3,), (3,)), ((1, 512), (1, 512))]
)
def test_only_outputs_with_many_rows_are_thinned(shape: tuple[int, ...], kept: tuple[int, ...]) -> None:
    assert thinned(np.zeros(shape)).shape == kept


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_says_what_was_expected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "golden.npz"
    path.write_bytes(content)
    with pytest.raises(ContractError, match="expected the golden batch of a model"):
        GoldenBatch.read(path)


def test_an_output_without_a_measure_is_refused() -> None:
    with pytest.raises(ContractError, match="one measure an output"):
        GoldenBatch({}, {"points": np.zeros((1, 3))}, {}, {})


@pytest.mark.parametrize(("got", "deviation"), [(np.nan, (np.inf, np.inf)), (np.inf, (np.inf, np.inf)), (2, (1, 1))])
def test_what_is_not_a_number_is_infinitely_far_away(got: float, deviation: tuple[float, float]) -> None:
    measure = Measure("abs", Limit(1, 1), Limit(1, 1))
    assert measure.deviation(np.ones((2, 3)), np.full((2, 3), got)) == deviation
