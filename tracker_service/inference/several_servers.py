"""Several servers with the same models, used as one."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias, TypeVar

from tracker_service.errors import (
    DeviceError,
    InferenceError,
    InferenceUnavailableError,
    ModelContractError,
    ModelNotFoundError,
    ModelResultsError,
)
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.inference.contract import check_inputs
from tracker_service.inference.request_counts import CountingClient
from tracker_service.inference.server_addresses import resolved
from tracker_service.inference.triton.policy import FailurePolicy
from tracker_service.inference.verification.check import ModelCheck
from tracker_service.inference.verification.verified_client import ComparingClient

Result = TypeVar("Result")
Failure: TypeAlias = InferenceError | DeviceError
_logger = logging.getLogger(__name__)

_FAILURES = (InferenceError, DeviceError)
"""What one server may raise while another can still answer."""
_TELLING = (DeviceError, ModelResultsError, ModelContractError, InferenceUnavailableError, ModelNotFoundError)
"""Of different failures of several servers the caller gets the first of these."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One server.

    Attributes:
        counted: answers, or fails at once.
        client: the same with its models compared, where they are.
    """

    counted: CountingClient
    client: InferenceClient


@dataclass(slots=True, eq=False)
class _Server:
    address: str
    connection: Connection
    under_way: int = 0
    left_out: dict[str, float] = field(default_factory=dict)
    """Until when it is not asked for a model, unless no other is there."""


class SeveralServers:
    """Gives each call to the server with the fewest under way, and to the next one where that one cannot answer.

    Every server is a client of its own, with its own shared memory, comparison of models and breakers. One that does
    not answer, lacks the model, has another one or a wrong one, or runs it on another device than it has to is left out
    of that model's calls until the next look, then tried again. Where none can answer, the call is sent again within
    ``policy.budget_seconds``.

    Args:
        names: ``host:port`` of each server, or of a name that stands for several; servers come and go behind it.
        connect: opens the server at an address, told how many there are.
        policy: budgets and pauses.
        look_seconds: between two looks at where they are. Raising it notices a new or mended server later.
    """

    def __init__(
        self,
        names: Sequence[str],
        connect: Callable[[str, int], Connection],
        policy: FailurePolicy,
        look_seconds: float,
    ) -> None:
        self._names, self._connect = tuple(names), connect
        self._policy, self._look_seconds = policy, look_seconds
        self._servers: dict[str, _Server] = {}
        self._specs: dict[str, ModelSpec] = {}
        self._repeated: Counter[str] = Counter()
        self._failures: Counter[type[InferenceError]] = Counter()
        self._turn = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._look()
        threading.Thread(target=self._keep_looking, name="servers", daemon=True).start()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the servers are."""
        return tuple(self._servers)

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature, of the first server that answers; see `InferenceClient.signature`."""
        return self._specs.get(model) or self._on_one(model, lambda server: self._agreed(server, model))

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Run a model on one of the servers; see `InferenceClient.infer`."""
        check_inputs(self.signature(model), inputs)

        def run(server: _Server) -> dict[str, Tensor]:
            self._agreed(server, model)
            return server.connection.client.infer(model, inputs, outputs)

        return self._on_one(model, run)

    def verify(self, model: str) -> ModelCheck:
        """Compare a model on every server, and return one comparison that holds.

        Raises:
            ModelResultsError: its results are too far off wherever it answers.
            InferenceError: none has answered.
        """
        checks: list[ModelCheck] = []
        errors: list[Failure] = []
        for server in self._in_turn(model):
            try:
                with self._asked(server, model):
                    checks.append(_compared(server.connection.client, model))
            except _FAILURES as error:
                errors.append(error)
        if not checks:
            raise _most_telling(errors)
        return checks[0]

    def checks(self) -> dict[str, ModelCheck]:
        """Return the last comparison of each model, from the server on which it was furthest off."""
        worst: dict[str, ModelCheck] = {}
        for server in self._servers.values():
            client = server.connection.client
            if isinstance(client, ComparingClient):
                for model, check in client.checks().items():
                    worst[model] = max(worst.get(model, check), check, key=_furthest)
        return worst

    def failures(self) -> dict[type[InferenceError], int]:
        """Return how many requests failed so far, on all servers, healed later or not, by error."""
        counts = self._failures.copy()
        for server in self._servers.values():
            counts.update(server.connection.counted.failures())
        return dict(counts)

    def repeated_models(self) -> dict[str, int]:
        """Return how often requests were sent again so far, to the same server or another, by model."""
        counts = self._repeated.copy()
        for server in self._servers.values():
            counts.update(server.connection.counted.repeated_models())
        return dict(counts)

    def close(self) -> None:
        """End running calls and close all connections."""
        self._closed.set()
        with self._lock:
            servers, self._servers = self._servers, {}
        for server in servers.values():
            server.connection.client.close()

    def _on_one(self, model: str, call: Callable[[_Server], Result]) -> Result:
        """Return what ``call`` gives for the first server that answers; where none does, try again."""
        started = time.monotonic()
        for rounds in count():
            errors: list[Failure] = []
            for server in self._in_turn(model):
                try:
                    with self._asked(server, model):
                        return call(server)
                except _FAILURES as error:
                    errors.append(error)
                    self._repeated[model] += 1
            if self._closed.is_set():
                break
            pause, gone = self._policy.delay(rounds), time.monotonic() - started
            if gone + pause >= self._patience(model, errors):
                self._repeated[model] -= 1  # the last one was not
                raise _most_telling(errors)
            self._closed.wait(pause)
        raise InferenceUnavailableError("the client is closed")

    def _patience(self, model: str, errors: Sequence[Failure]) -> float:
        """Return for how long a call may be sent again after what all servers have said, seconds."""
        if any(isinstance(e, InferenceUnavailableError) and not isinstance(e, ModelResultsError) for e in errors):
            return self._policy.budget_seconds
        away = model in self._specs and any(isinstance(error, ModelNotFoundError) for error in errors)
        return min(self._policy.reload_seconds, self._policy.budget_seconds) if away else 0.0

    def _in_turn(self, model: str) -> list[_Server]:
        """Return all servers, those first that are not left out and have little to do; equal ones take turns."""
        with self._lock:
            servers = list(self._servers.values())
            self._turn += 1
            first = self._turn % max(len(servers), 1)
        now = time.monotonic()
        return sorted(
            servers[first:] + servers[:first],
            key=lambda server: (server.left_out.get(model, 0.0) > now, server.under_way),
        )

    @contextmanager
    def _asked(self, server: _Server, model: str) -> Iterator[None]:
        """Count a call to a server, and leave the server out of the model's next calls where it fails."""
        with self._lock:
            server.under_way += 1
        try:
            yield
        except _FAILURES as error:
            # A model that none of them was seen to have is one that they do without, and nobody's fault.
            if model in self._specs or not isinstance(error, ModelNotFoundError):
                self._leave_out(server, model, error)
            raise
        else:
            if server.left_out.pop(model, None) is not None:
                _logger.warning("Triton %s is used for model %s again", server.address, model)
        finally:
            with self._lock:
                server.under_way -= 1

    def _leave_out(self, server: _Server, model: str, error: Failure) -> None:
        if model not in server.left_out and not self._closed.is_set():
            _logger.warning("Triton %s is left out for model %s: %s", server.address, model, error)
        server.left_out[model] = time.monotonic() + self._look_seconds

    def _agreed(self, server: _Server, model: str) -> ModelSpec:
        """Return a server's signature of a model; raises `ModelContractError` unless all servers have the same."""
        own = server.connection.client.signature(model)
        spec = self._specs.setdefault(model, own)
        if (own.inputs, own.outputs) != (spec.inputs, spec.outputs):
            raise ModelContractError(
                f"model {model} on Triton {server.address}: expected the tensors that it has on the other servers,"
                f" {_tensors(spec)}, got {_tensors(own)}"
            )
        return own

    def _keep_looking(self) -> None:
        while not self._closed.wait(self._look_seconds):
            self._look()

    def _look(self) -> None:
        """Connect to servers that are new, and let go of those that are gone."""
        # A name that nobody knows now must not take away the servers that are used.
        now = resolved(self._names) or self.addresses or self._names
        if set(now) == self._servers.keys():
            return
        new = {
            address: _Server(address, self._connect(address, len(now)))
            for address in now
            if address not in self._servers
        }
        with self._lock:
            before = self._servers
            kept = {address: before.get(address) or new[address] for address in now}
            self._servers = {} if self._closed.is_set() else kept
        if before:
            _logger.info("Triton is at %s", ", ".join(now))
        for server in (*before.values(), *new.values()):
            if server.address not in self._servers:
                server.connection.client.close()
                self._failures.update(server.connection.counted.failures())
                self._repeated.update(server.connection.counted.repeated_models())


def _compared(client: InferenceClient, model: str) -> ModelCheck:
    """Return the comparison of a model, without outputs where nothing is compared; raises `InferenceError`."""
    if isinstance(client, ComparingClient):
        return client.verify(model)
    client.signature(model)
    return ModelCheck(model, "", ())


def _furthest(check: ModelCheck) -> float:
    return max((output.ratio for output in check.outputs), default=-1.0)


def _most_telling(errors: Sequence[Failure]) -> Failure:
    for kind in _TELLING:
        for error in errors:
            if isinstance(error, kind):
                return error
    return errors[0] if errors else InferenceUnavailableError("no server is known")


def _tensors(spec: ModelSpec) -> str:
    return ", ".join(
        f"{tensor.name} {tensor.dtype} {tensor.shape}" for tensor in (*spec.inputs.values(), *spec.outputs.values())
    )
