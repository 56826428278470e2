"""Loads and warms up the models in the background, and again after their server was away."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np

from tracker_service.api.http.errors import status_of
from tracker_service.api.metrics.check_metrics import CheckMetrics
from tracker_service.api.metrics.triton_metrics import TritonMetrics
from tracker_service.api.service import Engine, Service
from tracker_service.api.startup.needed_models import needed_models
from tracker_service.api.startup.retrying import retry_until_success
from tracker_service.errors import (
    DeviceError,
    InferenceUnavailableError,
    ModelNotFoundError,
    ModelResultsError,
    PhalpTritonError,
)
from tracker_service.inference.client import InferenceClient, Tensor, TensorSpec
from tracker_service.inference.request_counts import CountingClient
from tracker_service.inference.verification.verified_client import ComparingClient, VerifiedClient
from tracker_service.settings import Settings
from tracker_service.wiring.models import devices_in_use, load_body, models_in_use
from tracker_service.wiring.sessions import open_sessions

_logger = logging.getLogger(__name__)

OpenClient = Callable[[Settings], InferenceClient]

_DUMMY_SIDE = 256
"""Side of a dummy input where the model leaves it open."""


class ModelLoader:
    """Loads the models in a thread of its own.

    Args:
        service: its readiness is kept up to date, and it gets the engine.
        open_client: opens the inference client.
    """

    def __init__(self, service: Service, open_client: OpenClient) -> None:
        self._service = service
        self._open_client = open_client
        self._client: InferenceClient | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loading", daemon=True)
        self._reported = ""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End the thread, waiting at most ``seconds``, and close the client."""
        self._stop.set()
        self._service.readiness.models_lost.set()
        self._thread.join(seconds)
        if self._client is not None and not self._thread.is_alive():
            self._client.close()

    def _run(self) -> None:
        readiness = self._service.readiness
        if not retry_until_success(self._load, self._stop, self._report):
            return
        _logger.info("ready", extra={"model_set": self._service.models.name, "runs_on": readiness.state.runs_on})
        while True:
            lost = readiness.models_lost.wait(self._look_seconds())
            readiness.models_lost.clear()
            if self._stop.is_set() or readiness.state.stopping:
                return
            if not lost and self._as_before():
                continue
            if not retry_until_success(self._warm_up, self._stop, self._report):
                return
            readiness.ready()
            _logger.info("the models answer again")

    def _look_seconds(self) -> float | None:
        """Return the time between two looks at whether a server has loaded its models again; None in this process."""
        served = isinstance(self._client, ComparingClient) and self._service.settings.inference.kind == "triton"
        return self._service.settings.inference.verify_seconds if served else None

    def _as_before(self) -> bool:
        """Tell whether no model has begun to give other results or to run elsewhere, as far as they answer.

        A frame finds out the rest.
        """
        try:
            self._verify()
        except ModelResultsError as error:
            self._report(error)
            return False
        except DeviceError as error:
            self._service.readiness.away("a model does not run on the device that it has to")
            self._report(error)
            return False
        except PhalpTritonError as error:
            _logger.info("the models were not looked at: %s", error)
        return True

    def _verify(self) -> None:
        """Compare the models of the set, and whichever else frames have used, with their export."""
        client = self._client
        if not isinstance(client, ComparingClient):
            return
        in_use = models_in_use(client, self._service.models)
        for model in in_use:
            client.verify(model)
        for model in client.checks().keys() - set(in_use):
            with suppress(ModelNotFoundError):  # it is not served any more, and was not needed
                client.verify(model)

    def _report(self, error: Exception) -> None:
        if isinstance(error, ModelResultsError):
            self._service.readiness.wrong_results(str(error))
            if str(error) != self._reported:  # it is compared again and again, and said once
                self._reported = str(error)
                _logger.error("wrong results: %s", error)
            return
        self._reported = ""
        away = isinstance(error, InferenceUnavailableError)
        self._service.readiness.failed(
            status_of(error).message or "internal error"
            if away
            else "the models cannot be loaded; see the service's log"
        )
        known = isinstance(error, PhalpTritonError)
        _logger.warning("models not ready: %s", error, exc_info=None if known else error)

    def _load(self) -> None:
        service = self._service
        if self._client is None:
            self._client = self._open_client(_request_budget(service.settings))
            client = self._client
            if isinstance(client, ComparingClient):
                service.checks = client.checks
                service.metrics.collect_from(CheckMetrics(client.checks))
            counted = client.inner if isinstance(client, VerifiedClient) else client
            if isinstance(counted, CountingClient):
                service.metrics.collect_from(TritonMetrics(counted))
        self._warm_up()
        body = load_body(service.settings)
        sessions = open_sessions(
            service.settings, self._client, body, times=service.times, on_batch=service.metrics.batch
        )
        service.decoders.warm()
        service.use_engine(Engine(self._client, body, sessions))
        service.readiness.ready()

    def _warm_up(self) -> None:
        models = self._service.models
        if self._client is None:
            return
        for part, names in needed_models(models).items():
            for model in names:
                warm_up(self._client, model)
            self._service.readiness.loaded(part)
        self._verify()
        self._reported = ""
        self._service.use_devices(devices_in_use(self._client, models))


def _request_budget(settings: Settings) -> Settings:
    """Return the settings with the budget of a model call cut to a request's: a frame cannot wait as long as a job."""
    inference = settings.inference
    seconds = min(inference.budget_seconds, settings.limits.request_seconds)
    return settings.model_copy(update={"inference": replace(inference, budget_seconds=seconds)})


def warm_up(client: InferenceClient, model: str) -> None:
    """Run ``model`` once, on its golden batch or else on zeros; raises `InferenceError` when it fails."""
    if isinstance(client, ComparingClient) and client.verify(model).compared:
        return
    spec = client.signature(model)
    client.infer(model, {name: _zeros(tensor) for name, tensor in spec.inputs.items()}, list(spec.outputs))


def _zeros(tensor: TensorSpec) -> Tensor:
    return np.zeros((1, *(_DUMMY_SIDE if side is None else side for side in tensor.shape)), tensor.dtype)
