"""From the settings to the models: which, where they run, and the body they speak of."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tracker_service.body.model import BodyModel
from tracker_service.errors import ModelNotFoundError, SettingsError
from tracker_service.inference.client import InferenceClient, Tensor
from tracker_service.inference.device_parameters import DeviceName
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.server_addresses import checked_urls, may_be_several
from tracker_service.inference.several_servers import Connection, SeveralServers
from tracker_service.inference.verification.verified_client import LoadingClient, VerifiedClient
from tracker_service.model_sets import ModelSet, model_set
from tracker_service.settings import Settings
from tracker_service.wiring.profile import sized

if TYPE_CHECKING:
    from tracker_service.inference.triton.client import TritonClient


def models_of(settings: Settings) -> ModelSet:
    """Return the model set that the settings choose, without the models they do without.

    Raises:
        SettingsError: the set lacks a model that the settings ask for.
    """
    models = model_set(settings.model_set).chosen(settings.phalp)
    if not settings.second_look.enable or settings.second_look.by == "detector" or settings.phalp.upstream:
        models = replace(models, finder=None)
    if "T" in settings.phalp.predict and models.appearance_encoder is None:
        raise SettingsError(
            f"phalp.predict: expected no T, because there are no texture maps, got {settings.phalp.predict}"
        )
    return models


def open_client(settings: Settings) -> InferenceClient:
    """Open the inference client that the settings ask for; its models are compared with their export.

    Raises:
        SettingsError: the address of a server is none, or what talks to servers is not installed.
    """
    inference = settings.inference
    if inference.kind == "embedded":
        return _verified(settings, EmbeddedClient(inference.repository, threads=inference.threads, device=inference))
    addresses = checked_urls(inference.triton_url)
    if not may_be_several(addresses):
        return _verified(settings, _triton(settings, addresses[0], inference, alone=True))

    def connect(address: str, servers: int) -> Connection:
        # A server that hangs must leave time for the others, and one that does not answer is left out at once.
        patient = replace(inference, budget_seconds=inference.budget_seconds / servers, breaker_failures=1)
        client = _triton(settings, address, patient, alone=False)
        return Connection(client, _verified(settings, client))

    return SeveralServers(addresses, connect, inference, inference.verify_seconds)


def _verified(settings: Settings, client: LoadingClient) -> InferenceClient:
    """Return the client with its models compared, unless the settings do without."""
    inference, models = settings.inference, model_set(settings.model_set)
    if not inference.verify:
        return client

    def surface(outputs: Mapping[str, Tensor]) -> Tensor:
        return load_body(settings).vertices_of(outputs)

    parts: dict[str, tuple[str, ...]] = {}
    if models.hmr_with_appearance is not None and models.appearance is not None:
        parts[models.hmr_with_appearance] = (models.hmr, models.appearance)
    return VerifiedClient(client, inference.repository, inference.verify_seconds, {models.hmr: surface}, parts)


def _triton(settings: Settings, address: str, inference: InferenceParameters, *, alone: bool) -> "TritonClient":
    # gRPC is heavy, and a worker that runs the models itself starts sooner without.
    try:
        from tracker_service.inference.triton.client import TritonClient
    except ImportError as error:
        raise SettingsError("inference.kind=triton: expected the package 'tritonclient[grpc]', got none") from error
    return TritonClient(
        address,
        replace(inference, max_in_flight=sized(settings, ()).inference.max_in_flight),
        max_on_gpu=sized(settings, ["cuda"]).inference.max_in_flight,
        alone=alone,
    )


def devices_in_use(client: InferenceClient, models: ModelSet) -> dict[str, DeviceName]:
    """Return the device of each model of a run that is there, by the model's name; raises `InferenceError`."""
    return {name: client.signature(name).device for name in models_in_use(client, models)}


def models_in_use(client: InferenceClient, models: ModelSet) -> tuple[str, ...]:
    """Return the names of a run's models that are there; raises `InferenceError`."""
    names = [name for name in (models.detector, models.hmr, models.appearance) if name is not None]
    # Where they are not served, the detector looks at cut-outs, and poses go on with constant velocity.
    for name in (models.finder, models.pose_transformer):
        if name is not None:
            with suppress(ModelNotFoundError):
                client.signature(name)
                names.append(name)
    return tuple(names)


def load_body(settings: Settings) -> BodyModel:
    """Load the body of the model set; raises `ModelNotFoundError` where it is not."""
    return BodyModel.load(body_file(settings))


def body_file(settings: Settings) -> Path:
    """Return where the body of the model set is."""
    return settings.inference.repository / models_of(settings).body / "body_model.npz"
