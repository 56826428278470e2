"""The groups of the settings tree: each is composed of dataclasses of the rooms that use its values.

Nothing is declared here but which rooms a group joins, and the values that only the command line and the library use.
"""

from pathlib import Path

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from tracker_service.api.answer_parameters import AnswerParameters
from tracker_service.api.service_parameters import Limits, ServiceParameters
from tracker_service.bulk.bulk_parameters import BulkParameters
from tracker_service.camera.camera_parameters import CameraParameters
from tracker_service.drawing.overlay_parameters import OverlayParameters
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.jobs.queue.store_parameters import StoreParameters
from tracker_service.jobs.webhooks.webhook_parameters import WebhookParameters
from tracker_service.live.live_parameters import LiveParameters
from tracker_service.media.media_parameters import MediaParameters
from tracker_service.model_sets import ModelChoices
from tracker_service.people.gates import Gates
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.overlap_parameters import OverlapParameters
from tracker_service.pipeline.second_look.second_look_parameters import SecondLookParameters
from tracker_service.quality.quality_parameters import QualityParameters
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.sessions.session_parameters import SessionParameters
from tracker_service.tracing.tracing_parameters import TracingParameters
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.video_parameters import VideoParameters

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class PhalpSettings(TrackerParameters, Gates, ModelChoices):
    """``phalp``: which detections become people, and how they are associated and predicted."""

    def __post_init__(self) -> None:
        TrackerParameters.__post_init__(self)
        Gates.__post_init__(self)


@dataclass(frozen=True, config=_STRICT)
class CameraSettings(CameraParameters):
    """``camera``: how the camera moved, and the world that people move in."""


@dataclass(frozen=True, config=_STRICT)
class SecondLookSettings(SecondLookParameters):
    """``second_look``: people who were missed are looked for once more."""


@dataclass(frozen=True, config=_STRICT)
class QualitySettings(QualityParameters):
    """``quality``: how far poses are believed."""


@dataclass(frozen=True, config=_STRICT)
class VideoSettings(VideoParameters):
    """``video``: what is read, and where results go.

    Attributes:
        source: the video or folder of images, as another way than the argument.
        output_dir: folder of the results; of several sources, the folder in which each has one. None takes a folder
            with the name of the source in ``outputs``.
        boxes: people that are given instead of detected, with identities or without: MOT text or NDJSON, see
            `tracker_service.people.given_boxes`.
    """

    source: str | None = None
    output_dir: Path | None = None
    boxes: Path | None = None


@dataclass(frozen=True, config=_STRICT)
class RenderSettings(OverlayParameters):
    """``render``: the overlay."""


@dataclass(frozen=True, config=_STRICT)
class RefinementSettings(RefinementParameters):
    """``refinement``: the second, offline pass."""


@dataclass(frozen=True, config=_STRICT)
class InferenceSettings(InferenceParameters):
    """``inference``: where the models run."""


@dataclass(frozen=True, config=_STRICT)
class PipelineSettings(OverlapParameters):
    """``pipeline``: windows, and what is in flight."""


@dataclass(frozen=True, config=_STRICT)
class ServiceSettings(ServiceParameters):
    """``service``: where the HTTP service listens."""


@dataclass(frozen=True, config=_STRICT)
class ApiSettings(AnswerParameters):
    """``api``: what answers of the HTTP service contain."""


@dataclass(frozen=True, config=_STRICT)
class LimitSettings(Limits):
    """``limits``: what the HTTP service refuses."""


@dataclass(frozen=True, config=_STRICT)
class SessionSettings(SessionParameters):
    """``sessions``: frames of live clients."""


@dataclass(frozen=True, config=_STRICT)
class JobSettings(StoreParameters):
    """``jobs``: video jobs."""


@dataclass(frozen=True, config=_STRICT)
class WebhookSettings(WebhookParameters):
    """``webhooks``: who is told of the ends of jobs."""


@dataclass(frozen=True, config=_STRICT)
class BulkSettings(BulkParameters):
    """``bulk``: thousands of videos."""


@dataclass(frozen=True, config=_STRICT)
class TelemetrySettings(TracingParameters):
    """``telemetry``: traces of requests and runs, step by step."""


@dataclass(frozen=True, config=_STRICT)
class MediaSettings(MediaParameters):
    """``media``: files that clients name by path."""


@dataclass(frozen=True, config=_STRICT)
class LiveSettings(LiveParameters, LiveSourceParameters):
    """``live``: cameras and streams."""

    def __post_init__(self) -> None:
        LiveParameters.__post_init__(self)
        LiveSourceParameters.__post_init__(self)
