"""The interface to the models: named tensors in, named tensors out, batch dimension first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracker_service.inference.device_parameters import DeviceName

Tensor: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Name, type and shape of a tensor; ``shape`` leaves out the batch dimension, None is a free side."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's signature.

    Attributes:
        name: folder name in the model repository.
        inputs, outputs: tensors by name.
        max_batch_size: rows per request; None where the client splits on its own or there is no limit.
        device: what runs it, as `DeviceName`; behind Triton what the model's configuration says, "cpu" where it does
            not.
    """

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    max_batch_size: int | None = None
    device: DeviceName = "cpu"


class InferenceClient(Protocol):
    """Runs models by name. Implementations are safe to call from several threads at once."""

    def signature(self, model: str) -> ModelSpec:
        """Return the model's own signature; raises `ModelNotFoundError`."""
        ...

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run ``model`` on a batch and return the asked outputs.

        Args:
            model: name of the model.
            inputs: every input of the model, each (n, ...) with the same n >= 0; n = 0 gives empty outputs.
            outputs: names of the wanted outputs; what is not asked for is not transferred.

        Raises:
            ModelContractError: a tensor is missing, unknown, or of another type or shape than the model says; the
                message names tensor, expected and got.
            InferenceFailedError: the model failed.
        """
        ...

    def close(self) -> None:
        """Release sessions and connections; the client cannot be used afterwards."""
        ...
