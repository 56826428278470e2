"""Admission control: how many requests of one client, and how many frames of all, are taken at the same time."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from tracker_service.api.http.errors import http_error
from tracker_service.errors import SessionsFullError


class ClientLimit:
    """Limits the concurrent requests of every client; to be used in the event loop.

    Args:
        requests: concurrent requests of one client. Raising it lets one client take more of the service.
    """

    def __init__(self, requests: int) -> None:
        self._most = requests
        self._running: Counter[str] = Counter()

    def admit(self, client: str) -> AbstractContextManager[None]:
        """Admit a request of ``client``, which runs as long as the context lasts.

        Raises:
            HTTPException: 429, the client has too many requests running.
        """
        if self._running[client] >= self._most:
            raise http_error(429, f"expected at most {self._most} requests of one client at a time", retry_after=1)
        self._running[client] += 1
        return self._until_done(client)

    @contextmanager
    def _until_done(self, client: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]


class SessionsInUse:
    """Knows the sessions in which each client has frames waiting; to be used in the event loop."""

    def __init__(self) -> None:
        self._sessions: dict[str, Counter[str]] = {}

    def of(self, client: str) -> frozenset[str]:
        """Return the sessions in which ``client`` has frames waiting."""
        return frozenset(self._sessions.get(client, ()))

    @contextmanager
    def hold(self, client: str, session: str) -> Iterator[None]:
        """Count a frame of ``client`` that waits in ``session`` as long as the context lasts."""
        sessions = self._sessions.setdefault(client, Counter())
        sessions[session] += 1
        try:
            yield
        finally:
            sessions[session] -= 1
            if not sessions[session]:
                del sessions[session]
            if not sessions:
                self._sessions.pop(client, None)


class FrameAdmission:
    """Limits the frames in flight, and the memory that they take.

    Args:
        frames: frames accepted and not yet answered. Raising it accepts longer queues.
        body_bytes: bytes of all their bodies together. Raising it takes that much memory, and half as much again.
        pixels: pixels of all their decoded images together. Raising it takes three to seven bytes a pixel.
    """

    def __init__(self, frames: int, body_bytes: int, pixels: int) -> None:
        self._frames = _Budget(frames)
        self._bytes = _Budget(body_bytes)
        self._pixels = _Budget(pixels)

    @property
    def frames(self) -> int:
        """Frames accepted and not yet answered."""
        return self._frames.taken

    @contextmanager
    def admit(self, body_bytes: int) -> Iterator["AdmittedFrame"]:
        """Admit a frame whose body has up to ``body_bytes``, which is in flight as long as the context lasts.

        Raises:
            SessionsFullError: there is no room now.
        """
        with self._frames.take(1), self._bytes.take(body_bytes), ExitStack() as taken:
            yield AdmittedFrame(self._pixels, taken)


class AdmittedFrame:
    """A frame in flight."""

    def __init__(self, pixels: "_Budget", taken: ExitStack) -> None:
        self._pixels = pixels
        self._taken = taken

    def take_pixels(self, pixels: int) -> None:
        """Reserve room for a decoded image; raises `SessionsFullError` when there is none. For any thread."""
        self._taken.enter_context(self._pixels.take(pixels))


class _Budget:
    """A shared amount; a request for more than all of it is granted when nothing else is taken."""

    def __init__(self, amount: int) -> None:
        self.taken = 0
        self._amount = amount
        self._lock = threading.Lock()

    @contextmanager
    def take(self, amount: int) -> Iterator[None]:
        with self._lock:
            if self.taken and self.taken + amount > self._amount:
                raise SessionsFullError("the service has more frames than it can answer; try again")
            self.taken += amount
        try:
            yield
        finally:
            with self._lock:
                self.taken -= amount
