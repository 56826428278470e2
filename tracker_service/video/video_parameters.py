"""Settings of reading a video."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from tracker_service.types.bounds import check_bounds
from tracker_service.video.position import Position, parse_position


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
        stream: number among the video streams of a file, from 0; -1 takes the one with the largest picture.
    """

    start_frame: int = -1
    end_frame: int = -1
    start_time: str | None = None
    end_time: str | None = None
    fps: Annotated[float, Gt(0), Le(1000)] | None = None
    decoder_threads: Annotated[int, Ge(0)] = 1
    stream: Annotated[int, Ge(-1)] = -1

    def __post_init__(self) -> None:
        check_bounds(self)

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
