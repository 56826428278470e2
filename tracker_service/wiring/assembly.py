"""From the settings to the rooms: what each gets, and a whole run put together."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracker_service.body.model import BodyModel
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import SettingsError
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.inference.triton import FailurePolicy, TritonClient
from tracker_service.model_sets import COLOUR_SCALE, ModelSet, model_set
from tracker_service.phalp.appearance import TextureEncoder
from tracker_service.phalp.pose_prediction import ConstantVelocityPose, PosePredictor
from tracker_service.phalp.state.snapshot import TrackerSnapshot
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.pipeline.frames import Overlap, finished_frames
from tracker_service.pipeline.models.networks import pose_transformer, texture_encoder
from tracker_service.pipeline.outputs import RESULTS, SUMMARY, OutputOptions, RunOutputs
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import FinishedFrame
from tracker_service.pipeline.second_reading import with_images
from tracker_service.pipeline.stage_times import StageTimes, busy_shares
from tracker_service.refinement.refinement_parameters import RefinementParameters
from tracker_service.refinement.stream import Refiner, refine_frames
from tracker_service.results.summary import Summary
from tracker_service.settings import Settings
from tracker_service.types import FrameResult
from tracker_service.video.source import FrameSource, Position, VideoInfo, open_source, parse_position

_OVERRIDABLE = (
    "low_th_c",
    "second_pass_th",
    "small_w",
    "small_h",
    "small_relative",
    "presence_th",
    "predict",
    "track_history",
    "appearance_scale",
)


_POSES_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """What a running job tells after each frame.

    Attributes:
        frame: the frame just finished.
        done: frames finished so far.
        total: about how many there are, None if unknown.
    """

    frame: FrameResult
    done: int
    total: int | None


def models_of(settings: Settings) -> ModelSet:
    """Return the model set with what the settings override.

    Raises:
        SettingsError: the set lacks a model that the settings ask for.
    """
    models = model_set(settings.model_set)
    if settings.phalp.appearance == "color":
        models = replace(models, appearance=None, appearance_encoder=None, appearance_scale=COLOUR_SCALE)
    elif settings.phalp.appearance == "model" and models.appearance is None:
        raise SettingsError(f"phalp.appearance: expected color, because the {models.name} set has no model, got model")
    given = {name: getattr(settings.phalp, name) for name in _OVERRIDABLE}
    models = replace(models, **{name: value for name, value in given.items() if value is not None})
    if "T" in models.predict and models.appearance_encoder is None:
        raise SettingsError(f"phalp.predict: expected no T, because there are no texture maps, got {models.predict}")
    return models


def tracker_parameters(settings: Settings) -> TrackerParameters:
    """Return the tracker's parameters, with what depends on the model set filled in."""
    phalp, models = settings.phalp, models_of(settings)
    return TrackerParameters(
        predict=models.predict,
        distance_type=phalp.distance_type,
        pose_distance=phalp.pose_distance,
        alpha=phalp.alpha,
        hungarian_th=phalp.hungarian_th,
        track_history=models.track_history,
        max_age_track=phalp.max_age_track,
        n_init=phalp.n_init,
        past_lookback=phalp.past_lookback,
        tentative_misses=phalp.tentative_misses,
        appearance_scale=models.appearance_scale,
        second_pass_cost=phalp.second_pass_cost,
        location_damping=phalp.location_damping,
        confidence_decay=phalp.confidence_decay,
        least_visible=phalp.least_visible,
        compat=phalp.compat,
        use_gt=settings.use_gt,
    )


def settings_in_use(settings: Settings) -> dict[str, Any]:
    """Return all settings for the record of a run, with the model set's values where the user gave none."""
    record: dict[str, Any] = settings.model_dump(mode="json")
    models = models_of(settings)
    record["phalp"] |= {name: getattr(models, name) for name in _OVERRIDABLE} | {
        "appearance": "color" if models.appearance is None else "model",
        "pose_predictor": "velocity" if pose_model(settings) is None else "transformer",
    }
    return record


def open_client(settings: Settings) -> InferenceClient:
    """Open the inference client that the settings ask for."""
    inference = settings.inference
    if inference.kind == "triton":
        policy = FailurePolicy(budget_seconds=inference.budget_seconds)
        return TritonClient(inference.triton_url, policy=policy, shared_memory=inference.shared_memory)
    return EmbeddedClient(inference.repository, threads=inference.threads)


def build_tracker(
    settings: Settings, client: InferenceClient, body: BodyModel, snapshot: TrackerSnapshot | None = None
) -> Tracker:
    """Return the tracker that the settings ask for, with its networks, new or as it was in ``snapshot``.

    Raises:
        ModelNotFoundError: a network that the settings name is not there.
        TrackerStateError: the snapshot does not fit.
    """
    parameters = tracker_parameters(settings)
    predictor, encoder = pose_predictor(settings), map_encoder(settings, client)
    if snapshot is None:
        return Tracker(parameters, body=body, pose_predictor=predictor, texture_encoder=encoder)
    return Tracker.restore(snapshot, parameters, body=body, pose_predictor=predictor, texture_encoder=encoder)


def map_encoder(settings: Settings, client: InferenceClient) -> TextureEncoder | None:
    """Return the encoder of texture maps where the settings compare them, else None; raises `ModelNotFoundError`."""
    models = models_of(settings)
    if "T" not in models.predict or models.appearance_encoder is None:
        return None
    return texture_encoder(client, models.appearance_encoder)


