"""What every source of frames offers, whether it is a video file or a folder of images."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tracker_service.types import Frame


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known about a source before its frames are read.

    Attributes:
        name: file name without suffix, or folder name.
        width: of the frames as delivered (upright), pixels.
        height: of the frames as delivered (upright), pixels.
        fps: average frames a second; the nominal rate where the timestamps vary.
        frames_estimate: about how many frames iterating gives (start and end applied), or None if nothing tells.
        duration: seconds from the first frame to the end of the whole source, or None if nothing tells.
        codec: FFmpeg's name of the codec, or "images" for a folder.
    """

    name: str
    width: int
    height: int
    fps: float
    frames_estimate: int | None
    duration: float | None
    codec: str


class FrameSource(ABC):
    """Frames in presentation order, one at a time, in bounded memory.

    A context manager: leaving it closes files and decoder threads, also while another thread reads the frames.
    It can be iterated once. The first frame has been decoded when the source has been opened, so a source that holds
    nothing decodable, or nothing in the asked range, never gets as far as iteration.
    """

    @property
    @abstractmethod
    def info(self) -> VideoInfo:
        """Size, rate and length of the source."""

    @property
    @abstractmethod
    def warnings(self) -> tuple[str, ...]:
        """What was changed or went wrong so far; complete once the iteration has ended."""

    @property
    def damaged(self) -> bool:
        """Tell whether only reading from the beginning gives the same frames again, because of what was met so far."""
        return bool(self.warnings)

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Give the selected frames.

        Raises:
            VideoError: the source has been closed, or has been iterated before.
        """

    @abstractmethod
    def close(self) -> None:
        """Release files and threads; closing twice is allowed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
