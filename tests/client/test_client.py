"""The Python client against a real service."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import anyio
import joblib
import pytest

from harness.ports import free_port
from tests.api.video_service import VideoService
from tests.client.breaking_line import BreakingLine
from tracker_service.api.jobs.job_answers import JobView
from tracker_service.client import AsyncServiceClient, FrameOptions, JobInfo, ServiceClient, VideoOptions
from tracker_service.errors import JobError, ServiceRefusedError, ServiceUnreachableError, VideoNotFoundError

FRAMES = 8
SHORT = VideoOptions(max_frames=FRAMES, overlay=False)


@pytest.fixture(scope="module")
def client(service: VideoService) -> Iterator[ServiceClient]:
    with ServiceClient(service.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def job(client: ServiceClient, service: VideoService) -> JobInfo:
    """A complete job of the clip."""
    return client.wait(client.submit(str(service.clip), SHORT).job_id)


def test_a_frame_is_answered_with_its_people(client: ServiceClient, pictures: list[bytes]) -> None:
    answer = client.pose(pictures[0], session="one-frame")
    assert (answer.width, answer.height) == (1280, 720)
    assert answer.main is not None
    assert answer.main.track_id == answer.track_id == answer.document["track_id"]
    assert answer.main.mesh_vertices is None


def test_a_frame_brings_what_was_asked_for(client: ServiceClient, pictures: list[bytes]) -> None:
    options = FrameOptions(mesh=True, visualize=True)
    answer = client.pose(pictures[0], session="everything", options=options)
    assert len(answer.document["mesh_vertices_data"]) == 6890
    assert answer.document["visualization"]


def test_frames_of_a_video_come_in_order_with_one_identity(client: ServiceClient, pictures: list[bytes]) -> None:
    answers = list(client.poses(iter(pictures), at_once=3))
    assert [answer.frame_number for answer in answers] == list(range(len(pictures)))
    assert len({answer.track_id for answer in answers}) == 1


def test_a_video_is_followed_to_its_end(client: ServiceClient, job: JobInfo) -> None:
    assert (job.state, job.frames_done) == ("completed", FRAMES)
    found = list(client.frames(job.job_id))
    assert [frame.frame_number for frame in found] == list(range(FRAMES))
    assert all(frame.persons for frame in found)


def test_frames_from_the_middle_come_with_meshes(client: ServiceClient, job: JobInfo) -> None:
    frame = next(iter(client.frames(job.job_id, start=5, mesh=True)))
    vertices = frame.persons[0].mesh_vertices
    assert frame.frame_number == 5
    assert vertices is not None
    assert vertices.shape == (6890, 3)


def test_an_uploaded_video_is_tracked_and_drawn_as_the_service_does_by_itself_and_its_files_are_fetched(
    client: ServiceClient, service: VideoService, tmp_path: Path
) -> None:
    uploaded = client.submit(service.clip, VideoOptions(max_frames=2))
    assert client.wait(uploaded.job_id).state == "completed"
    tracks = joblib.load(client.download(uploaded.job_id, "tracks.pkl", tmp_path / "new" / "tracks.pkl"))
    assert len(tracks) == 2
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["tracks.pkl"]
    assert client.download(uploaded.job_id, "overlay.mp4", tmp_path / "overlay.mp4").stat().st_size > 0


def test_broken_streams_and_downloads_are_taken_up_where_they_broke(
    broken: BreakingLine, client: ServiceClient, job: JobInfo, tmp_path: Path
) -> None:
    expected = client.download(job.job_id, "tracks.pkl", tmp_path / "expected.pkl").read_bytes()
    with ServiceClient(broken.url) as patient:
        assert [frame.frame_number for frame in patient.frames(job.job_id)] == list(range(FRAMES))
        breaks = broken.breaks
        assert breaks
        assert patient.download(job.job_id, "tracks.pkl", tmp_path / "tracks.pkl").read_bytes() == expected
        assert broken.breaks > breaks


def test_a_job_over_the_quota_is_queued_once_there_is_room(client: ServiceClient, service: VideoService) -> None:
    first = client.submit(str(service.clip), SHORT)
    second = client.submit(str(service.clip), VideoOptions(max_frames=1, overlay=False))
    assert client.job(first.job_id).final
    assert client.wait(second.job_id).state == "completed"


def test_a_cancelled_job_ends_its_frames_with_an_error_and_can_be_resumed(
    client: ServiceClient, service: VideoService
) -> None:
    job_id = client.submit(str(service.clip), VideoOptions(overlay=False)).job_id
    with closing(client.frames(job_id)) as frames:
        next(frames)
        client.cancel(job_id)
        with pytest.raises(JobError, match=job_id):
            list(frames)
    assert client.job(job_id).state == "cancelled"
    assert client.resume(job_id).state in ("queued", "running")
    client.cancel(job_id)
    client.wait(job_id)
    client.cancel(job_id)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda client: client.job("none"), ServiceRefusedError, "Job not found"),
        (lambda client: client.pose(b"no picture"), ServiceRefusedError, "expected"),
        (lambda client: client.submit(Path("nowhere.mp4")), VideoNotFoundError, "nowhere.mp4"),
        (lambda client: client.submit("/etc/passwd"), ServiceRefusedError, "video path"),
    ],
)
def test_what_cannot_be_answered_is_an_error(
    client: ServiceClient, ask: Callable[[ServiceClient], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(client)


def test_a_refusal_names_status_and_request(client: ServiceClient) -> None:
    with pytest.raises(ServiceRefusedError) as refused:
        client.job("none")
    assert refused.value.status == 404
    assert refused.value.request_id


def test_a_service_that_is_away_is_an_error_once_patience_is_over() -> None:
    with ServiceClient(f"http://127.0.0.1:{free_port()}", patience=0.1) as client:
        with pytest.raises(ServiceUnreachableError, match="expected an answer"):
            client.job("any")
        with pytest.raises(ServiceUnreachableError):
            list(client.frames("any"))


def test_the_fields_of_a_job_are_those_of_the_service() -> None:
    assert {field.name for field in fields(JobInfo)} <= JobView.model_fields.keys()


def test_the_asynchronous_client_does_the_same(service: VideoService, pictures: list[bytes], job: JobInfo) -> None:
    async def ask() -> tuple[list[int], int, str]:
        async with AsyncServiceClient(service.url) as client:
            numbers = [answer.frame_number async for answer in client.poses(pictures, at_once=3)]
            frames = [frame async for frame in client.frames(job.job_id)]
            return numbers, len(frames), (await client.wait(job.job_id)).state

    assert anyio.run(ask) == (list(range(len(pictures))), FRAMES, "completed")
