"""From the settings to the frame sessions of the service."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tracker_service.body.model import BodyModel
from tracker_service.errors import SettingsError
from tracker_service.inference.client import InferenceClient
from tracker_service.phalp.state.snapshot import without_prefix
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.state_arrays import snapshot_of
from tracker_service.sessions.keeping.session_folder import SessionFolder
from tracker_service.sessions.sessions import FrameSessions
from tracker_service.sessions.video_tracker import WORLD, VideoName, VideoTracker
from tracker_service.settings import Settings
from tracker_service.wiring.models import devices_in_use, models_of
from tracker_service.wiring.run import open_live_perception, world_of
from tracker_service.wiring.tracker import TrackerFactory


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
        times: counts busy seconds of detection, crops, bodies, features, camera, poses, association, world and the
            second look.
        on_batch: called in the event loop with the number of frames of every batch given to the models.

    Raises:
        SettingsError: the model set lacks a model that the settings ask for, or they ask for given identities.
        ModelNotFoundError: a model is not where it is looked for.
        ModelContractError: a model's tensors are not those of the design.
    """
    if settings.phalp.use_gt:
        raise SettingsError("phalp.use_gt: expected false, because live frames have no given identities, got true")
    times = StageTimes() if times is None else times
    perception, second_look = open_live_perception(settings, client, times)
    trackers = TrackerFactory(settings, client, body, live=True, times=times)

    def opened_video(name: VideoName, tracker: Tracker, world: Mapping[str, NDArray[Any]]) -> VideoTracker:
        history, places = settings.sessions.history, world_of(settings, world)
        return VideoTracker(name, tracker, body, history, times, second_look, settings.quality, places)

    def new_video(name: VideoName) -> VideoTracker:
        return opened_video(name, trackers.new(), {})

    def restored_video(path: Path, name: VideoName, arrays: dict[str, NDArray[Any]]) -> VideoTracker:
        tracker = trackers.restored(snapshot_of(path, without_prefix("state", arrays)))
        video = opened_video(name, tracker, without_prefix(WORLD, arrays))
        video.restore(arrays)
        return video

    keep = settings.sessions.keep
    return FrameSessions(
        perception.observe,
        new_video,
        settings.sessions,
        window=settings.pipeline.in_use(devices_in_use(client, models_of(settings)).values()).window,
        on_batch=on_batch,
        folder=None if keep is None else SessionFolder(keep.absolute(), settings.model_set, restored_video),
    )
