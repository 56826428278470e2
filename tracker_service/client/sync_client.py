"""The synchronous client: the asynchronous one on an event loop in a thread of its own."""

from collections.abc import AsyncGenerator, Generator, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from anyio.from_thread import start_blocking_portal

from tracker_service.client.answers import JobInfo, PoseAnswer
from tracker_service.client.async_client import AsyncServiceClient
from tracker_service.client.requests import AT_ONCE, PATIENCE, TIMEOUT, FrameOptions, VideoOptions
from tracker_service.results.records import FrameRecord

Item = TypeVar("Item")


class ServiceClient:
    """The methods of `AsyncServiceClient`, blocking; usable from several threads, a context manager.

    Args:
        url: where the service listens, as ``http://localhost:8000``.
        api_key: sent with every request.
        timeout: see `AsyncServiceClient`.
        patience: see there.
    """

    def __init__(
        self, url: str, *, api_key: str | None = None, timeout: float = TIMEOUT, patience: float = PATIENCE
    ) -> None:
        self._loop = start_blocking_portal("asyncio")
        self._portal = self._loop.__enter__()
        self._client = AsyncServiceClient(url, api_key=api_key, timeout=timeout, patience=patience)

    def pose(
        self, image: bytes, *, frame_number: int = 0, session: str | None = None, options: FrameOptions | None = None
    ) -> PoseAnswer:
        """See `AsyncServiceClient.pose`."""
        call = partial(self._client.pose, image, frame_number=frame_number, session=session, options=options)
        return self._portal.call(call)

    def poses(
        self,
        images: Iterable[bytes],
        *,
        session: str | None = None,
        at_once: int = AT_ONCE,
        options: FrameOptions | None = None,
    ) -> Generator[PoseAnswer, None, None]:
        """See `AsyncServiceClient.poses`."""
        return self._iterated(self._client.poses(images, session=session, at_once=at_once, options=options))

    def submit(self, video: Path | str, options: VideoOptions | None = None, *, key: str | None = None) -> JobInfo:
        """See `AsyncServiceClient.submit`."""
        return self._portal.call(partial(self._client.submit, video, options, key=key))

    def job(self, job_id: str) -> JobInfo:
        """See `AsyncServiceClient.job`."""
        return self._portal.call(self._client.job, job_id)

    def frames(self, job_id: str, *, start: int = 0, mesh: bool = False) -> Generator[FrameRecord, None, None]:
        """See `AsyncServiceClient.frames`."""
        return self._iterated(self._client.frames(job_id, start=start, mesh=mesh))

    def progress(self, job_id: str) -> Generator[JobInfo, None, None]:
        """See `AsyncServiceClient.progress`."""
        return self._iterated(self._client.progress(job_id))

    def wait(self, job_id: str) -> JobInfo:
        """See `AsyncServiceClient.wait`."""
        return self._portal.call(self._client.wait, job_id)

    def download(self, job_id: str, name: str, path: Path) -> Path:
        """See `AsyncServiceClient.download`."""
        return self._portal.call(self._client.download, job_id, name, path)

    def cancel(self, job_id: str) -> None:
        """See `AsyncServiceClient.cancel`."""
        self._portal.call(self._client.cancel, job_id)

    def resume(self, job_id: str) -> JobInfo:
        """See `AsyncServiceClient.resume`."""
        return self._portal.call(self._client.resume, job_id)

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._portal.call(self._client.close)
        self._loop.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _iterated(self, items: AsyncGenerator[Item, None]) -> Generator[Item, None, None]:
        try:
            while True:
                try:
                    item = self._portal.call(items.__anext__)
                except StopAsyncIteration:
                    return
                yield item
        finally:
            self._portal.call(items.aclose)
