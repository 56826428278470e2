"""Models in this process: ONNX Runtime on the CPU, straight from the model repository's folders."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from tracker_service.errors import InferenceFailedError, ModelContractError, ModelNotFoundError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec
from tracker_service.inference.contract import batch_size, check_inputs, check_outputs
from tracker_service.inference.model_repository import model_file

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


class EmbeddedClient:
    """Runs ``<repository>/<model>/<newest version>/model.onnx``; a session is opened once and shared by all threads.

    Args:
        repository: the model repository, the same folder that Triton serves.
        threads: threads of ONNX Runtime for one run; 0 lets it take all cores. Raising it makes a single batch faster
            until the cores are used up, and takes them from decoding and association.
        max_batch: rows given to the model at once; larger batches are split. Raising it costs memory (about 10 MB a
            row for the lite body model) and gains little on a CPU.
    """

    def __init__(self, repository: Path, *, threads: int = 0, max_batch: int = 4) -> None:
        if max_batch < 1:
            raise ModelContractError(f"max_batch: expected at least 1, got {max_batch}")
        if not repository.is_dir():
            raise ModelNotFoundError(f"model repository: no folder {repository}")
        self._repository = repository
        self._threads = threads
        self._max_batch = max_batch
        self._sessions: dict[str, tuple[ort.InferenceSession, ModelSpec]] = {}
        self._opening = threading.Lock()

    def signature(self, model: str) -> ModelSpec:
        """Return the model's own signature, opening it if need be."""
        return self._open(model)[1]

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run ``model`` on a batch; see `InferenceClient.infer`."""
        session, spec = self._open(model)
        check_inputs(spec, inputs)
        check_outputs(spec, outputs)
        rows = batch_size(inputs)
        if rows == 0:
            return {name: np.zeros((0, *_sides(spec.outputs[name])), spec.outputs[name].dtype) for name in outputs}
        parts = [
            self._run(session, model, {k: v[at : at + self._max_batch] for k, v in inputs.items()}, outputs)
            for at in range(0, rows, self._max_batch)
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in outputs}

    def close(self) -> None:
        """Drop all sessions."""
        self._sessions.clear()

    def _run(
        self, session: ort.InferenceSession, model: str, inputs: dict[str, Tensor], outputs: Sequence[str]
    ) -> dict[str, Tensor]:
        try:
            values = session.run(list(outputs), inputs)
        except Exception as error:  # ONNX Runtime raises its own unrelated exception types
            raise InferenceFailedError(f"model {model}: {_one_line(error)}") from error
        return dict(zip(outputs, values, strict=True))

    def _open(self, model: str) -> tuple[ort.InferenceSession, ModelSpec]:
        with self._opening:
            if model not in self._sessions:
                path = model_file(self._repository, model)
                session = self._session(model, path)
                self._sessions[model] = (session, _signature(model, session))
            return self._sessions[model]

    def _session(self, model: str, path: Path) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning workers of one session steal the cores from the other session and the decoder: measured 1.5-2.3x.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelContractError(
                f"model {model}: {path} is not a loadable ONNX file: {_one_line(error)}"
            ) from error


def _signature(model: str, session: ort.InferenceSession) -> ModelSpec:
    def specs(arguments: Sequence[Any]) -> dict[str, TensorSpec]:
        return {argument.name: _tensor_spec(model, argument) for argument in arguments}

    return ModelSpec(model, specs(session.get_inputs()), specs(session.get_outputs()))


def _tensor_spec(model: str, argument: Any) -> TensorSpec:
    if argument.type not in _DTYPES:
        raise ModelContractError(f"model {model}, tensor {argument.name}: type {argument.type} is not supported")
    sides = tuple(side if isinstance(side, int) else None for side in argument.shape[1:])
    return TensorSpec(argument.name, np.dtype(_DTYPES[argument.type]), sides)


def _sides(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(side or 0 for side in spec.shape)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
