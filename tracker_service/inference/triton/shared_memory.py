"""Pool of shared memory regions for requests to a server on the same host."""

import logging
import weakref
from contextlib import suppress

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from tracker_service.inference.triton.regions import PREFIX, Region, exists, sweep

logger = logging.getLogger(__name__)

SMALLEST = 1 << 16
_TEMPORARY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")
_CLEANUP_SECONDS = 2.0


class SharedMemoryPool:
    """Gives each request a region, reuses regions, and turns itself off where the server cannot open them.

    Belongs to one event loop. There are never more regions than requests in flight at the same time, and those that the
    server may still write to (see `retire`).

    Args:
        server: the connection with which regions are registered.
        enabled: whether shared memory is used at all.
    """

    def __init__(self, server: InferenceServerClient, *, enabled: bool = True) -> None:
        self._server = server
        self._enabled = enabled
        self._proven = False
        self._idle: list[Region] = []
        self._retired: list[str] = []
        self._all: set[Region] = set()
        # Also when nobody calls close: at the end of the process, or with the client.
        self._finalizer = weakref.finalize(self, _remove, self._all)
        if enabled:
            sweep()

    @property
    def in_use(self) -> bool:
        """Whether the server has opened our memory: it runs on this host."""
        return self._enabled and self._proven

    async def borrow(self, size: int, seconds: float) -> Region | None:
        """Return a registered region of at least ``size`` bytes, or None where tensors have to travel with the request.

        Raises:
            InferenceServerException: the server does not answer now.
        """
        if not self._enabled:
            return None
        region = self._take(size)
        if region is None:
            return None
        if not region.registered:
            try:
                await self._register(region, seconds)
            except InferenceServerException as error:
                self._drop(region)
                if _code(error) in _TEMPORARY:
                    raise
                self._disable(f"the server cannot open it: {error.message()}")
                return None
            except BaseException:
                self._drop(region)
                raise
        return region

    def give_back(self, region: Region) -> None:
        """Take back a region that the server does not touch any more."""
        if self._enabled:
            self._idle.append(region)
        else:
            self._drop(region)

    def retire(self, region: Region) -> None:
        """Take back a region of a request that was given up: the server may write to it at any later time."""
        self._drop(region)
        self._retired.append(region.name)

    def forget_registrations(self) -> None:
        """The server was restarted: it has none of our regions."""
        for region in self._all:
            region.registered = False

    async def close(self) -> None:
        """Remove all regions here, and as far as possible on the server."""
        self._enabled = False
        names = [region.name for region in self._idle if region.registered]
        for region in list(self._all):
            self._drop(region)
        self._idle.clear()
        for name in (*names, *self._retired):
            with suppress(InferenceServerException):
                await self._server.unregister_system_shared_memory(name, client_timeout=_CLEANUP_SECONDS)

    def _take(self, size: int) -> Region | None:
        fitting = [region for region in self._idle if region.size >= size]
        if fitting:
            # Registered ones first, and no large one for a small request.
            region = min(fitting, key=lambda region: (not region.registered, region.size))
            self._idle.remove(region)
            return region
        if self._idle:
            # Replacing the smallest keeps the number of regions at the number of requests in flight.
            small = min(self._idle, key=lambda region: region.size)
            self._idle.remove(small)
            self.retire(small)
        try:
            region = Region(max(SMALLEST, 1 << (size - 1).bit_length()))
        except OSError as error:
            self._disable(f"cannot be created: {error}")
            return None
        self._all.add(region)
        return region

    async def _register(self, region: Region, seconds: float) -> None:
        try:
            await self._server.register_system_shared_memory(
                region.name, f"/{region.name}", region.size, client_timeout=seconds
            )
        except InferenceServerException as error:
            # Random names are never used twice, so this is our own request whose answer was lost.
            if _code(error) != "ALREADY_EXISTS":
                raise
        region.registered = True
        if not self._proven:
            self._proven = True
            await self._unregister_orphans(seconds)
        await self._unregister_retired(seconds)

    async def _unregister_orphans(self, seconds: float) -> None:
        """Let go of regions whose client is gone; the server would map them until its end."""
        with suppress(InferenceServerException):
            status = await self._server.get_system_shared_memory_status(client_timeout=seconds)
            self._retired += [name for name in status.regions if name.startswith(PREFIX) and not exists(name)]

    async def _unregister_retired(self, seconds: float) -> None:
        names, self._retired = self._retired, []
        for name in names:
            try:
                await self._server.unregister_system_shared_memory(name, client_timeout=seconds)
            except InferenceServerException:
                # The server refuses while a request still uses it.
                self._retired.append(name)

    def _drop(self, region: Region) -> None:
        self._all.discard(region)
        region.close()

    def _disable(self, reason: str) -> None:
        self._enabled = False
        for region in self._idle:
            self._drop(region)
        self._idle.clear()
        logger.info("shared memory %s; tensors travel over gRPC", reason)


def _remove(regions: set[Region]) -> None:
    for region in list(regions):
        region.remove()


def _code(error: InferenceServerException) -> str:
    return str(error.status() or "").removeprefix("StatusCode.")
