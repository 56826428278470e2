"""Models in this process: ONNX Runtime, straight from the model repository's folders."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracker_service.errors import InferenceFailedError, ModelContractError, ModelNotFoundError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec
from tracker_service.inference.contract import batch_size, check_inputs, check_outputs
from tracker_service.inference.device_parameters import DeviceName, DeviceParameters
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.model_repository import model_file
from tracker_service.inference.model_sessions import ModelSessions, one_line
from tracker_service.inference.verification.loaded import LoadedModel
from tracker_service.tracing.spans import step

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
        threads: threads of ONNX Runtime for one run; see `InferenceParameters`.
        max_batch: rows given to the model at once; larger batches are split. Raising it costs memory (about 10 MB a
            row for the lite body model) and gains little on a CPU.
        device: what runs the models; None for the best device that works.

    Raises:
        ModelNotFoundError: there is no such folder.
        DeviceError: the device cannot run models here.
    """

    def __init__(
        self,
        repository: Path,
        *,
        threads: int = InferenceParameters.threads,
        max_batch: int = 4,
        device: DeviceParameters | None = None,
    ) -> None:
        if max_batch < 1:
            raise ModelContractError(f"max_batch: expected at least 1, got {max_batch}")
        if not repository.is_dir():
            raise ModelNotFoundError(f"model repository: no folder {repository}")
        self._repository = repository
        self._max_batch = max_batch
        self._sessions = ModelSessions(device or DeviceParameters(), threads)
        self._models: dict[str, _OpenModel] = {}
        self._opening = threading.Lock()

    def signature(self, model: str) -> ModelSpec:
        """Return the model's own signature, opening it if need be; raises `DeviceError` where it does not run."""
        return self._open(model).spec

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run ``model`` on a batch; see `InferenceClient.infer`."""
        opened = self._open(model)
        spec = opened.spec
        check_inputs(spec, inputs)
        check_outputs(spec, outputs)
        rows = batch_size(inputs)
        if rows == 0:
            return {name: np.zeros((0, *_sides(spec.outputs[name])), spec.outputs[name].dtype) for name in outputs}
        parts = [
            self._run(opened, {k: v[at : at + self._max_batch] for k, v in inputs.items()}, outputs)
            for at in range(0, rows, self._max_batch)
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in outputs}

    @property
    def interruptions(self) -> int:
        """Always 0: there is no server that could be away."""
        return 0

    def loaded(self, model: str) -> LoadedModel:
        """Return which version of a model is open, opening it if need be."""
        file = self._open(model).file
        return LoadedModel(file.parent.name, file.name)

    def close(self) -> None:
        """Drop all sessions."""
        self._models.clear()

    def _run(self, model: "_OpenModel", inputs: dict[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        try:
            with model.turn, step(f"model {model.spec.name}", values={"phalp.rows": batch_size(inputs)}):
                values = model.session.run(list(outputs), inputs)
        except Exception as error:  # ONNX Runtime raises its own unrelated exception types
            raise InferenceFailedError(f"model {model.spec.name}: {one_line(error)}") from error
        return dict(zip(outputs, values, strict=True))

    def _open(self, model: str) -> "_OpenModel":
        with self._opening:
            if model not in self._models:
                file = model_file(self._repository, model)
                session, device = self._sessions.open(model, file)
                # Sessions take calls of several threads at once, except those of DirectML.
                turn = threading.Lock() if device == "directml" else nullcontext()
                self._models[model] = _OpenModel(session, file, _signature(model, session, device), turn)
            return self._models[model]


@dataclass(frozen=True, slots=True)
class _OpenModel:
    session: Any
    file: Path
    spec: ModelSpec
    turn: AbstractContextManager[object]


def _signature(model: str, session: Any, device: DeviceName) -> ModelSpec:
    def specs(arguments: Sequence[Any]) -> dict[str, TensorSpec]:
        return {argument.name: _tensor_spec(model, argument) for argument in arguments}

    return ModelSpec(model, specs(session.get_inputs()), specs(session.get_outputs()), device=device)


def _tensor_spec(model: str, argument: Any) -> TensorSpec:
    if argument.type not in _DTYPES:
        raise ModelContractError(f"model {model}, tensor {argument.name}: type {argument.type} is not supported")
    sides = tuple(side if isinstance(side, int) else None for side in argument.shape[1:])
    return TensorSpec(argument.name, np.dtype(_DTYPES[argument.type]), sides)


def _sides(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(side or 0 for side in spec.shape)
