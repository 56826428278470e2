"""What a worker tells its service: one JSON object a line on its standard output."""

from dataclasses import asdict, dataclass, field
from typing import TypeAlias, get_args

import orjson

from tracker_service.errors import JobError


@dataclass(frozen=True, slots=True)
class Progressed:
    """The worker is alive and has progressed: frames were read or tracked since the last such message.

    Attributes:
        frames: frames tracked so far, those of earlier workers included.
    """

    frames: int


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """What is in a run of frames.

    Attributes:
        frames: frames.
        expected: those at or after the first sighting of the video.
        covered: expected ones that hold at least one person.
        seen, predicted, lost: person-frames of each state.
    """

    frames: int = 0
    expected: int = 0
    covered: int = 0
    seen: int = 0
    predicted: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Committed:
    """A chunk and the state after it are safely on disk.

    Attributes:
        chunk: its number, from 0.
        frames_done: frames of the job whose results are on disk.
        last: whether the video ends with it.
        counts: what is in the chunk.
    """

    chunk: int
    frames_done: int
    last: bool
    counts: FrameCounts = field(default_factory=FrameCounts)


@dataclass(frozen=True, slots=True)
class Restored:
    """The worker goes on behind chunks that earlier workers have committed.

    Attributes:
        chunk: number of the last of them.
        frames_done: frames in all of them.
        last: whether the video ends with it.
    """

    chunk: int
    frames_done: int
    last: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The worker waits for something that comes back by itself, such as the inference server.

    Attributes:
        reason: why, for clients.
        detail: the same for the log, with addresses.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The worker no longer waits."""


@dataclass(frozen=True, slots=True)
class Completed:
    """All files of the job have their final names."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The worker ends because going on makes no sense; another try would end the same way.

    Attributes:
        reason: why, in one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class DiskFull:
    """The worker ends because there is no room; another try makes sense when there is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Locked:
    """The worker ends because another one is still working on the job."""

    reason: str


Message: TypeAlias = Progressed | Committed | Restored | Waiting | Resumed | Completed | Refused | DiskFull | Locked
_TYPES = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """Return the message as a line."""
    return orjson.dumps({"message": type(message).__name__, **asdict(message)}) + b"\n"


def decode(line: bytes) -> Message:
    """Read what `encode` wrote.

    Raises:
        JobError: the line is no message.
    """
    try:
        values = orjson.loads(line)
        kind = _TYPES[values.pop("message")]
        if kind is Committed:
            values["counts"] = FrameCounts(**values["counts"])
        message: Message = kind(**values)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise JobError(f"worker: expected a message, got {line[:80]!r}") from error
    return message
