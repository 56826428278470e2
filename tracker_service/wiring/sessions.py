"""From the settings to the frame sessions of the service."""

from collections.abc import Callable
from dataclasses import replace

from tracker_service.body.model import BodyModel
from tracker_service.inference.client import InferenceClient
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video_tracker import VideoName, VideoTracker
from tracker_service.settings import Settings
from tracker_service.wiring.assembly import map_encoder, models_of, pose_predictor, tracker_parameters


def open_sessions(
    settings: Settings,
    client: InferenceClient,
    body: BodyModel,
    *,
    times: StageTimes | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> FrameSessions:
    """Return the frame sessions that the settings ask for. May be called in any thread.

    Sessions always follow the paper (``compat="paper"``): upstream says nothing about people before they are confirmed.

    Args:
        settings: everything that can be set.
        client: runs the models; stays the caller's to close, after the sessions.
        body: gives the joints of predicted people.
        times: counts busy seconds of detection, crops, bodies, features and association.
        on_batch: called in the event loop with the number of frames of every batch given to the models.

    Raises:
        SettingsError: the model set lacks a model that the settings ask for.
        ModelNotFoundError: a model is not where it is looked for.
        ModelContractError: a model's tensors are not those of the design.
    """
    times = StageTimes() if times is None else times
    perception = Perception(
        client, models_of(settings), second_pass=settings.phalp.second_pass, keep_images=False, times=times
    )
    paper = settings.model_copy(update={"phalp": settings.phalp.model_copy(update={"compat": "paper"})})
    tracking = replace(tracker_parameters(paper), live=True)
    predictor, encoder = pose_predictor(paper), map_encoder(paper, client)
    sessions = settings.sessions
    parameters = SessionParameters(
        gap_seconds=sessions.gap_seconds,
        wait_seconds=sessions.wait_seconds,
        expiry_seconds=sessions.expiry_seconds,
        max_sessions=sessions.max_sessions,
        history=sessions.history,
        frames_waiting=settings.limits.frames_waiting,
        window=settings.pipeline.window,
        workers=sessions.workers,
    )

    def new_video(name: VideoName) -> VideoTracker:
        tracker = Tracker(tracking, body=body, pose_predictor=predictor, texture_encoder=encoder)
        return VideoTracker(name, tracker, body, sessions.history, times)

    return FrameSessions(perception.observe, new_video, parameters, on_batch=on_batch)
