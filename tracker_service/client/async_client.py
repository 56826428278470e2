"""The client for asyncio, which the synchronous one runs."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx
from httpx_retries import RetryTransport
from httpx_sse import EventSource, ServerSentEvent

from tracker_service.client.answers import JobInfo, PoseAnswer, frame_of, refusal, unreachable
from tracker_service.client.downloads import PartialDownload
from tracker_service.client.patience import Patience
from tracker_service.client.requests import (
    AT_ONCE,
    PATIENCE,
    TIMEOUT,
    FrameOptions,
    Request,
    VideoOptions,
    client_options,
    events_request,
    file_request,
    frame_request,
    lines_request,
    retry_policy,
    video_request,
)
from tracker_service.errors import ServiceUnreachableError
from tracker_service.results.records import FrameRecord


class AsyncServiceClient:
    """A client of one service; an asynchronous context manager that closes its connections.

    Args:
        url: where the service listens, as ``http://localhost:8000``.
        api_key: sent with every request.
        timeout: seconds to wait for an answer; frames wait for models that load. Raising it gives up later.
        patience: seconds that a request, or a stream without progress, is tried again while the service is away or
            busy. Raising it survives longer outages.

    Every method may raise `ServiceRefusedError`, where the service answered with an error that trying again does not
    change, or is still busy after ``patience`` seconds, and `ServiceUnreachableError`, where it did not answer.
    """

    def __init__(
        self, url: str, *, api_key: str | None = None, timeout: float = TIMEOUT, patience: float = PATIENCE
    ) -> None:
        self._patience = patience
        transport = RetryTransport(retry=retry_policy(patience))
        self._http = httpx.AsyncClient(**client_options(url, api_key, timeout), transport=transport)

    async def pose(
        self, image: bytes, *, frame_number: int = 0, session: str | None = None, options: FrameOptions | None = None
    ) -> PoseAnswer:
        """Return the people of one frame.

        Args:
            image: a JPEG or PNG file.
            frame_number: position in the video, from 0.
            session: which video the frame belongs to; name one where several videos come from one machine.
            options: what is sent of the people.
        """
        return PoseAnswer.of(await self._send(frame_request(image, frame_number, session, options or FrameOptions())))

    async def poses(
        self,
        images: Iterable[bytes],
        *,
        session: str | None = None,
        at_once: int = AT_ONCE,
        options: FrameOptions | None = None,
    ) -> AsyncGenerator[PoseAnswer, None]:
        """Yield the people of the consecutive frames of one video, in order.

        Args:
            images: JPEG or PNG files; read as they are needed.
            session: identity of the video; a new one by default.
            at_once: frames that are on their way. Raising it keeps a fast service busy and holds more images in memory.
            options: what is sent of the people.
        """
        video = session or uuid4().hex
        pending: deque[asyncio.Task[PoseAnswer]] = deque()
        try:
            for number, image in enumerate(images):
                request = self.pose(image, frame_number=number, session=video, options=options)
                pending.append(asyncio.ensure_future(request))
                if len(pending) >= at_once:
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def submit(
        self, video: Path | str, options: VideoOptions | None = None, *, key: str | None = None
    ) -> JobInfo:
        """Queue a video and return its job.

        Args:
            video: a `Path` is uploaded; a string is the path of a file that the service can see.
            options: how it is computed.
            key: names this wish: the same key gives the same job. A new one by default.

        Raises:
            VideoNotFoundError: there is no file at the `Path`.
        """
        with video_request(video, options or VideoOptions(), key) as request:
            queued = (await self._send(request)).json()
        return await self.job(queued["job_id"])

    async def job(self, job_id: str) -> JobInfo:
        """Return a job as it is now."""
        return JobInfo.of((await self._send({"method": "GET", "url": f"/jobs/{job_id}"})).content)

    async def frames(self, job_id: str, *, start: int = 0, mesh: bool = False) -> AsyncGenerator[FrameRecord, None]:
        """Yield a job's frames as they become final, until its end; a broken stream is taken up where it broke.

        Args:
            job_id: the job.
            start: first frame, counted from 0.
            mesh: also send the vertices of each person.

        Raises:
            JobError: the job has failed or was cancelled.
        """
        patience = Patience(self._patience)
        while True:
            try:
                async with self._stream(lines_request(job_id, start, mesh=mesh)) as response:
                    async for line in response.aiter_lines():
                        patience.progressed()
                        if frame := frame_of(line, job_id):
                            start += 1
                            yield frame
            except ServiceUnreachableError as error:
                await asyncio.sleep(patience.next_pause(error))
            else:
                return

    async def progress(self, job_id: str) -> AsyncGenerator[JobInfo, None]:
        """Yield a job whenever it has changed, at last as it ended; a broken stream is taken up again."""
        patience, last_id = Patience(self._patience), ""
        while True:
            try:
                async for event in self._events(job_id, last_id):
                    patience.progressed()
                    if not event.data:  # only tells how long to wait before connecting again
                        continue
                    job, last_id = JobInfo.of(event.data), event.id
                    yield job
                    if job.final:
                        return
            except ServiceUnreachableError as error:
                await asyncio.sleep(patience.next_pause(error))

    async def wait(self, job_id: str) -> JobInfo:
        """Return a job once it is final; `JobInfo.state` says how it ended."""
        return [job async for job in self.progress(job_id)][-1]

    async def download(self, job_id: str, name: str, path: Path) -> Path:
        """Write a result file to ``path``, which appears once it is complete.

        Names: ``tracks.pkl``, ``overlay.mp4``, and those of docs/formats.md, as ``results.glb``.

        A broken download goes on where it broke.

        Raises:
            ResultsError: the file cannot be written.
        """
        patience = Patience(self._patience)
        with PartialDownload(path) as download:
            while not download.complete:
                try:
                    async with self._stream(file_request(job_id, name, download.headers)) as response:
                        download.begin(response)
                        async for data in response.aiter_bytes():
                            patience.progressed()
                            download.write(data)
                except ServiceUnreachableError as error:
                    await asyncio.sleep(patience.next_pause(error))
        return path

    async def cancel(self, job_id: str) -> None:
        """Cancel a job that is not final, or delete a final one with its files."""
        await self._send({"method": "DELETE", "url": f"/jobs/{job_id}"})

    async def resume(self, job_id: str) -> JobInfo:
        """Queue a failed or cancelled job again; it goes on where its results end."""
        return JobInfo.of((await self._send({"method": "POST", "url": f"/jobs/{job_id}/resume"})).content)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, request: Request) -> httpx.Response:
        try:
            response = await self._http.request(**request)
        except httpx.TransportError as error:
            raise unreachable(error, self._http.base_url) from error
        if response.is_error:
            raise refusal(response)
        return response

    async def _events(self, job_id: str, last_id: str) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield events after ``last_id``; the service may close the stream before the job ends, e.g. when it stops."""
        async with self._stream(events_request(job_id, last_id)) as response:
            async for event in EventSource(response).aiter_sse():
                yield event
        raise ServiceUnreachableError(f"job {job_id}: expected its events to its end, got fewer")

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[httpx.Response]:
        try:
            async with self._http.stream(**request) as response:
                if response.is_error:
                    await response.aread()
                    raise refusal(response)
                yield response
        except httpx.TransportError as error:
            raise unreachable(error, self._http.base_url) from error
