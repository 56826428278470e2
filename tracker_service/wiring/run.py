"""From the settings to a run, and from a run to its summary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from numpy.typing import NDArray

from tracker_service.body.model import BodyModel
from tracker_service.camera.follower import CameraFollower
from tracker_service.camera.world.world_follower import ASSUMED_FOCAL, WorldFollower
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import SettingsError
from tracker_service.inference.client import InferenceClient
from tracker_service.people.given_boxes import GivenBoxes
from tracker_service.pipeline.models.frame_cameras import FrameCameras
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.run import JUDGED, RunStages, TrackingRun
from tracker_service.pipeline.second_look.second_look import SecondLook
from tracker_service.pipeline.stage_times import StageTimes, busy_shares
from tracker_service.pipeline.tracking import Border, OnUpdate
from tracker_service.quality.judge import QualityJudge
from tracker_service.refinement.refiner import Refiner
from tracker_service.results.statistics.frames import FrameStatistics
from tracker_service.results.summary import Summary
from tracker_service.settings import Settings
from tracker_service.types import Frame
from tracker_service.types.calibration import FocalLength
from tracker_service.wiring.focal import given_focal, live_cameras
from tracker_service.wiring.models import devices_in_use, load_body, models_of
from tracker_service.wiring.profile import sized
from tracker_service.wiring.second_look import looks_again, open_second_look
from tracker_service.wiring.tracker import TrackerFactory

_OF_A_SERVICE = {"service", "api", "limits", "sessions", "jobs", "bulk", "webhooks", "media", "live", "telemetry"}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the settings say about a run, read once.

    Attributes:
        settings: everything that can be set.
        body: the body of the model set.
        style: how the overlay is drawn, None for none.
    """

    settings: Settings
    body: BodyModel
    style: OverlayStyle | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Load what a run needs beside its client and its frames.

        Raises:
            SettingsError: values do not go together.
            ModelNotFoundError: the body is not there.
        """
        return cls(settings, load_body(settings), settings.render.style)

    @property
    def keeps_images(self) -> bool:
        """Whether frames keep their images until they are drawn; refined ones come too late for that."""
        return self.style is not None and not self.settings.refinement.enable

    @property
    def reads_again(self) -> bool:
        """Whether the source must be read a second time, for the images of refined frames."""
        return self.style is not None and self.settings.refinement.enable


def open_run(
    options: RunOptions,
    client: InferenceClient,
    frames: Iterable[Frame],
    rate: float,
    *,
    times: StageTimes,
    focal: FocalLength | None = None,
    border: Border | None = None,
    open_frames: Iterable[TrackedFrame] = (),
    late_images: Iterable[Frame] | None = None,
    border_every: int | None = None,
    on_update: OnUpdate | None = None,
) -> TrackingRun:
    """Return the run that the settings ask for; what it opens ends with it.

    Args:
        options: what the settings say.
        client: runs the models.
        frames: of the source.
        rate: its frames a second.
        times: counts busy seconds.
        focal: of the camera, see `tracker_service.wiring.focal`; None takes what the settings give.
        border: where to go on, None at the beginning.
        open_frames: the frames that were not final at the border; see `TrackingRun`.
        late_images: the source, read a second time; see `TrackingRun`.
        border_every: give a border before each frame whose number is a multiple of this; None for none.
        on_update: told of every frame when the tracker has taken it in; None for nobody.

    Raises:
        InferenceError: a model is not there or not what it should be.
        TrackerStateError: the border was made with other settings.
    """
    settings, body = options.settings, options.body
    trackers = TrackerFactory(settings, client, body, times=times)
    refiner = None
    if settings.refinement.enable:
        state = None if border is None else border.held
        refiner = Refiner(settings.refinement, trackers.parameters, body, rate, state)
    again = looks_again(settings)
    perception = open_perception(
        settings,
        client,
        times=times,
        keep_images=options.keeps_images,
        second_look=again,
        follow_camera=follows_camera(settings),
        focal=focal,
        given=given_boxes(settings),
    )
    stages = RunStages(
        perception,
        trackers.new() if border is None else trackers.restored(border.tracker),
        settings.pipeline.in_use(devices_in_use(client, models_of(settings)).values()),
        settings.detect_shots,
        refiner,
        open_second_look(settings, client, perception, times) if again else None,
        CameraFollower(None if border is None else border.camera),
        QualityJudge(settings.quality, () if border is None else border.held.get(JUDGED, ())),
        world_of(settings, {} if border is None else border.world),
    )
    return TrackingRun(
        frames,
        stages,
        times=times,
        first=0 if border is None else border.next_frame,
        open_frames=open_frames,
        late_images=late_images,
        border_every=border_every,
        on_update=on_update,
        traced_windows=settings.telemetry.traced_windows,
    )


def open_perception(
    settings: Settings,
    client: InferenceClient,
    *,
    times: StageTimes,
    keep_images: bool = False,
    second_look: bool = False,
    follow_camera: bool = False,
    focal: FocalLength | None = None,
    cameras: FrameCameras | None = None,
    given: GivenBoxes | None = None,
) -> Perception:
    """Return what finds people as the settings want it.

    Args:
        settings: everything that can be set.
        client: runs the models.
        times: counts busy seconds.
        keep_images: see `Perception`, as for the next two.
        second_look: whether missed people are looked for.
        follow_camera: whether the camera is followed.
        focal: of a video, where something beside the settings tells it.
        cameras: of live frames, each of which may have its own.
        given: people that are given instead of detected.

    Raises:
        InferenceError: a model is missing.
        FocalLengthError: bodies need the focal length of the video, and nothing tells it.
    """
    focal = given_focal(settings) if focal is None else focal
    perception = Perception(
        client,
        models_of(settings),
        settings.phalp,
        times=times,
        keep_images=keep_images,
        second_look=second_look,
        follow_camera=follow_camera,
        texture_maps="T" in settings.phalp.predict,
        cameras=cameras or FrameCameras(focal),
        given=given,
    )
    if cameras is None:
        perception.check_focal(focal)
    return perception


def open_live_perception(
    settings: Settings, client: InferenceClient, times: StageTimes
) -> tuple[Perception, SecondLook | None]:
    """Return what finds people in frames that come one by one, and what looks again where the settings want it.

    Raises:
        InferenceError: a model is missing or not what it should be.
    """
    again = settings.second_look.enable
    perception = open_perception(
        settings,
        client,
        times=times,
        second_look=again,
        follow_camera=settings.camera.follow,
        cameras=live_cameras(settings, client),
    )
    return perception, open_second_look(settings, client, perception, times) if again else None


def world_of(settings: Settings, state: Mapping[str, NDArray[Any]]) -> WorldFollower | None:
    """Return what places people in the world, with the state of an earlier one; None where nobody is placed."""
    places = settings.camera.place_people and follows_camera(settings)
    return WorldFollower(ASSUMED_FOCAL, state=state) if places else None


def follows_camera(settings: Settings) -> bool:
    """Return whether the camera is followed; upstream knows no camera."""
    return settings.camera.follow and not settings.phalp.upstream


def given_boxes(settings: Settings) -> GivenBoxes | None:
    """Return the people that the settings give, None where they are detected.

    Raises:
        SettingsError: the file is malformed, or identities are asked for (``use_gt``) and none are given.
    """
    path = settings.video.boxes
    given = None if path is None else GivenBoxes.load(path)
    if settings.phalp.use_gt and (given is None or not given.have_identities):
        got = "no boxes" if given is None else f"none in {path}"
        raise SettingsError(f"phalp.use_gt: expected identities in video.boxes (--boxes FILE), got {got}")
    return given


def run_summary(
    settings: Settings,
    statistics: FrameStatistics,
    *,
    source: str,
    elapsed: float,
    stages: Mapping[str, float],
    runs_on: Mapping[str, str],
    warnings: tuple[str, ...],
) -> Summary:
    """Return what is remembered of a finished run.

    Args:
        settings: of the run.
        statistics: of its frames.
        source: as the user named it.
        elapsed: seconds it took.
        stages: busy seconds by stage.
        runs_on: device of each model, see `devices_in_use`.
        warnings: what the user should know about the source.
    """
    return Summary.of_run(
        statistics,
        source=source,
        model_set=settings.model_set,
        runs_on=runs_on,
        elapsed=elapsed,
        stages=stages,
        busy=busy_shares(stages, elapsed, workers=settings.pipeline.in_use(runs_on.values()).workers),
        settings=settings_in_use(settings, runs_on),
        warnings=warnings,
    )


def settings_in_use(settings: Settings, runs_on: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings for the record of a run, with the models and the profile in use where the user chose none.

    Those of a service are left out: they do not concern a run, and its record may be given away.

    Args:
        settings: of the run.
        runs_on: device of each model that it used.
    """
    sizes = sized(settings, runs_on.values())
    record: dict[str, Any] = sizes.model_dump(mode="json", exclude=_OF_A_SERVICE)
    record["video"]["decoder_threads"] = settings.video.decoder_threads  # it was opened with these
    models = models_of(settings)
    record["phalp"] |= {
        "appearance": "color" if models.appearance is None else "model",
        "pose_predictor": "transformer" if models.pose_transformer in runs_on else "velocity",
    }
    return record
