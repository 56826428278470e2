"""Runs a model on its golden batch and compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tracker_service.errors import ModelContractError
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.inference.verification.golden import FILE, GoldenBatch, thinned
from tracker_service.inference.verification.measures import POINTS, Limit, Unit

Surface: TypeAlias = Callable[[Mapping[str, Tensor]], Tensor]
"""Returns the vertices (n, V, 3), in metres, of the bodies whose rotations and shapes a model has given."""
SURFACE = "vertices_of_pose"
"""The check that the given vertices are those of the given rotations and shape."""
HALF_PRECISION_DEVICES = ("coreml", "openvino")
"""Devices of this process that may compute FP32 graphs in half precision."""


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """How far one output of a model is from what its export gave.

    Attributes:
        output: name of the output.
        unit: of all numbers.
        mean, maximum: of the distances over the golden batch; infinite where an answer is not a number.
        limit: what is accepted.
    """

    output: str
    unit: Unit
    mean: float
    maximum: float
    limit: Limit

    @property
    def ratio(self) -> float:
        """Return the larger of mean and maximum relative to its limit; above 1 the output is off."""
        return max(_ratio(self.mean, self.limit.mean), _ratio(self.maximum, self.limit.maximum))

    @property
    def passed(self) -> bool:
        """Whether both are within their limits."""
        return self.ratio <= 1

    def __str__(self) -> str:
        return (
            f"{self.output} is off by {self.mean:.3g} {self.unit} on average and {self.maximum:.3g} {self.unit} at most"
            f" (limits {self.limit.mean:g} and {self.limit.maximum:g})"
        )


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """How far a model is from its export.

    Attributes:
        model: name of the model.
        precision: of the limits, "fp32" or "fp16".
        outputs: every output; none where nothing could be compared, because no golden batch is known.
    """

    model: str
    precision: str
    outputs: tuple[OutputCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every output is within its limits, as far as was compared."""
        return all(output.passed for output in self.outputs)

    @property
    def compared(self) -> bool:
        """Whether anything was compared."""
        return bool(self.outputs)

    def __str__(self) -> str:
        wrong = [output for output in self.outputs if not output.passed]
        return f"model {self.model}: " + ("; ".join(map(str, wrong)) or "as its export says")


def read_golden(repository: Path, model: str, version: str) -> GoldenBatch | None:
    """Return the golden batch of a model's version; None where there is none.

    Raises:
        ContractError: it is damaged.
    """
    path = repository / model / version / FILE
    return GoldenBatch.read(path) if path.is_file() else None


def check_model(
    client: InferenceClient, model: str, golden: GoldenBatch, file: str, surface: Surface | None = None
) -> ModelCheck:
    """Run ``model`` on its golden batch and compare every output.

    Args:
        client: where it runs.
        model: its name.
        golden: what it is asked and should answer.
        file: name of the file that is run; decides with its precision which limits count.
        surface: for a body model, whose FP32 part is held to FP32's limits by it whatever the precision of the rest.

    Raises:
        ModelContractError: the model has other tensors than its golden batch.
        InferenceError: it does not answer.
    """
    precision = _precision(golden, file, client.signature(model))
    if precision is None:
        return ModelCheck(model, "", ())
    got = client.infer(model, golden.inputs, list(golden.outputs))
    outputs = compare(golden, got, precision)
    if surface is not None and precision != "fp32":
        outputs += (_surface_check(got, surface),)
    return ModelCheck(model, precision, outputs)


def compare(golden: GoldenBatch, got: Mapping[str, Tensor], precision: str) -> tuple[OutputCheck, ...]:
    """Return how far outputs for the golden inputs are from the golden outputs."""
    return tuple(_check(golden, name, thinned(got[name]), precision) for name in golden.outputs)


def _surface_check(got: Mapping[str, Tensor], surface: Surface) -> OutputCheck:
    limit = POINTS.limit("fp32")
    return OutputCheck(SURFACE, POINTS.unit, *POINTS.deviation(surface(got), got["vertices"]), limit)


def _check(golden: GoldenBatch, name: str, got: Tensor, precision: str) -> OutputCheck:
    measure, expected = golden.measures[name], golden.outputs[name]
    if got.shape != expected.shape:
        raise ModelContractError(f"output {name}: expected {expected.shape} for the golden batch, got {got.shape}")
    return OutputCheck(name, measure.unit, *measure.deviation(expected, got), measure.limit(precision))


def _precision(golden: GoldenBatch, file: str, spec: ModelSpec) -> str | None:
    """Return the precision that a file may have, None where the export knows nothing of it."""
    return "fp16" if spec.device in HALF_PRECISION_DEVICES else golden.precisions.get(file)


def _ratio(value: float, limit: float) -> float:
    if limit > 0:
        return value / limit
    return 0.0 if value == 0 else float("inf")
