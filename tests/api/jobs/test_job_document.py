"""Documents that grow while a job runs: silence is filled, and every end is valid JSON.

The store is a script here, so that silence lasts milliseconds and failures come when they are wanted.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, cast

import orjson
import pytest

from harness.coroutines import result_of
from tracker_service.api.jobs.document_answers import DocumentHead, ResultsPageEnd, document_head, video_answer_end
from tracker_service.api.jobs.following import JobFollower, PollIntervals
from tracker_service.api.jobs.frame_fields import FrameFormat
from tracker_service.api.jobs.json_document import JobDocument
from tracker_service.api.jobs.streams import frame_lines, progress_events
from tracker_service.api.store_calls import StoreCalls
from tracker_service.errors import JobError, JobNotFoundError, ResultsError
from tracker_service.jobs.job import Job, JobRequest, JobState
from tracker_service.jobs.queue.store import JobStore

INTERVALS = PollIntervals(poll=0.001, first_idle=0.002, idle=0.002)
REQUEST = JobRequest(Path("/host/clip.mp4"), r"C:\clip.mp4")

Look: TypeAlias = tuple[JobState, int] | Exception
"""What the store returns at one poll: the state and the number of frames, or an exception."""


class ScriptedStore:
    """Goes one step of its script further whenever the job is looked at; the last step stays."""

    def __init__(self, *script: Look) -> None:
        self._script: Iterator[Look] = iter(script)
        self._now: Look = next(self._script)

    def get(self, job_id: str) -> Job:
        self._now = next(self._script, self._now)
        state, frames = self._step()
        reason = "the video breaks the decoder" if state is JobState.FAILED else None
        times = (1.0, 2.0, 5.5 if state.final else None)
        return Job(job_id, REQUEST, state, Path("/host/jobs") / job_id, *times, frames, reason=reason)

    def read_lines(self, job_id: str, start: int = 0, limit: int = 64) -> list[bytes]:
        del job_id
        return [b'{"frame_number":%d,"persons":[]}' % number for number in range(self._step()[1])][start:][:limit]

    def _step(self) -> tuple[JobState, int]:
        if isinstance(self._now, Exception):
            raise self._now
        return self._now


def _follower(store: ScriptedStore, stopping: Callable[[], bool] = lambda: False) -> JobFollower:
    job = Job("id", REQUEST, JobState.QUEUED, Path("/host/jobs/id"), 1.0)
    return JobFollower(cast("JobStore", store), job, INTERVALS, stopping, StoreCalls(60.0))


def _document(*script: Look, stopping: bool = False) -> tuple[list[bytes], dict[str, Any]]:
    """Return the pieces of an answer of ``POST /pose/video``, and the whole."""
    follower = _follower(ScriptedStore(*script), lambda: stopping)
    job = Job("id", REQUEST, JobState.QUEUED, Path("/host/jobs/id"), 1.0)
    document = JobDocument(
        document_head(job), partial(video_answer_end, client_path=lambda path, _: f"C:\\{path.name}")
    )

    async def write() -> list[bytes]:
        return [piece async for piece in document.write(follower.events())]

    pieces = result_of(write())
    return pieces, orjson.loads(b"".join(pieces))


WAITS = [(JobState.QUEUED, 0)] * 8
RUNS = JobState.RUNNING


def test_spaces_keep_the_connection_alive_at_any_place() -> None:
    pieces, whole = _document(*WAITS, *[(RUNS, 2)] * 8, *[(RUNS, 3)] * 8, (JobState.COMPLETED, 3))
    text = b"".join(pieces)
    assert text.index(b" ") < text.index(b'"frame_number":0')
    assert b" " in text[text.index(b'"frame_number":1') : text.index(b'"frame_number":2')]
    assert b" " in text[text.index(b'"frame_number":2') : text.index(b'"status"')]
    assert [frame["frame_number"] for frame in whole["frames"]] == [0, 1, 2]
    assert whole == {
        "job_id": "id",
        "video_path": r"C:\clip.mp4",
        "frames": whole["frames"],
        "status": "success",
        "pkl_path": r"C:\tracks.pkl",
        "total_frames": 3,
        "processing_time_seconds": 3.5,
        "parsing_time_seconds": whole["parsing_time_seconds"],
    }


def test_a_paused_job_keeps_the_connection_and_goes_on() -> None:
    pieces, whole = _document((RUNS, 1), *[(JobState.PAUSED, 1)] * 20, (RUNS, 2), (JobState.COMPLETED, 2))
    assert pieces.count(b" ") >= 2
    assert whole["total_frames"] == 2


def test_frames_that_come_with_the_end_are_not_lost() -> None:
    _, whole = _document((RUNS, 1), (RUNS, 1), (JobState.COMPLETED, 100))
    assert [frame["frame_number"] for frame in whole["frames"]] == list(range(100))


@pytest.mark.parametrize(
    ("last", "stopping", "error"),
    [
        ((JobState.FAILED, 3), False, "the video breaks the decoder"),
        ((JobState.CANCELLED, 3), False, "the job was cancelled"),
        (JobNotFoundError("Job not found"), False, "Job not found"),
        (ResultsError("/host/secret: cannot be read"), False, "internal error"),
        (OSError("/host/secret"), False, "the video jobs' folder cannot be used"),
        (JobError("job store: expected a started store"), True, "the service is stopping"),
    ],
)
def test_a_failure_after_the_beginning_ends_the_document_validly(last: Look, stopping: bool, error: str) -> None:
    _, whole = _document((RUNS, 2), (RUNS, 2), last, stopping=stopping)
    assert whole["status"] == "error"
    assert whole["error"].startswith(error)
    assert "/host" not in whole["error"]
    assert len(whole["frames"]) in (2, 3)


def test_an_embedded_document_is_valid_json() -> None:
    follower = _follower(ScriptedStore((JobState.COMPLETED, 2)))
    head, end = (
        DocumentHead(job_id="id", video_path="clip.mp4"),
        ResultsPageEnd(status="completed", start=0, next=2, frames_done=2, frames_total=2),
    )
    document = JobDocument(head, lambda *_: end, opening=b'{"result":', closing=b"}")

    async def write() -> bytes:
        return b"".join([piece async for piece in document.write(follower.events())])

    whole = orjson.loads(result_of(write()))
    assert list(whole["result"]) == [
        *("job_id", "video_path", "frames", "status", "from", "next", "frames_done", "frames_total")
    ]


def test_empty_lines_keep_the_connection_alive_and_a_failure_is_the_last_line() -> None:
    async def write(*script: Look) -> list[bytes]:
        follower = _follower(ScriptedStore(*script))
        return b"".join([piece async for piece in frame_lines(follower.events(), FrameFormat())]).split(b"\n")

    complete = result_of(write(*WAITS, (RUNS, 2), (JobState.COMPLETED, 2)))
    assert complete[0] == b""
    assert [orjson.loads(line)["frame_number"] for line in complete if line] == [0, 1]
    failed = result_of(write((RUNS, 1), (JobState.FAILED, 1)))
    assert orjson.loads([line for line in failed if line][-1])["error"] == "the video breaks the decoder"
    deleted = result_of(write((RUNS, 1), JobNotFoundError("Job not found")))
    assert orjson.loads([line for line in deleted if line][-1])["error"] == "Job not found"


def test_events_are_kept_alive_by_comments() -> None:
    store = ScriptedStore(*[(RUNS, 1)] * 10, (JobState.COMPLETED, 1))

    async def poll() -> Job:
        return store.get("id")

    async def write() -> bytes:
        events = progress_events(store.get("id"), poll, last_id=None, interval=0.001, idle=0.002)
        return b"".join([piece async for piece in events])

    text = result_of(write())
    assert text.count(b"event: progress") == 1
    assert text.count(b"\n: ") >= 2
    assert text.index(b"\n: ") < text.index(b"event: end")
