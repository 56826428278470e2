"""The embedded client on real ONNX Runtime sessions of small graphs."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.inference.small_models import images, save_model
from tracker_service.errors import InferenceFailedError, ModelContractError, ModelNotFoundError
from tracker_service.inference.client import Tensor, TensorSpec
from tracker_service.inference.contract import require_tensors
from tracker_service.inference.embedded import EmbeddedClient


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save_model(tmp_path, "doubler")
    return tmp_path


@pytest.mark.parametrize("rows", [1, 3, 16, 17, 40])
def test_answers_every_row_also_when_the_batch_is_split(repository: Path, rows: int) -> None:
    client = EmbeddedClient(repository, max_batch=16)
    answer = client.infer("doubler", {"images": images(rows)}, ["double"])
    assert list(answer) == ["double"]
    np.testing.assert_array_equal(answer["double"], images(rows).astype(np.float32) * 2)


def test_an_empty_batch_gives_empty_outputs_of_the_right_type(repository: Path) -> None:
    answer = EmbeddedClient(repository).infer("doubler", {"images": images(0)}, ["double"])
    assert answer["double"].shape == (0, 2, 3)
    assert answer["double"].dtype == np.float32


def test_a_model_that_fails_is_one_of_our_errors_in_one_line(repository: Path) -> None:
    save_model(repository, "fragile", reshape=True)
    client = EmbeddedClient(repository)
    client.infer("fragile", {"images": images(1)}, ["double"])
    with pytest.raises(InferenceFailedError, match=r"^model fragile: [^\n]*Reshape[^\n]*$"):
        client.infer("fragile", {"images": images(2)}, ["double"])


def test_the_newest_version_is_served(repository: Path) -> None:
    save_model(repository, "doubler", version=10, factor=5.0)
    (repository / "doubler" / "2").mkdir()
    answer = EmbeddedClient(repository).infer("doubler", {"images": images(1)}, ["double"])
    np.testing.assert_array_equal(answer["double"], images(1).astype(np.float32) * 5)


def test_threads_share_one_session(repository: Path) -> None:
    client = EmbeddedClient(repository)
    answers: list[Tensor] = []

    def ask() -> None:
        answers.append(client.infer("doubler", {"images": images(4)}, ["double"])["double"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(np.array_equal(answer, answers[0]) for answer in answers)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({}, ["double"], r"expected inputs \['images'\], got \[\]"),
        ({"pictures": images(1)}, ["double"], r"expected inputs \['images'\], got \['pictures'\]"),
        ({"images": images(1)}, ["triple"], r"expected outputs among \['double'\], got \['triple'\]"),
        (
            {"images": images(1).astype(np.float32)},
            ["double"],
            r"model doubler, input images: expected uint8 \[N,2,3\], got float32 \[N,2,3\]",
        ),
        (
            {"images": np.zeros((1, 2, 4), np.uint8)},
            ["double"],
            r"model doubler, input images: expected uint8 \[N,2,3\], got uint8 \[N,2,4\]",
        ),
        ({"images": np.zeros((6,), np.uint8)}, ["double"], r"expected uint8 \[N,2,3\], got uint8 \[N\]"),
        ({"images": np.uint8(1)}, ["double"], "common batch size"),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    repository: Path, inputs: dict[str, Tensor], outputs: list[str], message: str
) -> None:
    with pytest.raises(ModelContractError, match=message):
        EmbeddedClient(repository).infer("doubler", {k: np.asarray(v) for k, v in inputs.items()}, outputs)


def test_a_missing_model_lists_what_is_there(repository: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"model hmr2: expected .*model\.onnx; found models: doubler"):
        EmbeddedClient(repository).signature("hmr2")


def _no_folder(path: Path) -> Path:
    return path / "nowhere"


def _truncated_model(path: Path) -> Path:
    save_model(path, "doubler")
    file = path / "doubler" / "1" / "model.onnx"
    file.write_bytes(file.read_bytes()[:60])
    return path


@pytest.mark.parametrize(
    ("prepare", "expected"), [(_no_folder, ModelNotFoundError), (_truncated_model, ModelContractError)]
)
def test_a_repository_that_cannot_be_used_is_one_of_our_errors(
    tmp_path: Path, prepare: Callable[[Path], Path], expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        EmbeddedClient(prepare(tmp_path)).signature("doubler")


def test_the_signature_is_checked_against_the_contract(repository: Path) -> None:
    spec = EmbeddedClient(repository).signature("doubler")
    uint8, float32 = np.dtype(np.uint8), np.dtype(np.float32)
    require_tensors(
        spec,
        {"images": TensorSpec("images", uint8, (2, None))},
        {"double": TensorSpec("double", float32, (2, 3))},
    )
    with pytest.raises(ModelContractError, match=r"output double: expected float32 \[N,44,3\], got float32 \[N,2,3\]"):
        require_tensors(
            spec,
            {"images": TensorSpec("images", uint8, (2, 3))},
            {"double": TensorSpec("double", float32, (44, 3))},
        )
    with pytest.raises(ModelContractError, match=r"expected outputs \['joints'\], missing \['joints'\]"):
        require_tensors(
            spec, {"images": TensorSpec("images", uint8, (2, 3))}, {"joints": TensorSpec("joints", float32, ())}
        )
