"""Frames of a camera or stream for as long as it lasts, through lost connections."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from threading import Event

from av.video.frame import VideoFrame

from tracker_service.errors import VideoError
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.stream_clock import StreamClock
from tracker_service.video.live.stream_frame import SourceConnection

_LEAST_STEP = 1e-4
"""Seconds between two frames at least: times always rise."""
_HOST_CLOCK_JUMP = 1.0
"""Seconds by which this machine's wall clock may move against its steady clock before that counts as a jump."""


class LiveEventKind(StrEnum):
    """What happens to a source beside frames."""

    CONNECTED = "connected"
    LOST = "lost"
    CLOCK_JUMP = "clock_jump"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that happened to a source.

    Attributes:
        kind: what.
        message: one line for people, without credentials.
        at: when, seconds since the Unix epoch.
    """

    kind: LiveEventKind
    message: str
    at: float


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A frame that has come; its picture is still as the decoder left it.

    Attributes:
        number: how many came before it, damaged ones included.
        seconds: when it was taken, since the first frame, by a clock that is never set; always rising.
        captured: when it was taken, seconds since the Unix epoch.
        arrived: when it came, seconds of `time.monotonic`.
        picture: decoded, any pixel format.
    """

    number: int
    seconds: float
    captured: float
    arrived: float
    picture: VideoFrame


class LiveSource:
    """Reads one camera or stream; where the connection is lost it connects again, after growing pauses.

    Args:
        address: where it is.
        parameters: how it is read.
        on_event: called in the reading thread when a connection is made or lost, and when a clock jumps.
        connect: opens a connection; in this process, unless another way is given.

    Attributes:
        rate: frames a second that the stream states; of the first connection.
        damaged: frames that came damaged and were left out.
        reconnections: how often it was connected again.

    Raises:
        VideoError: the first connection cannot be made.
    """

    def __init__(
        self,
        address: LiveAddress,
        parameters: LiveSourceParameters,
        on_event: Callable[[LiveEvent], None] = lambda _: None,
        *,
        connect: Callable[[LiveAddress, LiveSourceParameters], SourceConnection] = Connection,
    ) -> None:
        self._address, self._parameters, self._on_event = address, parameters, on_event
        self._connect = connect
        self._stopped = Event()
        self.damaged = self.reconnections = 0
        self._number = 0
        self._pause, self._last_sign = parameters.first_pause, time.monotonic()
        self._begin: float | None = None
        self._last = -_LEAST_STEP
        self._wall = time.time() - time.monotonic()
        self._connection: SourceConnection | None = connect(address, parameters)
        self.rate = self._connection.rate
        self._tell(LiveEventKind.CONNECTED, f"{address.shown}: connected")

    @property
    def address(self) -> LiveAddress:
        """Where it is."""
        return self._address

    def frames(self) -> Iterator[LiveFrame]:
        """Yield frames as they come; to be read once, in one thread.

        It ends once `close` was called or the standard input ends.

        Raises:
            VideoError: no frame came within ``retry_seconds`` of trying again.
        """
        while not self._stopped.is_set():
            connection = self._connection or self._connected_again()
            self._connection = None
            if connection is None:
                return
            lost = f"{self._address.shown}: the stream ended"
            try:
                yield from self._frames_of(connection)
            except VideoError as error:
                lost = str(error)
            finally:
                connection.close()
            if self._stopped.is_set() or self._address.ends:
                return
            self._tell(LiveEventKind.LOST, lost)
            self._give_up_in_time(VideoError(lost))

    def close(self) -> None:
        """Let the reading thread end: at the next frame, or once its silence has lasted ``silence_seconds``."""
        self._stopped.set()

    def _frames_of(self, connection: SourceConnection) -> Iterator[LiveFrame]:
        clock = StreamClock(self._note_jump)
        for frame in connection.frames():
            if self._stopped.is_set():
                return
            number, self._number = self._number, self._number + 1
            if frame.picture is None:
                self.damaged += 1
                continue
            self._last_sign = arrived = time.monotonic()
            self._pause = self._parameters.first_pause
            yield self._frame(number, clock.time_of(frame.stamp, arrived), arrived, frame.picture)

    def _frame(self, number: int, taken: float, arrived: float, picture: VideoFrame) -> LiveFrame:
        if self._begin is None:
            self._begin = taken
        self._last = seconds = max(taken - self._begin, self._last + _LEAST_STEP)
        return LiveFrame(number, seconds, self._wall_time(taken), arrived, picture)

    def _wall_time(self, taken: float) -> float:
        wall = time.time() - time.monotonic()
        moved = wall - self._wall
        if abs(moved) > _HOST_CLOCK_JUMP:
            self._tell(LiveEventKind.CLOCK_JUMP, f"the clock of this machine jumped by {moved:+.1f} s")
        self._wall = wall
        return taken + wall

    def _connected_again(self) -> SourceConnection | None:
        while not self._stopped.wait(self._pause):
            # A connection that gives no frame makes the pauses longer, too.
            self._pause = min(2 * self._pause, self._parameters.longest_pause)
            try:
                connection = self._connect(self._address, self._parameters)
            except VideoError as error:
                self._give_up_in_time(error)
            else:
                self.reconnections += 1
                self._tell(LiveEventKind.CONNECTED, f"{self._address.shown}: connected again")
                return connection
        return None

    def _give_up_in_time(self, error: VideoError) -> None:
        longest = self._parameters.retry_seconds
        if longest is not None and time.monotonic() - self._last_sign >= longest:
            self._tell(LiveEventKind.FAILED, str(error))
            raise error

    def _note_jump(self, seconds: float) -> None:
        self._tell(LiveEventKind.CLOCK_JUMP, f"{self._address.shown}: the stream's clock jumped by {seconds:+.1f} s")

    def _tell(self, kind: LiveEventKind, message: str) -> None:
        self._on_event(LiveEvent(kind, message, time.time()))
