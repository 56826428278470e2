"""Queues the videos that clients name or upload, and finds the jobs of a client."""

import asyncio
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import Depends, Request

from tracker_service.api.answer_parameters import AnswerParameters
from tracker_service.api.http.errors import http_error
from tracker_service.api.http.fair_turns import FairTurns
from tracker_service.api.jobs.following import JobFollower, PollIntervals
from tracker_service.api.jobs.frame_fields import FieldChoice, FrameFormat
from tracker_service.api.jobs.legacy.frames import LegacyFrames, MainPerson
from tracker_service.api.jobs.uploads import Upload, UploadFolder
from tracker_service.api.service import Service
from tracker_service.api.service_parameters import Limits
from tracker_service.body.model import BodyModel
from tracker_service.errors import JobNotFoundError, VideoError
from tracker_service.jobs.job import Job, JobOptions, JobRequest, JobState
from tracker_service.media import MediaFiles, PathRules
from tracker_service.settings import Settings
from tracker_service.video.probe import VideoProperties, probe_video
from tracker_service.wiring.models import load_body

if TYPE_CHECKING:
    from tracker_service.jobs.queue.store import JobStore

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_JOB_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NOT_FOUND = "Job not found"
_PROBES = 2
"""Videos that are looked at together; one client never has all of them. Raising it takes a core and 1 GB each."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that has just been queued.

    Attributes:
        job: the job.
        waits: whether other jobs are computed first.
    """

    job: Job
    waits: bool


