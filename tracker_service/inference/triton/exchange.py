"""One request: tensors out and back, in shared memory where there is some, else inside the messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from tracker_service.errors import InferenceFailedError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec
from tracker_service.inference.triton.failures import classify
from tracker_service.inference.triton.regions import Region
from tracker_service.inference.triton.shared_memory import SharedMemoryPool
from tracker_service.inference.triton.signatures import DATA_TYPE_NAMES
from tracker_service.tracing.spans import step, traceparent

ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One batch for a model, not above its largest.

    Attributes:
        spec: the model's signature.
        inputs: every input, each with the same number of rows.
        outputs: names of the wanted outputs.
    """

    spec: ModelSpec
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.inputs.values())))


async def exchange(
    server: InferenceServerClient, pool: SharedMemoryPool, request: Request, seconds: float
) -> dict[str, Tensor]:
    """Send ``request`` and return its outputs.

    Raises:
        InferenceServerException: the server refused, failed, or did not answer within ``seconds``.
        InferenceFailedError: the answer does not have the shape of the signature.
    """
    layout, size = _layout(request)
    region = await pool.borrow(size, seconds)
    if region is None:
        return _answer(request, await _send(server, request, _inputs(request), _outputs(request), seconds))
    answered = False
    try:
        inputs, outputs = _shared_inputs(request, region, layout), _shared_outputs(request, region, layout)
        result = await _send(server, request, inputs, outputs, seconds)
        answered = True
        return _answer(request, result, region, layout)
    except InferenceServerException as error:
        answered = classify(error, request.spec.name, "", known=True).answered
        raise
    finally:
        if answered:
            pool.give_back(region)
        else:
            pool.retire(region)


async def _send(
    server: InferenceServerClient, request: Request, inputs: list[Any], outputs: list[Any], seconds: float
) -> Any:
    name = request.spec.name
    with step(f"triton {name}", "client", {"phalp.model": name, "phalp.rows": request.rows}):
        return await server.infer(
            name,
            inputs,
            outputs=outputs,
            # Both deadlines: ours ends the wait, the server's keeps it from computing what nobody waits for.
            client_timeout=seconds,
            timeout=max(1, int(seconds * 1e6)),
            headers=None if (here := traceparent()) is None else {"traceparent": here},
        )


def _layout(request: Request) -> tuple[dict[str, tuple[int, int]], int]:
    """Return (offset, bytes) of each tensor whose size is known, by role and name, and the bytes of them all."""
    sizes = {f"in {name}": value.nbytes for name, value in request.inputs.items()}
    for name in request.outputs:
        spec = request.spec.outputs[name]
        if None not in spec.shape:
            sizes[f"out {name}"] = _bytes(spec, request.rows)
    layout, end = {}, 0
    for key, size in sizes.items():
        layout[key] = (end, size)
        end += -(-size // ALIGNMENT) * ALIGNMENT
    return layout, end


def _bytes(spec: TensorSpec, rows: int) -> int:
    return rows * int(np.prod([side or 0 for side in spec.shape], dtype=np.int64)) * spec.dtype.itemsize


def _inputs(request: Request) -> list[Any]:
    inputs = []
    for name, value in request.inputs.items():
        tensor = InferInput(name, value.shape, DATA_TYPE_NAMES[value.dtype])
        tensor.set_data_from_numpy(np.ascontiguousarray(value))
        inputs.append(tensor)
    return inputs


def _outputs(request: Request) -> list[Any]:
    return [InferRequestedOutput(name) for name in request.outputs]


def _shared_inputs(request: Request, region: Region, layout: Mapping[str, tuple[int, int]]) -> list[Any]:
    inputs = []
    for name, value in request.inputs.items():
        offset, size = layout[f"in {name}"]
        region.write(offset, value)
        tensor = InferInput(name, value.shape, DATA_TYPE_NAMES[value.dtype])
        inputs.append(tensor.set_shared_memory(region.name, size, offset))
    return inputs


def _shared_outputs(request: Request, region: Region, layout: Mapping[str, tuple[int, int]]) -> list[Any]:
    outputs = []
    for name in request.outputs:
        output = InferRequestedOutput(name)
        if f"out {name}" in layout:
            offset, size = layout[f"out {name}"]
            output.set_shared_memory(region.name, size, offset)
        outputs.append(output)
    return outputs


def _answer(
    request: Request,
    result: Any,
    region: Region | None = None,
    layout: Mapping[str, tuple[int, int]] | None = None,
) -> dict[str, Tensor]:
    answer = {}
    for name in request.outputs:
        spec = request.spec.outputs[name]
        shape = tuple(int(side) for side in result.get_output(name).shape)
        if len(shape) != len(spec.shape) + 1 or any(
            want not in (None, have) for want, have in zip((request.rows, *spec.shape), shape, strict=True)
        ):
            raise InferenceFailedError(
                f"model {request.spec.name}, output {name}: expected {(request.rows, *spec.shape)}, got {shape}"
            )
        if region is not None and layout is not None and f"out {name}" in layout:
            answer[name] = region.read(layout[f"out {name}"][0], shape, spec.dtype)
        else:
            answer[name] = result.as_numpy(name)
    return answer
