"""Checks that tensors fit a model's signature, shared by all clients; messages name tensor, expected and got."""

from collections.abc import Mapping, Sequence

from tracker_service.errors import ModelContractError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec


def check_inputs(spec: ModelSpec, inputs: Mapping[str, Tensor]) -> None:
    """Raise `ModelContractError` unless ``inputs`` are exactly the model's, with the right types and shapes."""
    if set(inputs) != set(spec.inputs):
        raise ModelContractError(f"model {spec.name}: expected inputs {sorted(spec.inputs)}, got {sorted(inputs)}")
    batch_size(inputs, spec.name)
    for name, value in inputs.items():
        _check_tensor(spec.name, spec.inputs[name], value)


def check_outputs(spec: ModelSpec, outputs: Sequence[str]) -> None:
    """Raise `ModelContractError` if an asked output does not exist."""
    unknown = [name for name in outputs if name not in spec.outputs]
    if unknown:
        raise ModelContractError(f"model {spec.name}: expected outputs among {sorted(spec.outputs)}, got {unknown}")


def batch_size(inputs: Mapping[str, Tensor], model: str = "") -> int:
    """Return the common length of the first dimension of ``inputs``."""
    sizes = {name: int(value.shape[0]) if value.ndim else -1 for name, value in inputs.items()}
    if len(set(sizes.values())) != 1 or -1 in sizes.values():
        raise ModelContractError(f"model {model}: expected inputs with one common batch size, got {sizes}")
    return next(iter(sizes.values()))


def require_tensors(spec: ModelSpec, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec]) -> None:
    """Raise `ModelContractError` unless the model has these inputs (exactly) and outputs (at least)."""
    if set(spec.inputs) != set(inputs):
        raise ModelContractError(f"model {spec.name}: expected inputs {sorted(inputs)}, got {sorted(spec.inputs)}")
    missing = sorted(set(outputs) - set(spec.outputs))
    if missing:
        raise ModelContractError(f"model {spec.name}: expected outputs {sorted(outputs)}, missing {missing}")
    for role, wanted, have in (("input", inputs, spec.inputs), ("output", outputs, spec.outputs)):
        for name, want in wanted.items():
            got = have[name]
            if got.dtype != want.dtype or not _fits(got.shape, want.shape):
                raise ModelContractError(
                    f"model {spec.name}, {role} {name}: expected {want.dtype} {_shape(want.shape)}, "
                    f"got {got.dtype} {_shape(got.shape)}"
                )


def _check_tensor(model: str, spec: TensorSpec, value: Tensor) -> None:
    if value.dtype != spec.dtype or not _fits(value.shape[1:], spec.shape):
        raise ModelContractError(
            f"model {model}, input {spec.name}: expected {spec.dtype} {_shape(spec.shape)}, "
            f"got {value.dtype} {_shape(value.shape[1:])}"
        )


def _fits(have: Sequence[int | None], want: Sequence[int | None]) -> bool:
    return len(have) == len(want) and all(w is None or h is None or h == w for h, w in zip(have, want, strict=True))


def _shape(sides: Sequence[int | None]) -> str:
    return "[N" + "".join(f",{'*' if side is None else side}" for side in sides) + "]"
