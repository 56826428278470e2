"""Models behind a Triton Inference Server: the same interface as the models of this process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from tracker_service.errors import InferenceError, ModelContractError, ModelNotFoundError
from tracker_service.inference.client import ModelSpec, Tensor, TensorSpec
from tracker_service.inference.contract import batch_size, check_inputs, check_outputs
from tracker_service.inference.device_parameters import GPUS
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.server_addresses import checked_url
from tracker_service.inference.triton.attempts import Attempts
from tracker_service.inference.triton.event_loop import LoopThread
from tracker_service.inference.triton.exchange import Request, exchange
from tracker_service.inference.triton.failures import Remedy
from tracker_service.inference.triton.served_device import RequiredDevice
from tracker_service.inference.triton.shared_memory import SharedMemoryPool
from tracker_service.inference.triton.signatures import difference, read_loaded, read_signature
from tracker_service.inference.verification.loaded import LoadedModel

Result = TypeVar("Result")

CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # gRPC's own reconnection would otherwise lag minutes behind a server that has come back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # The server is on a private network; an HTTP proxy of the environment is for other traffic.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
)


class TritonClient:
    """Runs models on a Triton server; safe to call from several threads at once.

    Requests of all threads share one connection. Batches above a model's largest are split; several requests are under
    way at once, which is what lets the server merge them. Requests whose failure may pass are sent again within
    ``budget_seconds``, so a run continues where it was when a server is restarted.

    Args:
        url: ``host:port`` of the gRPC service.
        parameters: deadlines and repetitions, shared memory, how many requests are under way at the same time, and the
            device; the address, and what else they say, is not looked at. A model that runs on another device than
            that, or of which the server does not tell, raises `DeviceError` in every method that names it.
        max_on_gpu: that many requests as soon as one of its models says that it runs on a GPU; None leaves it at that.
        alone: False where the caller has other servers: what this one cannot do now fails at once (`SeveralServers`).

    Raises:
        SettingsError: ``url`` cannot be used.
    """

    def __init__(
        self,
        url: str,
        parameters: InferenceParameters | None = None,
        *,
        max_on_gpu: int | None = None,
        alone: bool = True,
    ) -> None:
        self._url = checked_url(url)
        self._parameters = parameters or InferenceParameters()
        self._required = RequiredDevice(self._parameters.device, self._url)
        self._specs: dict[str, ModelSpec] = {}
        self._unverified: set[str] = set()
        self._interruptions = 0
        self._max_on_gpu = max_on_gpu or self._parameters.max_in_flight
        self._loop = LoopThread("triton")
        self._loop.run(self._connect(alone=alone))

    @property
    def uses_shared_memory(self) -> bool:
        """Whether tensors go through shared memory; known after the first call."""
        return self._pool.in_use

    def retries(self) -> dict[str, int]:
        """Return how often requests were sent again so far, by the name of the error that was not raised."""
        return dict(self._attempts.retries)

    def repeated_models(self) -> dict[str, int]:
        """Return how often requests were sent again so far, by model."""
        return dict(self._attempts.repeated)

    def failures(self) -> dict[type[InferenceError], int]:
        """Return how many requests failed so far, healed later or not, by error."""
        return dict(self._attempts.failed)

    @property
    def interruptions(self) -> int:
        """How often the server did not answer, or had forgotten our memory: it may be another one since."""
        return self._interruptions

    def loaded(self, model: str) -> LoadedModel:
        """Return which version of ``model`` the server has loaded, and how often it was asked since.

        Raises:
            ModelNotFoundError: the server does not have it.
            InferenceUnavailableError: the server did not answer within the budget.
        """

        async def ask(seconds: float) -> LoadedModel:
            return await read_loaded(self._server, model, seconds, self._required)

        return self._loop.run(self._repeat(model, ask))

    def signature(self, model: str) -> ModelSpec:
        """Return the model's own signature; asked from the server once.

        Raises:
            ModelNotFoundError: the server does not have it; the message lists what it has.
            InferenceUnavailableError: the server did not answer within the budget.
        """
        spec = self._specs.get(model)
        return spec if spec is not None else self._loop.run(self._ask_signature(model))

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run ``model`` on a batch; see `InferenceClient.infer`.

        Raises:
            ModelContractError: tensors do not fit, or a restarted server has another model under this name.
            ModelNotFoundError: the model was unloaded and did not come back.
            InferenceFailedError: the model failed.
            InferenceUnavailableError: no answer within the budget: no connection, too slow, or its queue is full.
        """
        spec = self.signature(model)
        check_inputs(spec, inputs)
        check_outputs(spec, outputs)
        rows = batch_size(inputs, model)
        if rows == 0 or not outputs:
            return {name: _no_rows(spec.outputs[name]) for name in outputs}
        parts = self._loop.run(self._infer(spec, inputs, outputs, rows))
        if len(parts) == 1:
            # What arrived inside a message is read-only.
            return {name: value if value.flags.writeable else value.copy() for name, value in parts[0].items()}
        return {name: np.concatenate([part[name] for part in parts]) for name in outputs}

    def close(self) -> None:
        """End running calls, remove the shared memory and close the connection."""
        self._loop.close(self._disconnect())

    async def _connect(self, *, alone: bool) -> None:
        parameters = self._parameters
        self._server = InferenceServerClient(self._url, channel_args=CHANNEL_OPTIONS)
        self._pool = SharedMemoryPool(self._server, enabled=parameters.shared_memory)
        clock = asyncio.get_running_loop().time
        self._attempts = Attempts(parameters, self._url, parameters.max_in_flight, clock, self._lost, alone=alone)

    async def _disconnect(self) -> None:
        await self._pool.close()
        await self._server.close()

    async def _ask_signature(self, model: str) -> ModelSpec:
        async def ask(seconds: float) -> ModelSpec:
            return await read_signature(self._server, model, seconds, self._required)

        try:
            spec = await self._repeat(model, ask)
        except ModelNotFoundError as error:
            raise ModelNotFoundError(f"{error}; it serves: {await self._served()}") from error
        self._specs[model] = spec
        if spec.device in GPUS:
            self._attempts.allow(self._max_on_gpu)
        return spec

    async def _infer(
        self, spec: ModelSpec, inputs: Mapping[str, Tensor], outputs: Sequence[str], rows: int
    ) -> list[dict[str, Tensor]]:
        step = spec.max_batch_size or rows
        requests = [
            Request(spec, {k: v[at : at + step] for k, v in inputs.items()}, outputs) for at in range(0, rows, step)
        ]
        tasks = [asyncio.ensure_future(self._repeat(spec.name, self._attempt(request))) for request in requests]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _attempt(self, request: Request) -> Callable[[float], Awaitable[dict[str, Tensor]]]:
        async def attempt(seconds: float) -> dict[str, Tensor]:
            if request.spec.name in self._unverified:
                await self._compare_signature(request.spec, seconds)
            return await exchange(self._server, self._pool, request, seconds)

        return attempt

    async def _repeat(self, model: str, attempt: Callable[[float], Awaitable[Result]]) -> Result:
        return await self._attempts.run(model, attempt, known=lambda: model in self._specs)

    def _lost(self, remedy: Remedy) -> None:
        """The server may be another one when it answers again."""
        self._interruptions += 1
        self._unverified.update(self._specs)
        if remedy is Remedy.REGISTER:
            self._pool.forget_registrations()

    async def _compare_signature(self, before: ModelSpec, seconds: float) -> None:
        now = await read_signature(self._server, before.name, seconds, self._required)
        change = difference(before, now)
        if change:
            raise ModelContractError(f"model {before.name} changed on Triton {self._url} while in use: {change}")
        self._specs[before.name] = now
        self._unverified.discard(before.name)

    async def _served(self) -> str:
        try:
            index = await self._server.get_model_repository_index(client_timeout=self._parameters.attempt_seconds)
        except InferenceServerException:
            return "unknown"
        ready = sorted(f"{model.name} (version {model.version})" for model in index.models if model.state == "READY")
        return ", ".join(ready) or "nothing"


def _no_rows(spec: TensorSpec) -> Tensor:
    return np.zeros((0, *(side or 0 for side in spec.shape)), spec.dtype)
