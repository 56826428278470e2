"""From the settings to the tracker and its networks."""

from dataclasses import replace

from tracker_service.body.model import BodyModel
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.phalp.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.state.snapshot import TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.models.networks import pose_transformer, texture_encoder
from tracker_service.settings import Settings
from tracker_service.wiring.models import models_of

_POSES_AT_ONCE = 64


class TrackerFactory:
    """Makes trackers as the settings want them; the networks are shared by all of them.

    Args:
        settings: everything that can be set.
        client: runs the encoder of texture maps.
        body: gives the joints of predicted people.
        live: name people at once, tentative ones included (``compat="paper"``), instead of back-filling them.

    Raises:
        SettingsError: the model set lacks a model that the settings ask for.
        ModelNotFoundError: a network that the settings name is not there.
    """

    def __init__(self, settings: Settings, client: InferenceClient, body: BodyModel, *, live: bool = False) -> None:
        models, phalp = models_of(settings), settings.phalp
        # Given boxes are people: of the gates only the size counts for them, and their body model may be unsure.
        phalp = phalp if settings.video.boxes is None else replace(phalp, start_evidence=0.0)
        self.parameters = replace(phalp, live=True, compat="paper") if live else phalp
        self._body = body
        self._pose_predictor = pose_predictor(settings, shared_target=self.parameters.upstream)
        self._texture_encoder = (
            texture_encoder(client, models.appearance_encoder)
            if "T" in phalp.predict and models.appearance_encoder is not None
            else None
        )

    def new(self) -> Tracker:
        """Return a tracker that has seen nobody."""
        return Tracker(
            self.parameters,
            body=self._body,
            pose_predictor=self._pose_predictor,
            texture_encoder=self._texture_encoder,
        )

    def restored(self, snapshot: TrackerSnapshot) -> Tracker:
        """Return a tracker as it was in ``snapshot``; raises `TrackerStateError` where that does not fit."""
        return Tracker.restore(
            snapshot,
            self.parameters,
            body=self._body,
            pose_predictor=self._pose_predictor,
            texture_encoder=self._texture_encoder,
        )


def pose_transformer_in_use(settings: Settings) -> str | None:
    """Return the model that predicts poses, None for constant velocity; raises `SettingsError` as `models_of`."""
    model, chosen = models_of(settings).pose_transformer, settings.phalp.pose_predictor
    if chosen == "velocity" or model is None:
        return None
    exported = any((settings.inference.repository / model).glob("*/model.onnx"))
    return model if exported or chosen == "transformer" else None


def pose_predictor(settings: Settings, *, shared_target: bool = False) -> PosePredictor:
    """Return how poses go on: the exported transformer, in this process wherever the models run, or constant velocity.

    Raises:
        ModelNotFoundError: the transformer was not exported, though the settings ask for it.
    """
    model, inference = pose_transformer_in_use(settings), settings.inference
    if model is None:
        return ConstantVelocityPose()
    client = EmbeddedClient(inference.repository, threads=inference.threads, max_batch=_POSES_AT_ONCE, device=inference)
    return pose_transformer(client, model, shared_target=shared_target)
