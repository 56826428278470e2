"""Python-based backend "onnxruntime": serves `model.onnx` from configs that were written for NVIDIA's own backend.

Triton uses this folder's `model.py` because the test server has no `libtriton_onnxruntime.so`. It is a part for tests:
one process an instance, no CUDA, no TensorRT. Besides the parameters of NVIDIA's backend it knows `test_delay_ms`, the
time every execution sleeps, for tests of slow models.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found, unused-ignore]
from numpy.typing import NDArray

Array = NDArray[Any]


class TritonPythonModel:
    """One instance of a served model."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Complete nothing: our configs are explicit."""
        return config

    def initialize(self, args: dict[str, str]) -> None:
        """Open the model and compare its signature with the config; an exception makes the model unavailable."""
        config = json.loads(args["model_config"])
        self.name = args["model_name"]
        self.delay = float(_parameter(config, "test_delay_ms", "0")) / 1e3
        filename = config.get("default_model_filename") or "model.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(_parameter(config, "intra_op_thread_count", "1"))
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = Path(args["model_repository"]) / args["model_version"] / filename
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        batched = config["max_batch_size"] > 0
        self.inputs = [entry["name"] for entry in config["input"]]
        self.outputs = [entry["name"] for entry in config["output"]]
        self._check("input", config["input"], self.session.get_inputs(), batched, complete=True)
        self._check("output", config["output"], self.session.get_outputs(), batched, complete=False)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run all requests as one batch; returns one response a request, in order."""
        if self.delay:
            time.sleep(self.delay)
        try:
            return self._run(requests)
        except Exception as error:
            # One error object each: the server crashes when responses share one.
            return [pb_utils.InferenceResponse([], pb_utils.TritonError(str(error))) for _ in requests]

    def _run(self, requests: list[Any]) -> list[Any]:
        tensors: list[list[Array]] = [
            [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs]
            for request in requests
        ]
        feed = {
            name: np.concatenate(parts) for name, parts in zip(self.inputs, zip(*tensors, strict=True), strict=True)
        }
        wanted = [
            name for name in self.outputs if any(name in request.requested_output_names() for request in requests)
        ]
        results = dict(zip(wanted, self.session.run(wanted, feed), strict=True))
        responses, start = [], 0
        for request, rows in zip(requests, tensors, strict=True):
            part = slice(start, start + len(rows[0]))
            asked = [name for name in wanted if name in request.requested_output_names()]
            responses.append(
                pb_utils.InferenceResponse(
                    [pb_utils.Tensor(name, np.ascontiguousarray(results[name][part])) for name in asked]
                )
            )
            start = part.stop
        return responses

    def _check(self, kind: str, entries: list[Any], arguments: list[Any], batched: bool, *, complete: bool) -> None:
        known = {argument.name: argument for argument in arguments}
        if complete and len(entries) != len(known):
            raise ValueError(f"{self.name}: the model has inputs {sorted(known)}, the config {len(entries)}")
        for entry in entries:
            name = entry["name"]
            if name not in known:
                raise ValueError(f"{self.name}: {kind} '{name}' is not in the model, which has {sorted(known)}")
            if _triton_type(known[name].type) != entry["data_type"]:
                raise ValueError(f"{self.name}: {kind} '{name}' is {known[name].type}, config {entry['data_type']}")
            dims = ([-1] if batched else []) + [int(side) for side in entry["dims"]]
            shape = [side if isinstance(side, int) else -1 for side in known[name].shape]
            if not _fits(dims, shape):
                raise ValueError(f"{self.name}: {kind} '{name}' has shape {shape} in the model, config {dims}")


def _parameter(config: dict[str, Any], key: str, default: str) -> str:
    entry = config.get("parameters", {}).get(key)
    return str(entry["string_value"]) if entry else default


def _fits(dims: list[int], shape: list[int]) -> bool:
    return len(dims) == len(shape) and all(
        want == have or -1 in (want, have) for want, have in zip(dims, shape, strict=True)
    )


def _triton_type(onnx_type: str) -> str:
    name = onnx_type.removeprefix("tensor(").removesuffix(")")
    special = {"float": "FP32", "float16": "FP16", "double": "FP64"}
    return f"TYPE_{special.get(name, name.upper())}"
