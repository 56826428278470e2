"""What a connection to a camera or stream gives: one frame after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True, eq=False)
class StreamFrame:
    """A frame as its connection gives it.

    Attributes:
        stamp: its timestamp, seconds of the stream's clock; None where the stream gives none.
        picture: decoded, any pixel format; None for one that came damaged.
    """

    stamp: float | None
    picture: VideoFrame | None


class SourceConnection(Protocol):
    """One connection to a camera or stream, read in this process or in another."""

    rate: float
    """Frames a second that the stream states."""

    def frames(self) -> Iterator[StreamFrame]:
        """Yield the frames as they come; ends where the stream does, raises `VideoError` where it breaks."""
        ...

    def close(self) -> None:
        """Close it; not while another thread reads from it."""
        ...
