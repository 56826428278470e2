"""Videos of object storage on a worker's disk: the one that is tracked, and the next while it waits."""

import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from tracker_service.bulk.storage import Place, remove_folder
from tracker_service.errors import StorageError


class Downloads:
    """Fetches videos, never more bytes than allowed; a context manager. Videos on file systems are read where they are.

    Args:
        folder: where they go.
        most_bytes: that all of them take together.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="download")
        self._held: dict[str, tuple[int, Future[Path]]] = {}

    def fetch(self, address: str) -> Path:
        """Return a video's path, once it is there; `discard` gives its room back.

        Raises:
            StorageError: it cannot be had, or is larger than all downloads may be.
        """
        place = Place(address)
        if place.local is not None:
            return place.local
        if address not in self._held:
            size = place.identity().size
            if size > self._most_bytes:
                raise StorageError(f"{address}: expected at most {self._most_bytes} bytes (scratch_bytes), got {size}")
            self._make_room(size)
            self._begin(place, size)
        try:
            return self._held[address][1].result()
        except BaseException:
            del self._held[address]  # the next try begins anew
            raise

    def fetch_ahead(self, address: str) -> None:
        """Begin to fetch a video, if there is room for it; what goes wrong is told by `fetch`."""
        place = Place(address)
        if place.local is not None or address in self._held:
            return
        try:
            size = place.identity().size
        except StorageError:
            return
        if self._bytes + size <= self._most_bytes:
            self._begin(place, size)

    def discard(self, address: str) -> None:
        """Remove a video that is not needed any more."""
        if (held := self._held.pop(address, None)) is not None and not held[1].cancel():
            error = held[1].exception()  # waits: half a file could not be removed
            if error is None:
                remove_folder(held[1].result().parent)

    def keep_only(self, addresses: set[str]) -> None:
        """Remove all others."""
        for address in self._held.keys() - addresses:
            self.discard(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    @property
    def _bytes(self) -> int:
        return sum(size for size, _ in self._held.values())

    def _make_room(self, size: int) -> None:
        for address in list(self._held):
            if self._bytes + size <= self._most_bytes:
                return
            self.discard(address)

    def _begin(self, place: Place, size: int) -> None:
        self._held[place.address] = size, self._thread.submit(self._download, place)

    def _download(self, place: Place) -> Path:
        # The name is kept: results name the frames of a video after it.
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        target = folder / PurePosixPath(place.address).name
        try:
            place.download(target)
        except BaseException:
            remove_folder(folder)
            raise
        return target