def pose_predictor(settings: Settings) -> PosePredictor:
    """Return how poses go on: the exported transformer, in this process wherever the models run, or constant velocity.

    Raises:
        SettingsError: the model set has no transformer, though the settings ask for it.
        ModelNotFoundError: it was not exported, though the settings ask for it.
    """
    model, inference = pose_model(settings), settings.inference
    if model is None:
        return ConstantVelocityPose()
    client = EmbeddedClient(inference.repository, threads=inference.threads, max_batch=_POSES_AT_ONCE)
    return pose_transformer(client, model, shared_target=settings.phalp.compat == "upstream")


def pose_model(settings: Settings) -> str | None:
    """Return the model that predicts poses, None for constant velocity; raises `SettingsError` as `pose_predictor`."""
    model, chosen = models_of(settings).pose_predictor, settings.phalp.pose_predictor
    if chosen == "transformer" and model is None:
        raise SettingsError(f"phalp.pose_predictor: expected velocity for the {settings.model_set} set, got {chosen}")
    if chosen == "velocity" or model is None:
        return None
    exported = any((settings.inference.repository / model).glob("*/model.onnx"))
    return model if exported or chosen == "transformer" else None


def build_refiner(
    settings: Settings, body: BodyModel, rate: float, state: Mapping[str, tuple[FrameResult, ...]] | None = None
) -> Refiner | None:
    """Return what refines finished frames, None where the settings do not ask for it.

    Args:
        settings: everything that can be set.
        body: gives the joints of changed people.
        rate: frames a second of the video.
        state: of another refiner, to go on where it was.
    """
    refinement, phalp = settings.refinement, settings.phalp
    if not refinement.enable:
        return None
    parameters = RefinementParameters(
        longest_gap=phalp.max_age_track if refinement.longest_gap is None else refinement.longest_gap,
        smoothing_seconds=refinement.smoothing_seconds,
        least_visible=phalp.least_visible,
        confidence_decay=phalp.confidence_decay,
    )
    return Refiner(parameters, body, rate, state)


def load_body(settings: Settings) -> BodyModel:
    """Load the body of the model set."""
    return BodyModel.load(settings.inference.repository / models_of(settings).body / "body_model.npz")


def frame_range(settings: Settings) -> tuple[Position | None, Position | None]:
    """Return start (inclusive) and end (exclusive) from upstream's start/end settings; None means from/to the end."""
    video, phalp = settings.video, settings.phalp
    start = _position(video.start_time, video.start_frame)
    end = _position(video.end_time, video.end_frame)
    if start is None and end is None and phalp.start_frame >= 0:
        return _position(None, phalp.start_frame), _position(None, phalp.end_frame)
    return start, end


def track_video(
    settings: Settings,
    source: str,
    folder: Path,
    *,
    mesh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    opened: Callable[[VideoInfo], None] | None = None,
) -> Summary:
    """Track the people of a video and write all result files into ``folder``.

    Args:
        settings: everything that can be set.
        source: video file or folder of images.
        folder: made when missing; files in it are replaced when the new ones are complete.
        mesh: add mesh vertices to `results.ndjson`.
        progress: called after every finished frame.
        opened: called once with what is known about the source.

    Raises:
        PhalpTritonError: any of the tree; nothing half-written is left under a final name.
    """
    if not settings.overwrite and (folder / RESULTS).exists():
        raise SettingsError(f"overwrite: expected a new folder because overwrite is false, got results in {folder}")
    started, times = time.perf_counter(), StageTimes()
    style = OverlayStyle.from_render_type(settings.render.type) if settings.render.enable else None
    options = OutputOptions(folder, mesh, style, settings.render.fps)
    models, body = models_of(settings), load_body(settings)
    start, end = frame_range(settings)
    threads = settings.inference.decoder_threads
    again = settings.refinement.enable and style is not None
    with (
        closing(open_client(settings)) as client,
        open_source(source, start=start, end=end, threads=threads) as video,
        open_source(source, start=start, end=end, threads=threads) if again else nullcontext() as images,
    ):
        if opened is not None:
            opened(video.info)
        perception = Perception(
            client,
            models,
            second_pass=settings.phalp.second_pass,
            keep_images=style is not None and not again,
            times=times,
        )
        overlap = Overlap(settings.pipeline.window, settings.inference.workers, settings.pipeline.in_flight)
        tracker = build_tracker(settings, client, body)
        frames = finished_frames(video, perception, tracker, overlap, detect_shots=settings.detect_shots, times=times)
        if (refiner := build_refiner(settings, body, video.info.fps)) is not None:
            frames = _refined(frames, refiner, images)
        with RunOutputs(options, video.info, body, times) as outputs, closing(outputs.write(frames)) as written:
            for frame in written:
                if progress is not None:
                    progress(Progress(frame.result, outputs.statistics.frames, video.info.frames_estimate))
        elapsed = time.perf_counter() - started
        summary = Summary.of_run(
            outputs.statistics,
            source=source,
            model_set=models.name,
            elapsed=elapsed,
            stages=times.seconds(),
            busy=busy_shares(times.seconds(), elapsed, workers=settings.inference.workers),
            settings=settings_in_use(settings),
            warnings=video.warnings,
        )
    summary.write(folder / SUMMARY)
    return summary


def _refined(
    frames: Generator[FinishedFrame, None, None], refiner: Refiner, images: FrameSource | None
) -> Generator[FinishedFrame, None, None]:
    refined = refine_frames(frames, refiner)
    if images is not None:
        refined = with_images(refined, images)
    with closing(refined):
        yield from (item for item in refined if isinstance(item, FinishedFrame))


def _position(text: str | None, frame: int) -> Position | None:
    if text is not None:
        return parse_position(text)
    return Position(frame=frame) if frame >= 0 else None
