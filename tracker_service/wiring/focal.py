"""How the focal length of a video's camera is found: given, from the file, or by a model that looks at some frames."""

from itertools import islice
from pathlib import Path

from tracker_service.errors import ModelNotFoundError
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.models.field_of_view import FieldOfViewModel
from tracker_service.pipeline.models.frame_cameras import FrameCameras
from tracker_service.settings import Settings
from tracker_service.types.calibration import FocalLength, FocalSource
from tracker_service.video.focal_metadata import focal_in_file
from tracker_service.video.frame_source import VideoInfo
from tracker_service.video.source import open_source

MODEL = "vfov"
"""Model that sees the vertical field of view of a picture."""
_FRAMES = 8
"""Frames it looks at; the median of more is steadier and takes longer."""
_APART = 0.5
"""Seconds between them: long enough to show something else, so that a video's first seconds are all that is read."""


def given_focal(settings: Settings) -> FocalLength | None:
    """Return the focal length that the settings give."""
    video = settings.video
    if video.focal is None and video.fov is None:
        return None
    return FocalLength(FocalSource.GIVEN, video.focal, video.fov)


def live_cameras(settings: Settings, client: InferenceClient) -> FrameCameras:
    """Return what tells the cameras of frames that come one by one: the settings, the frame, or the model."""
    given = given_focal(settings)
    return FrameCameras(given, None if given is not None else field_of_view_model(client))


def field_of_view_model(client: InferenceClient) -> FieldOfViewModel | None:
    """Return the model that sees the field of view, None where it is not served."""
    try:
        return FieldOfViewModel(client, MODEL)
    except ModelNotFoundError:
        return None


def focal_of(settings: Settings, client: InferenceClient, source: str | Path, info: VideoInfo) -> FocalLength | None:
    """Return the focal length of a video's camera, None where nothing tells it.

    It depends on the settings, the file and the model alone, so that a run that is taken up again has the same.

    Args:
        settings: everything that can be set.
        client: runs the model where it is served.
        source: the video, as the user named it.
        info: of the opened video.

    Raises:
        InferenceError: the model failed.
    """
    given = given_focal(settings)
    if given is not None:
        return given
    over_diagonal = focal_in_file(Path(source))
    if over_diagonal is not None:
        diagonal = (info.width**2 + info.height**2) ** 0.5
        return FocalLength(FocalSource.METADATA, over_diagonal * diagonal)
    model = field_of_view_model(client)
    if model is None:
        return None
    step = max(round(_APART * info.fps), 1)
    with open_source(source, threads=settings.video.decoder_threads, stream=settings.video.stream) as video:
        images = [frame.image for frame in islice(video, 0, step * _FRAMES, step)]
    return FocalLength(FocalSource.ESTIMATED, field_of_view=model.degrees(images))