class VideoJobs:
    """The video jobs as the clients of one service see them.

    Args:
        service: the service.

    Raises:
        SettingsError: a media rule cannot be used.
    """

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self.media = media_files(settings)
        self.uploads = UploadFolder(
            settings.jobs.folder.absolute() / "uploads",
            most_bytes=settings.limits.upload_bytes,
            free_bytes=settings.jobs.free_bytes,
        )
        self._intervals = PollIntervals()
        self._service = service
        self._submitting = asyncio.Lock()
        self._probing = FairTurns(_PROBES, share=_PROBES - 1)
        self._loaded_body: BodyModel | None = None

    @property
    def store(self) -> "JobStore":
        """The job store; 503 before it is open."""
        return self._service.jobs

    @property
    def stopping(self) -> bool:
        """Whether the service is stopping."""
        return self._service.stopping

    @property
    def limits(self) -> Limits:
        """What is refused."""
        return self._service.settings.limits

    @property
    def answers(self) -> AnswerParameters:
        """What answers contain."""
        return self._service.settings.api

    def follower(self, job: Job) -> JobFollower:
        """Return a follower of ``job``."""
        return JobFollower(self.store, job, self._intervals, lambda: self._service.stopping, self._service.store_calls)

    async def submit_path(self, text: str, client: str, options: JobOptions, key: str | None) -> Submitted:
        """Queue a video that the client names; ``key`` is that of `JobStore.submit`.

        Raises:
            MediaPathError, VideoError, QueueFullError, DiskFullError: as the classes say.
            HTTPException: 413 or 422 beyond the limits.
        """
        found, opened = await _in_thread(self.media.open, text)
        with opened:
            request = JobRequest(found.path, found.shown, client, **asdict(options))
            return await self._submit(request, key, opened.fileno())

    async def submit_upload(self, upload: Upload, client: str, options: JobOptions, key: str | None) -> Submitted:
        """Queue an uploaded video; the file is moved to the job. Raises as `submit_path`."""
        request = JobRequest(upload.path, upload.name, client, delete_source=True, **asdict(options))
        return await self._submit(request, key)

    async def get(self, job_id: str, client: str) -> Job:
        """Return the client's job; raises `JobNotFoundError`, also for another client's job."""
        return await self._own_job(self.store.get, job_id, client)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not final."""
        return await self._service.store_calls.call(self.store.cancel, job_id)

    async def resume(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again."""
        return await self._service.store_calls.call(self.store.resume, job_id)

    async def delete(self, job_id: str) -> None:
        """Forget a final job and remove its files."""
        await self._service.store_calls.call(self.store.delete, job_id)

    async def newest(
        self, client: str, *, state: JobState | None, limit: int, answer: Callable[[list[Job]], Result]
    ) -> Result:
        """Return what ``answer`` makes of jobs, newest first; with API keys only of those of ``client``.

        That is made where the jobs are read: in the event loop the lists of one client would hold up everybody.
        """
        own = client if self._service.keys.required else None

        def answered() -> Result:
            return answer(self.store.jobs(state=state, client=own, limit=limit))

        return await self._service.store_calls.call(answered)

    async def frame_format(self, choice: FieldChoice) -> FrameFormat:
        """Return the format in which frames are sent."""
        return FrameFormat(await self.body() if choice.mesh else None, choice.names)

    async def legacy_frames(self, job: Job, *, mesh: bool, persons: bool = False) -> LegacyFrames:
        """Return what makes the older service's records of the frames of a complete job.

        Raises:
            HTTPException: 422, with ``mesh``: there are too many for one JSON answer.
        """
        main = await _in_thread(MainPerson.of_job, job.folder)
        meshes = main.people if persons else job.frames_done
        if mesh and meshes > (most := self.limits.meshes):
            raise http_error(422, meshes_elsewhere(job.id, f"at most {most} of them, got {meshes}"))
        body = await self.body()
        return LegacyFrames(
            body, self.answers.keypoints, main, mesh=mesh, rendered=job.request.overlay, persons=persons
        )

    async def lines(self, job_id: str, start: int, limit: int) -> list[bytes]:
        """Return stored result lines; see `JobStore.read_lines`."""
        return await self._service.store_calls.call(self.store.read_lines, job_id, start, limit)

    def client_path(self, path: Path, job: Job) -> str:
        """Return a result file's path as the client sees it, or the path of this API where it cannot."""
        return self.media.client_name(path, job.request.shown_source) or f"/jobs/{job.id}/{path.name}"

    async def body(self) -> BodyModel:
        """Return the body of the model set."""
        engine = self._service.loaded_engine
        if engine is not None:
            return engine.body
        # Jobs do not wait for the models of the frame sessions.
        if self._loaded_body is None:
            self._loaded_body = await _in_thread(load_body, self._service.settings)
        return self._loaded_body

    async def _own_job(self, find: Callable[[str], Job], job_id: str, client: str) -> Job:
        if not _JOB_ID.fullmatch(job_id):
            raise JobNotFoundError(_NOT_FOUND)
        try:
            job = await self._service.store_calls.call(find, job_id)
        except JobNotFoundError as error:
            raise JobNotFoundError(_NOT_FOUND) from error
        if self._service.keys.required and job.request.client != client:
            raise JobNotFoundError(_NOT_FOUND)
        return job

    async def _submit(self, request: JobRequest, key: str | None, opened: int | None = None) -> Submitted:
        try:
            if key is None:  # before the work of looking at a video that cannot be queued; a key may name a queued one
                await self._service.store_calls.call(self.store.check_share, request.client)
            most_pixels = self._service.settings.limits.video_pixels
            async with self._probing.turn(request.client):
                probe = partial(probe_video, decoded_pixels=most_pixels, opened=opened)
                properties = await _in_thread(probe, request.source)
            self._check(properties, request.max_frames)
            limited = replace(request, max_frames=self._most_frames(properties, request.max_frames))
            # One at a time, so that of two concurrent requests only the second one waits for the other's job.
            async with self._submitting:
                counts = await self._service.store_calls.call(self.store.counts)
                job = await self._service.store_calls.call(
                    self.store.submit, limited, properties, key=key, opened=opened
                )
        except VideoError as error:
            raise type(error)(str(error).replace(str(request.source), request.shown_source)) from error
        behind = counts.active >= self._service.in_use.jobs.concurrency
        return Submitted(job, waits=behind and job.state is JobState.QUEUED)

    def _check(self, properties: VideoProperties, max_frames: int | None) -> None:
        limits = self._service.settings.limits
        if (pixels := properties.width * properties.height) > limits.video_pixels:
            size = f"{properties.width}x{properties.height}"
            raise http_error(
                413, f"video: expected at most {limits.video_pixels} pixels a frame, got {pixels} ({size})"
            )
        seconds = properties.duration or 0.0
        if max_frames is not None:
            seconds = min(seconds, max_frames / properties.fps)
        frames = properties.frames or 0
        if max_frames is not None:
            frames = min(frames, max_frames)
        if frames > limits.video_frames:
            raise http_error(422, f"video: expected at most {limits.video_frames} frames, got {frames}")
        seconds = max(seconds, frames / properties.fps)
        if seconds > limits.video_seconds:
            raise http_error(422, f"video: expected at most {limits.video_seconds:g} seconds, got {seconds:g}")

    def _most_frames(self, properties: VideoProperties, asked: int | None) -> int | None:
        """Limit the frames of a video of unknown length."""
        if properties.duration is not None:
            return asked
        most = math.ceil(self._service.settings.limits.video_seconds * properties.fps)
        return most if asked is None else min(asked, most)


def meshes_elsewhere(job_id: str, expected: str) -> str:
    """Return what tells a client where to read meshes that one JSON answer cannot hold."""
    return (
        f"mesh: expected {expected}; GET /jobs/{job_id}/results?mesh=true with Accept: application/x-ndjson streams"
        " the meshes of videos of any length"
    )


def media_files(settings: Settings) -> MediaFiles:
    """Return the files that clients may name; raises `SettingsError`."""
    return MediaFiles(settings.media.roots, PathRules((rule.client, rule.host) for rule in settings.media.rules))


async def _in_thread(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    return await to_thread.run_sync(partial(function, *args, **kwargs))


async def _of_request(request: Request) -> VideoJobs:
    videos: VideoJobs = request.app.state.video_jobs
    return videos


async def _client_of(request: Request) -> str:
    client: str = request.state.client
    return client


VideoJobsOf = Annotated[VideoJobs, Depends(_of_request)]
"""The parameter type by which a route gets the video jobs."""
ClientOf = Annotated[str, Depends(_client_of)]
"""The parameter type by which a route gets the name of the client that asks."""
