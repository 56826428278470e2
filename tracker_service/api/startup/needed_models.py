"""Which models must be there before frames can be answered."""

from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.model_repository import built_by, model_file
from tracker_service.inference.server_addresses import checked_urls
from tracker_service.model_sets import ModelSet


def needed_models(models: ModelSet) -> dict[str, tuple[str, ...]]:
    """Return names of models by the part of the health answers (`PARTS`) that they belong to."""
    tracking: tuple[str, ...] = () if models.appearance is None else (models.appearance,)
    if models.needs_pose_transformer and models.pose_transformer is not None:
        tracking = (*tracking, models.pose_transformer)
    return {"vitdet": (models.detector,), "hmr2": (models.hmr,), "phalp": tracking}


def check_models(inference: InferenceParameters, models: ModelSet) -> None:
    """Check before the service listens what no retry would mend.

    Raises:
        SettingsError: the address of Triton is not an address.
        ModelNotFoundError: models are to run in this process and are not there.
        DeviceError: they are to run on a device that is not here.
    """
    if inference.kind == "triton":
        checked_urls(inference.triton_url)
        return
    for names in needed_models(models).values():
        for model in names:
            _check_file(inference, models, model)
    EmbeddedClient(inference.repository, device=inference).close()


def _check_file(inference: InferenceParameters, models: ModelSet, model: str) -> None:
    try:
        model_file(inference.repository, model)
    except ModelNotFoundError as error:
        if model != models.hmr:
            raise
        raise built_by(error, models.hmr_command) from error
