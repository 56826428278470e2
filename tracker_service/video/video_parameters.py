"""Settings of reading a video."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval, Le

from tracker_service.errors import SettingsError
from tracker_service.types.bounds import check_bounds
from tracker_service.video.position import Position, parse_position

BEST_STREAM = -1
"""Stands for the best video stream, where the number of one may be given."""


@dataclass(frozen=True)
class VideoParameters:
    """Which video of a file and which part of it is read, and how.

    Attributes:
        start_frame: number of the first frame; -1 begins with the first.
        end_frame: number of the frame to stop before; -1 reads to the end (upstream stops at 1300).
        start_time: first frame as 120, 4.5s or 00:01:02.5; wins over ``start_frame``.
        end_time: frame or time to stop before; wins over ``end_frame``.
        fps: frames a second of a folder of images or of the pages of a picture file; None takes that of the folder's
            ``seqinfo.ini``, else 30. Raising it brings their timestamps closer together. Video files and animations
            keep their own times.
        decoder_threads: threads of the decoder; 0 takes the cores, at most four. Raising it decodes faster and holds
            more frames in memory.
        focal: focal length of the camera, in pixels of the frames. Raising it moves people away and makes the camera
            turn less. None takes ``fov``, then what the file says, then what the model ``vfov`` sees where it is
            served; without any, people's places in the world assume the longer side of the frame.
        fov: vertical field of view of the camera, degrees, in place of ``focal``. Raising it moves people nearer.
        decoder: "cuda" decodes on an NVIDIA card, "auto" where there is one; without one the CPU decodes, and the run's
            warnings say so. Jobs decode on the CPU, so that any worker can go on with the same pixels.
        stream: number among the video streams of a file, from 0; -1 takes the one with the largest picture.
    """

    start_frame: int = -1
    end_frame: int = -1
    start_time: str | None = None
    end_time: str | None = None
    fps: Annotated[float, Gt(0), Le(1000)] | None = None
    decoder_threads: Annotated[int, Ge(0)] = 1
    decoder: Literal["cpu", "cuda", "auto"] = "cpu"
    stream: Annotated[int, Ge(BEST_STREAM)] = BEST_STREAM
    focal: Annotated[float, Interval(ge=10, le=1e6)] | None = None
    fov: Annotated[float, Interval(ge=0.5, le=170)] | None = None

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.focal is not None and self.fov is not None:
            raise SettingsError(f"video: expected focal or fov, got both: {self.focal:g} and {self.fov:g}")

    @property
    def start(self) -> Position | None:
        """Where reading begins, None for the first frame; raises `SettingsError`."""
        return _position(self.start_time, self.start_frame)

    @property
    def end(self) -> Position | None:
        """Where reading ends (exclusive), None for the end of the video; raises `SettingsError`."""
        return _position(self.end_time, self.end_frame)


def _position(text: str | None, frame: int) -> Position | None:
    if text is not None:
        return parse_position(text)
    return Position(frame=frame) if frame >= 0 else None
