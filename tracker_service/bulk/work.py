"""What a bulk run asks of its workers, and what they answer."""

from dataclasses import dataclass
from typing import Literal

from tracker_service.settings import Settings


@dataclass(frozen=True, slots=True)
class BulkWork:
    """What is the same for all videos of a run.

    Attributes:
        settings: of every video.
        out: address of the folder in which each video's results have one.
        mesh: add mesh vertices to the results.
        formats: in which the results are written as well.
        check_digests: compare the files of finished results with their digests, not only their lengths.
    """

    settings: Settings
    out: str
    mesh: bool = False
    formats: tuple[str, ...] = ()
    check_digests: bool = False


@dataclass(frozen=True, slots=True)
class VideoTask:
    """One video.

    Attributes:
        address: of the video.
        name: of the folder of its results.
        attempt: how often it was tried, this time included.
    """

    address: str
    name: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a video.

    Attributes:
        task: the video.
        state: done now, finished before, or failed.
        reason: why it failed.
        may_pass: whether another try may succeed.
        frames: of its results.
        people: in them.
    """

    task: VideoTask
    state: Literal["done", "finished", "failed"]
    reason: str = ""
    may_pass: bool = False
    frames: int = 0
    people: int = 0
