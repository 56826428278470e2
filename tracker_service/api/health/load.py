"""How busy the service is."""

from dataclasses import dataclass

from tracker_service.jobs.job import QueueCounts

NO_JOBS = QueueCounts(queued=0, running=0, paused=0, finished=0)


@dataclass(frozen=True, slots=True)
class Load:
    """Frames and jobs at one moment.

    Attributes:
        max_workers: batches of frames and jobs that can be computed at the same time.
        frames: frames accepted and not yet answered.
        frame_workers: batches of frames that can be computed at the same time.
        jobs: the video jobs.
        frame_seconds: moving average of the time from a frame to its answer.
    """

    max_workers: int
    frames: int
    frame_workers: int
    jobs: QueueCounts
    frame_seconds: float

    @property
    def active_workers(self) -> int:
        """Workers in use."""
        return min(self.max_workers, min(self.frames, self.frame_workers) + self.jobs.running)

    @property
    def queue_length(self) -> int:
        """Frames and jobs that wait."""
        return self._frames_waiting + self.jobs.queued + self.jobs.paused

    @property
    def estimated_wait_seconds(self) -> float:
        """About how long a new frame waits before it is computed."""
        return self._frames_waiting * self.frame_seconds / self.frame_workers

    @property
    def _frames_waiting(self) -> int:
        return max(0, self.frames - self.frame_workers)


class MovingAverage:
    """Exponential moving average; the newest value has weight 0.1."""

    def __init__(self) -> None:
        self.value = 0.0
        self._empty = True

    def add(self, value: float) -> None:
        """Add ``value``."""
        self.value = value if self._empty else 0.9 * self.value + 0.1 * value
        self._empty = False
