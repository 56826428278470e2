"""Settings of a tracking run: association, video, overlay, models, windows.

Keys under ``phalp``, ``video`` and ``render`` have the names of PHALP's own configuration.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from tracker_service.inference.model_repository import default_repository
from tracker_service.phalp.tracker_parameters import Compatibility, DistanceType, PoseDistance
from tracker_service.settings.group import Group


class PhalpSettings(Group):
    """Association and prediction; None means: the model set's value."""

    predict: str | None = Field(default=None, pattern="^[TAPL]*$", description="terms of the cost: T, A, P, L")
    pose_distance: PoseDistance = "smpl"
    distance_type: DistanceType = "EQ_019"
    alpha: float = Field(default=0.1, ge=0, le=1, description="weight of a new texture map; higher forgets faster")
    low_th_c: float | None = Field(default=None, ge=0, le=1, description="score gate; higher keeps fewer boxes")
    hungarian_th: float = Field(default=100.0, gt=0, description="highest cost of a match; higher accepts worse")
    track_history: int | None = Field(
        default=None, ge=3, description="sightings behind a prediction; higher is smoother"
    )
    max_age_track: int = Field(default=50, ge=0, description="missed frames a track survives")
    n_init: int = Field(default=5, ge=1, description="sightings that confirm a track")
    past_lookback: int = Field(default=1, ge=1, le=1)
    small_w: float | None = Field(default=None, ge=0, description="lowest box width in pixels")
    small_h: float | None = Field(default=None, ge=0, description="lowest box height in pixels")
    small_relative: float | None = Field(
        default=None, ge=0, le=1, description="lowest box height, part of image height"
    )
    presence_th: float | None = Field(default=None, ge=0, le=1, description="lowest presence of a body")
    second_pass_th: float | None = Field(default=None, ge=0, le=1, description="scores above this may continue a track")
    second_pass: bool = Field(default=False, description="let low-score boxes continue confirmed tracks")
    tentative_misses: int = Field(default=3, ge=0, description="misses an unconfirmed track survives; 0 as upstream")
    appearance: Literal["model", "color"] | None = Field(
        default=None, description="how looks are compared: the appearance model's embedding, or colours without a model"
    )
    pose_predictor: Literal["transformer", "velocity"] | None = Field(
        default=None, description="how poses go on; None: the transformer where it was exported, else constant velocity"
    )
    appearance_scale: float | None = Field(default=None, gt=0, description="higher makes appearance count less")
    second_pass_cost: float = Field(default=30.0, gt=0, description="highest cost of a low-score match")
    location_damping: float = Field(default=0.99, gt=0, le=1, description="velocity kept per missed frame")
    confidence_decay: float = Field(default=0.95, gt=0, lt=1, description="tracking confidence kept per missed frame")
    least_visible: float = Field(default=0.25, ge=0, le=1, description="part in the frame of a predicted person")
    compat: Compatibility = "paper"
    start_frame: int = -1
    end_frame: int = -1


class VideoSettings(Group):
    """What is read and where results go."""

    source: str | None = None
    output_dir: Path = Path("outputs")
    start_frame: int = -1
    end_frame: int = Field(default=-1, description="exclusive; -1 reads to the end (upstream stops at 1300)")
    start_time: str | None = None
    end_time: str | None = None


class RenderSettings(Group):
    """The overlay video."""

    enable: bool = True
    type: str = "HUMAN_MESH_SKELETON_BBOX_GHOST"
    fps: float | None = Field(default=None, gt=0, description="None keeps the source's own timestamps")


class RefinementSettings(Group):
    """The second, offline look at finished frames."""

    enable: bool = False
    longest_gap: int | None = Field(
        default=None, ge=0, description="frames between two sightings that are filled; None: phalp.max_age_track"
    )
    smoothing_seconds: float = Field(
        default=0.1, ge=0, le=2, description="how far around a frame people are averaged; higher is steadier"
    )


class InferenceSettings(Group):
    """Where the models run."""

    kind: Literal["embedded", "triton"] = "embedded"
    triton_url: str = Field(default="localhost:8001", description="host:port of Triton's gRPC endpoint")
    budget_seconds: float = Field(default=600.0, gt=0, description="time to wait for a server that is away")
    shared_memory: bool = Field(default=True, description="pass tensors in shared memory on one host")
    repository: Path = Field(default_factory=default_repository, description="folder of the models")
    threads: int = Field(default=1, ge=0, description="threads of one model run; 0 takes all cores")
    workers: int = Field(default=2, ge=1, description="windows that are computed at the same time")
    decoder_threads: int = Field(default=1, ge=0, description="threads of the video decoder; 0 lets it choose")


class PipelineSettings(Group):
    """Windows and what is in flight."""

    window: int = Field(default=4, ge=1, le=256, description="frames per batch; higher takes more memory")
    in_flight: int = Field(default=3, ge=1, description="windows between decoding and association")
