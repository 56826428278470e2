"""From the settings to the tracker and its networks."""

from dataclasses import replace

from tracker_service.body.model import BodyModel
from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient
from tracker_service.phalp.pose.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.state.snapshot import TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.models.networks import pose_transformer, texture_encoder
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings
from tracker_service.wiring.models import models_of


class TrackerFactory:
    """Makes trackers as the settings want them; the networks are shared by all of them.

    Args:
        settings: everything that can be set.
        client: runs the encoder of texture maps and the pose predictor.
        body: gives the joints of predicted people.
        live: name people at once, tentative ones included (``compat="paper"``), instead of back-filling them.
        times: counts the busy seconds of the pose transformer.

    Raises:
        SettingsError: the model set lacks a model that the settings ask for.
        ModelNotFoundError: a network that the settings ask for is not there.
    """

    def __init__(
        self,
        settings: Settings,
        client: InferenceClient,
        body: BodyModel,
        *,
        live: bool = TrackerParameters.live,
        times: StageTimes | None = None,
    ) -> None:
        models, phalp = models_of(settings), settings.phalp
        # Given boxes are people: of the gates only the size counts for them, and their body model may be unsure.
        phalp = phalp if settings.video.boxes is None else replace(phalp, start_evidence=0.0)
        self.parameters = replace(phalp, live=True, compat="paper") if live else phalp
        self._body = body
        self._pose_predictor = pose_predictor(settings, client, shared_target=self.parameters.upstream, times=times)
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


def pose_predictor(
    settings: Settings, client: InferenceClient, *, shared_target: bool = False, times: StageTimes | None = None
) -> PosePredictor:
    """Return how poses go on: by the transformer where the client has it, else by constant velocity.

    Raises:
        ModelNotFoundError: the client does not have the transformer, though the settings ask for it.
        ModelContractError: its tensors are not those of the design.
    """
    models = models_of(settings)
    if models.pose_transformer is None:
        return ConstantVelocityPose()
    try:
        return pose_transformer(client, models.pose_transformer, shared_target=shared_target, times=times)
    except ModelNotFoundError as error:
        if models.needs_pose_transformer:
            raise ModelNotFoundError(f"phalp.pose_predictor=transformer: {error}") from error
        return ConstantVelocityPose()
