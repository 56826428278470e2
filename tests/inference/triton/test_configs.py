"""The committed configs: equal to the graphs they describe, and loadable by a real server."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from tritonclient.grpc import model_config_pb2

from export.appearance import model as appearance_model
from export.hmr2 import model as hmr2_model
from export.pose_predictor import model as pose_model
from harness.triton.environment import ServerEnvironment
from harness.triton.graphs import GRAPHS
from harness.triton.repository import (
    MODEL_REPOSITORY,
    build_repository,
    choose_variant,
    ensembles,
    read_config,
    served_models,
    variants,
)
from harness.triton.scripted import SCRIPTS
from harness.triton.server import TritonServer

Signature = dict[str, tuple[str, tuple[int, ...]]]
ONNX_TYPES: dict[int, str] = {
    onnx.TensorProto.UINT8: "TYPE_UINT8",
    onnx.TensorProto.FLOAT: "TYPE_FP32",
    onnx.TensorProto.FLOAT16: "TYPE_FP16",
    onnx.TensorProto.INT64: "TYPE_INT64",
}
VARIANTS = [pytest.param(name, path, id=str(path.relative_to(MODEL_REPOSITORY))) for name, path in variants()]


def graph_signature(values: "list[onnx.ValueInfoProto]") -> Signature:
    """Return type and shape by name, without the batch dimension, which must be free; -1 is a free side."""
    signature = {}
    for value in values:
        tensor = value.type.tensor_type
        batch, *sides = tensor.shape.dim
        assert not batch.HasField("dim_value"), f"{value.name}: the batch dimension must be free"
        shape = tuple(side.dim_value if side.HasField("dim_value") else -1 for side in sides)
        signature[value.name] = (ONNX_TYPES[tensor.elem_type], shape)
    return signature


def config_signature(entries: "list[model_config_pb2.ModelInput | model_config_pb2.ModelOutput]") -> Signature:
    return {entry.name: (model_config_pb2.DataType.Name(entry.data_type), tuple(entry.dims)) for entry in entries}


def graph_of(model: str) -> onnx.ModelProto:
    built = MODEL_REPOSITORY / model / "1" / "model.onnx"
    return onnx.load(built, load_external_data=False) if built.is_file() else GRAPHS[model]()


def test_every_model_of_the_design_has_a_config() -> None:
    assert set(served_models()) >= {"detector", "hmr2", "appearance", "appearance_encoder", "pose_predictor"}


@pytest.mark.parametrize(("model", "path"), VARIANTS)
def test_config_equals_the_signature_of_its_graph(model: str, path: Path) -> None:
    config, graph = read_config(path), graph_of(model).graph
    assert config.name == model
    assert config_signature(list(config.input)) == graph_signature(list(graph.input))
    outputs = graph_signature(list(graph.output))
    asked = config_signature(list(config.output))
    assert asked == {name: outputs[name] for name in asked}


@pytest.mark.parametrize(("model", "path"), VARIANTS)
def test_config_is_complete_for_production(model: str, path: Path) -> None:
    config = read_config(path)
    policy = config.dynamic_batching.default_queue_policy
    assert 0 < policy.max_queue_size <= 1024
    assert policy.default_timeout_microseconds > 0
    assert policy.timeout_action == model_config_pb2.ModelQueuePolicy.REJECT
    assert config.version_policy.WhichOneof("policy_choice") is not None
    kinds = {group.kind for group in config.instance_group}
    groups = model_config_pb2.ModelInstanceGroup
    # Only KIND_AUTO loads with and without a GPU.
    assert kinds == {groups.KIND_CPU if path.stem == "cpu" else groups.KIND_AUTO}, model
    assert {warmup.batch_size for warmup in config.model_warmup} == {1, config.max_batch_size}
    for warmup in config.model_warmup:
        dims = {name: tuple(tensor.dims) for name, tensor in warmup.inputs.items()}
        assert {name: len(sides) for name, sides in dims.items()} == {e.name: len(e.dims) for e in config.input}
        for entry in config.input:
            assert all(want in (-1, have) for want, have in zip(entry.dims, dims[entry.name], strict=True))


@pytest.mark.parametrize(("model", "path"), [entry for entry in VARIANTS if entry.values[1].name == "tensorrt.pbtxt"])  # type: ignore[union-attr]
def test_tensorrt_variant_keeps_engines_and_names_one_profile_for_all_batch_sizes(model: str, path: Path) -> None:
    config = read_config(path)
    accelerator, cuda = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert (accelerator.name, cuda.name) == ("tensorrt", "cuda")
    values = dict(accelerator.parameters)
    assert values["trt_engine_cache_enable"] == "1"
    assert values["trt_engine_cache_path"].endswith(f"/{model}")
    usual = {name: tuple(tensor.dims) for name, tensor in config.model_warmup[0].inputs.items()}
    for key, rows in (("min", 1), ("max", config.max_batch_size)):
        shapes = dict(part.split(":") for part in values[f"trt_profile_{key}_shapes"].split(","))
        assert list(shapes) == [entry.name for entry in config.input]
        for entry in config.input:
            batch, *sides = map(int, shapes[entry.name].split("x"))
            assert batch == rows
            for dim, side, common in zip(entry.dims, sides, usual[entry.name], strict=True):
                assert side == dim if dim != -1 else side <= common if key == "min" else side >= common


def test_the_server_loads_every_default_config(server: TritonServer) -> None:
    for model in served_models():
        assert server.get(f"/v2/models/{model}/ready")[0] == 200, server.log_tail()


@pytest.mark.parametrize("together", [("cpu", "small"), ("tensorrt",), ("torchscript",)], ids="-".join)
def test_the_server_loads_every_variant(
    environment: ServerEnvironment, tmp_path: Path, together: tuple[str, ...]
) -> None:
    chosen = {model: variant for variant in together for model, path in variants() if path.stem == variant}
    # The largest batches are computed for these and for the default configs; the others name the same tensors.
    quick = together != ("cpu", "small")
    repository = build_repository(tmp_path / "models", chosen, scripts=together == ("torchscript",), quick=quick)
    # Variants of different models share a server, because starting one costs seconds; a single one is named.
    named = together[0] if len(together) == 1 else None
    if named is None:
        build_repository(repository, ensembles())
        for model, variant in (*chosen.items(), *((name, "small") for name in ensembles())):
            choose_variant(repository, model, variant)
    server = TritonServer(environment, repository, tmp_path / "log", config_name=named)
    try:
        server.start()
        for model, variant in chosen.items():
            config = json.loads(server.get(f"/v2/models/{model}/config")[1])
            assert (config["backend"] == "pytorch") == (variant == "torchscript")
            accelerators = json.dumps(config.get("optimization", {}))
            assert ("tensorrt" in accelerators) == (variant == "tensorrt")
    finally:
        server.kill()


def test_every_variant_is_loaded_by_one_of_the_tests() -> None:
    assert {path.stem for _, path in variants()} == {"config", "cpu", "small", "tensorrt", "torchscript"}


def test_small_variant_takes_smaller_batches_of_every_model_of_the_full_sets() -> None:
    small = {model: read_config(path).max_batch_size for model, path in variants() if path.stem == "small"}
    full = {"detector", "hmr2", "tokenhmr", "camerahmr", "appearance", "appearance_encoder", "pose_predictor"}
    assert set(small) == full
    for model, rows in small.items():
        assert rows * 4 <= read_config(MODEL_REPOSITORY / model / "config.pbtxt").max_batch_size


def test_warmup_runs_the_smallest_and_the_largest_batch_before_ready(server: TritonServer) -> None:
    statistics = json.loads(server.get("/v2/models/hmr2/stats")[1])["model_stats"][0]
    sizes = {entry["batch_size"] for entry in statistics["batch_stats"]}
    assert {1, read_config(MODEL_REPOSITORY / "hmr2" / "config.pbtxt").max_batch_size} <= sizes


@pytest.mark.parametrize(
    ("model", "inputs", "outputs"),
    [
        ("hmr2", hmr2_model.INPUT_NAMES, hmr2_model.OUTPUT_NAMES),
        ("appearance", appearance_model.INPUT_NAMES, appearance_model.OUTPUT_NAMES),
        ("pose_predictor", pose_model.INPUT_NAMES, pose_model.OUTPUT_NAMES),
    ],
)
def test_torchscript_variants_list_tensors_in_the_exporters_order(
    model: str, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    config = read_config(MODEL_REPOSITORY / model / "configs" / "torchscript.pbtxt")
    assert [entry.name for entry in config.input] == list(inputs)
    assert [entry.name for entry in config.output] == list(outputs)


def test_torchscript_stand_ins_exist_for_every_torchscript_variant() -> None:
    assert {model for model, path in variants() if path.stem == "torchscript"} == set(SCRIPTS)


def test_stand_in_detector_is_valid() -> None:
    session = onnxruntime.InferenceSession(GRAPHS["detector"]().SerializeToString())
    images = np.random.default_rng(0).integers(0, 255, (2, 640, 640, 3), np.uint8)
    boxes, scores = session.run(["boxes", "scores"], {"images": images})
    assert (np.diff(scores) <= 0).all()
    assert (boxes[..., 2:] > boxes[..., :2]).all()
