"""A served model's signature from Triton's metadata and configuration."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig

from tracker_service.errors import ModelContractError
from tracker_service.inference.client import ModelSpec, TensorSpec
from tracker_service.inference.triton.served_device import RequiredDevice, ServedDevices
from tracker_service.inference.verification.loaded import LoadedModel

DATA_TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "INT8": np.dtype(np.int8),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
}
_PACKAGE = "torch_aoti"
_FILES = {"onnxruntime": "model.onnx", "pytorch": "model.pt", _PACKAGE: "model.pt2"}
"""Names that the backends look for, the PyTorch one also by the platform."""
DATA_TYPE_NAMES = {dtype: name for name, dtype in DATA_TYPES.items()}


async def read_signature(
    server: InferenceServerClient, model: str, seconds: float, required: RequiredDevice
) -> ModelSpec:
    """Ask ``server`` for the signature of ``model``.

    Raises:
        InferenceServerException: the server did not answer, or does not know the model.
        ModelContractError: a tensor has a type or shape that cannot be used here.
        DeviceError: the model does not run on the required device.
    """
    metadata = await server.get_model_metadata(model, client_timeout=seconds)
    config = (await server.get_model_config(model, client_timeout=seconds)).config
    limit = config.max_batch_size or None
    devices = ServedDevices.of(await _running(server, config, seconds))
    required.check(model, devices)
    return ModelSpec(model, _specs(model, metadata.inputs), _specs(model, metadata.outputs), limit, devices.main)


async def read_loaded(
    server: InferenceServerClient, model: str, seconds: float, required: RequiredDevice
) -> LoadedModel:
    """Ask ``server`` which version of ``model`` it serves, from which file, and how often it was asked.

    Raises:
        InferenceServerException: the server did not answer, or does not know the model.
        DeviceError: the model does not run on the required device any more.
    """
    config = (await server.get_model_config(model, client_timeout=seconds)).config
    versions = (await server.get_inference_statistics(model, client_timeout=seconds)).model_stats
    newest = max(versions, key=lambda statistics: int(statistics.version))
    running = await _running(server, config, seconds)
    required.check(model, ServedDevices.of(running))
    runs = running[0] if len(running) == 1 else config
    file = runs.default_model_filename or _FILES.get(_PACKAGE if runs.platform == _PACKAGE else runs.backend, "")
    return LoadedModel(newest.version, file, config.SerializeToString(deterministic=True), newest.inference_count)


async def _running(server: InferenceServerClient, config: ModelConfig, seconds: float) -> Sequence[ModelConfig]:
    """Return the configs of the models that compute: those of an ensemble, which may be ensembles themselves."""
    if not (steps := config.ensemble_scheduling.step):
        return [config]
    parts = [(await server.get_model_config(step.model_name, client_timeout=seconds)).config for step in steps]
    return [running for part in parts for running in await _running(server, part, seconds)]


def difference(before: ModelSpec, now: ModelSpec) -> str:
    """Return in words where two signatures differ, or an empty string."""
    for role, old, new in (("input", before.inputs, now.inputs), ("output", before.outputs, now.outputs)):
        if set(old) != set(new):
            return f"{role}s {sorted(old)} became {sorted(new)}"
        for name, spec in old.items():
            if spec != new[name]:
                return f"{role} {name}: {spec.dtype} {spec.shape} became {new[name].dtype} {new[name].shape}"
    return ""


def _specs(model: str, tensors: Iterable[Any]) -> dict[str, TensorSpec]:
    return {tensor.name: _spec(model, tensor) for tensor in tensors}


def _spec(model: str, tensor: Any) -> TensorSpec:
    if tensor.datatype not in DATA_TYPES:
        raise ModelContractError(f"model {model}, tensor {tensor.name}: type {tensor.datatype} is not supported")
    if not tensor.shape or tensor.shape[0] != -1:
        raise ModelContractError(
            f"model {model}, tensor {tensor.name}: expected a free batch dimension first, got {list(tensor.shape)}"
        )
    sides = tuple(None if side == -1 else int(side) for side in tensor.shape[1:])
    return TensorSpec(tensor.name, DATA_TYPES[tensor.datatype], sides)
