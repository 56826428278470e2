"""config.pbtxt says what the graphs are."""

import re
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

REPOSITORY = Path(__file__).resolve().parents[3] / "model_repository"
TYPES = {"TYPE_UINT8": TensorProto.UINT8, "TYPE_FP32": TensorProto.FLOAT}
Signature = dict[str, tuple[int, list[int]]]


def config(name: str) -> str:
    text = (REPOSITORY / name / "config.pbtxt").read_text()
    return re.sub(r"#.*", "", text)


def declared(text: str, kind: str) -> Signature:
    block = re.search(rf"^{kind} \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    tensors = re.findall(r'name: "(\w+)" data_type: (\w+) dims: \[ ([\d, ]+) \]', block.group(1))
    return {name: (TYPES[kind], [int(side) for side in dims.split(",")]) for name, kind, dims in tensors}


def actual(values: list[onnx.ValueInfoProto]) -> Signature:
    signature = {}
    for value in values:
        tensor = value.type.tensor_type
        assert tensor.shape.dim[0].dim_param == "N", "the batch side is free"
        signature[value.name] = (tensor.elem_type, [side.dim_value for side in tensor.shape.dim[1:]])
    return signature


@pytest.mark.parametrize(
    ("name", "largest", "like"),
    [
        ("detector_lite", 16, "detector_lite"),
        ("hmr_lite", 64, "hmr_lite"),
        ("hmr_lite_heavy", 16, "hmr_lite"),
        ("person_finder", 16, "person_finder"),
    ],
)
def test_config_and_graph_have_the_same_signature(name: str, largest: int, like: str) -> None:
    text = config(name)
    graph = onnx.load(REPOSITORY / like / "1" / "model.onnx").graph
    assert declared(text, "input") == actual(list(graph.input))
    assert declared(text, "output") == actual(list(graph.output))
    assert f'name: "{name}"' in text
    assert 'backend: "onnxruntime"' in text
    assert f"max_batch_size: {largest}\n" in text
    assert re.findall(r"batch_size: (\d+)", text.split("model_warmup")[1]) == ["1", str(largest)]


@pytest.mark.parametrize(
    ("name", "instances"), [("detector_lite", 2), ("hmr_lite", 1), ("hmr_lite_heavy", 1), ("person_finder", 1)]
)
def test_config_bounds_the_queue_and_needs_no_gpu(name: str, instances: int) -> None:
    text = config(name)
    assert re.search(r"max_queue_size: [1-9]", text)
    assert "timeout_action: REJECT" in text
    assert f"kind: KIND_AUTO count: {instances} " in text
    assert "KIND_GPU" not in text


def test_the_models_are_small_enough_for_git() -> None:
    files = [REPOSITORY / name / "1" / "model.onnx" for name in ("detector_lite", "hmr_lite", "person_finder")]
    assert sum(file.stat().st_size for file in files) <= 20_000_000
