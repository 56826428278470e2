"""Which frames are let in: all of them in time, the clients in turn, as many at a time as fit into memory.

A frame waits for its place before its body is read, so a waiting one costs a connection and no image. It gives the
place back when its people are known: what then waits for frames that are missing before it holds no image and keeps
nobody out.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tracker_service.errors import SessionsFullError


@dataclass(slots=True, eq=False)
class _Waiting:
    """A frame that waits for its place; ``body_bytes`` are those of its body."""

    client: str
    body_bytes: int
    let_in: asyncio.Future[None]


class FrameAdmission:
    """Lets frames in; belongs to one event loop.

    The clients take turns, the frames of each in the order in which they came. A client that holds something gets no
    more of it than is left for others ("dynamic thresholds", Choudhury and Hahne, 1998): one alone holds half of all
    places, bytes and pixels, two a third each, and there is always something for one that comes new.

    Args:
        frames: frames that wait for a place or for their answer; more are refused.
        places: frames whose body is read or whose people are looked for. Raising it takes an image each.
        body_bytes: bytes of all their bodies together. Raising it takes that much memory, and half as much again.
        pixels: pixels of all their decoded images together. Raising it takes three to seven bytes a pixel.
    """

    def __init__(self, frames: int, places: int, body_bytes: int, pixels: int) -> None:
        self._most_frames = frames
        self._places, self._body_bytes = _Shares(places), _Shares(body_bytes)
        self._frames = 0
        self._turns: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._pixels = _Pixels(pixels)

    @property
    def frames(self) -> int:
        """Frames that wait for a place or for their answer."""
        return self._frames

    @asynccontextmanager
    async def admit(self, client: str, body_bytes: int, seconds: float) -> AsyncIterator["AdmittedFrame"]:
        """Wait for the place of a frame, which counts as waiting as long as the context lasts.

        Args:
            client: who sends it.
            body_bytes: bytes that its body has at most.
            seconds: how long it may wait for its place.

        Raises:
            SessionsFullError: too many frames wait already, or it got no place in time.
        """
        if self._frames >= self._most_frames:
            raise SessionsFullError("the service has more frames than it can answer; try again")
        self._frames += 1
        try:
            admitted = AdmittedFrame(self, self._pixels, await self._place(client, body_bytes, seconds))
            try:
                yield admitted
            finally:
                admitted.leave()
        finally:
            self._frames -= 1

    def resize(self, places: int) -> None:
        """Have so many places from now on; may be called in any thread, and counts from the next frame on."""
        self._places.resize(places)

    def give_back(self, waited: _Waiting) -> None:
        """Take a place back and give it to the next."""
        self._places.give_back(waited.client, 1)
        self._body_bytes.give_back(waited.client, waited.body_bytes)
        self._let_in()

    async def _place(self, client: str, body_bytes: int, seconds: float) -> _Waiting:
        waiting = _Waiting(client, body_bytes, asyncio.get_running_loop().create_future())
        self._turns.setdefault(client, deque()).append(waiting)
        self._let_in()
        try:
            async with asyncio.timeout(seconds):
                await waiting.let_in
        except BaseException as error:
            self._stop_waiting(waiting)
            if isinstance(error, TimeoutError):
                message = f"the service had no place for this frame within {seconds:g} seconds; try again"
                raise SessionsFullError(message) from error
            raise
        return waiting

    def _stop_waiting(self, waiting: _Waiting) -> None:
        if waiting.let_in.done() and not waiting.let_in.cancelled():
            self.give_back(waiting)
            return
        queue = self._turns.get(waiting.client, deque())
        if waiting in queue:
            queue.remove(waiting)
            if not queue:
                del self._turns[waiting.client]

    def _let_in(self) -> None:
        """Give free places to the clients in turn."""
        while (client := self._next_client()) is not None:
            waiting = self._turns[client][0]
            if not self._body_bytes.has_room(waiting.body_bytes):
                return  # it is this one's turn: smaller ones do not overtake it for ever
            self._turns[client].popleft()
            self._turns.move_to_end(client)
            if not self._turns[client]:
                del self._turns[client]
            if waiting.let_in.done():
                continue  # it no longer waits
            self._places.take(client, 1)
            self._body_bytes.take(client, waiting.body_bytes)
            waiting.let_in.set_result(None)

    def _next_client(self) -> str | None:
        if not self._places.has_room(1):
            return None
        return next((client for client, queue in self._turns.items() if self._may_take(client, queue[0])), None)

    def _may_take(self, client: str, waiting: _Waiting) -> bool:
        return self._places.allows(client, 1) and self._body_bytes.allows(client, waiting.body_bytes)


class AdmittedFrame:
    """A frame that has its place."""

    def __init__(self, admission: FrameAdmission, pixels: "_Pixels", waited: _Waiting) -> None:
        self._admission = admission
        self._pixels = pixels
        self._waited: _Waiting | None = waited
        self._pixels_taken = 0

    async def take_pixels(self, pixels: int) -> None:
        """Wait until there is room for a decoded image."""
        if self._waited is not None:
            await self._pixels.take(self._waited.client, pixels)
            self._pixels_taken += pixels

    def leave(self) -> None:
        """Give the place back: the image is no longer needed. Nothing happens the second time."""
        if self._waited is not None:
            waited, self._waited = self._waited, None
            self._pixels.give_back(waited.client, self._pixels_taken)
            self._admission.give_back(waited)


class _Shares:
    """How much of an amount each client holds.

    Args:
        amount: all of it; a client may take more than that when nobody holds anything.
    """

    def __init__(self, amount: int) -> None:
        self._amount, self._taken = amount, 0
        self._held: Counter[str] = Counter()

    def resize(self, amount: int) -> None:
        """Have so much in all; what is held stays held."""
        self._amount = amount

    def has_room(self, wanted: int) -> bool:
        """Whether so much is left."""
        return not self._taken or self._taken + wanted <= self._amount

    def allows(self, client: str, wanted: int) -> bool:
        """Whether a client, which may hold something already, would hold no more than what is left now."""
        held = self._held[client]
        return not held or held + wanted <= self._amount - self._taken

    def take(self, client: str, wanted: int) -> None:
        """Take so much."""
        self._taken += wanted
        self._held[client] += wanted

    def give_back(self, client: str, taken: int) -> None:
        """Give so much back."""
        self._taken -= taken
        self._held[client] -= taken
        if not self._held[client]:
            del self._held[client]


class _Pixels:
    """An amount that is granted in the order of asking, but for clients that hold their share."""

    def __init__(self, amount: int) -> None:
        self._shares = _Shares(amount)
        self._waiting: list[tuple[str, int, asyncio.Future[None]]] = []

    async def take(self, client: str, pixels: int) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((client, pixels, granted))
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                self.give_back(client, pixels)
            self._grant()
            raise

    def give_back(self, client: str, pixels: int) -> None:
        self._shares.give_back(client, pixels)
        self._grant()

    def _grant(self) -> None:
        self._waiting = [waiting for waiting in self._waiting if not waiting[2].done()]
        for waiting in tuple(self._waiting):
            client, pixels, granted = waiting
            if not self._shares.allows(client, pixels):
                continue
            if not self._shares.has_room(pixels):
                return
            self._waiting.remove(waiting)
            self._shares.take(client, pixels)
            granted.set_result(None)
