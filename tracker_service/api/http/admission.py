"""How much is let in at the same time: requests of one client, frames of all."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from tracker_service.api.http.errors import refusal
from tracker_service.errors import SessionsFullError


class ClientPlaces:
    """Counts the requests of every client; lives in the event loop.

    Args:
        places: requests of one client at the same time. Raising it lets one client take more of the service.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken: Counter[str] = Counter()

    def take(self, client: str) -> AbstractContextManager[None]:
        """Take a place for a request of ``client``, to be left by leaving the context.

        Raises:
            HTTPException: 429, the client has all of its places in use.
        """
        if self._taken[client] >= self._places:
            raise refusal(429, f"expected at most {self._places} requests of one client at a time", retry_after=1)
        self._taken[client] += 1
        return self._left(client)

    @contextmanager
    def _left(self, client: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]


class SessionsInUse:
    """Knows which sessions the frames of a client wait in; lives in the event loop."""

    def __init__(self) -> None:
        self._sessions: dict[str, Counter[str]] = {}

    def of(self, client: str) -> frozenset[str]:
        """Return the sessions in which frames of ``client`` wait."""
        return frozenset(self._sessions.get(client, ()))

    @contextmanager
    def hold(self, client: str, session: str) -> Iterator[None]:
        """A frame of ``client`` waits in ``session`` as long as the context lasts."""
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


class FramePlaces:
    """Bounds the frames that are in the house, and the memory that they take.

    Args:
        places: frames accepted and not yet answered. Raising it accepts longer queues.
        body_bytes: bytes of all their bodies together. Raising it takes that much memory, and half as much again.
        pixels: pixels of all their decoded images together. Raising it takes three to seven bytes a pixel.
    """

    def __init__(self, places: int, body_bytes: int, pixels: int) -> None:
        self._places = _Budget(places)
        self._bytes = _Budget(body_bytes)
        self._pixels = _Budget(pixels)

    @property
    def frames(self) -> int:
        """Frames in the house."""
        return self._places.taken

    @contextmanager
    def place(self, body_bytes: int) -> Iterator["FramePlace"]:
        """Hold a place for a frame whose body has up to ``body_bytes``.

        Raises:
            SessionsFullError: there is no room now.
        """
        with self._places.take(1), self._bytes.take(body_bytes), ExitStack() as later:
            yield FramePlace(self._pixels, later)


class FramePlace:
    """The place of one frame."""

    def __init__(self, pixels: "_Budget", later: ExitStack) -> None:
        self._pixels = pixels
        self._later = later

    def take_pixels(self, pixels: int) -> None:
        """Also hold room for a decoded image; raises `SessionsFullError` when there is none. For any thread."""
        self._later.enter_context(self._pixels.take(pixels))


class _Budget:
    """An amount to be shared; whoever asks for more than all of it gets it when nobody else holds any."""

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
