"""Uploaded videos: streamed to the disk, bounded, and gone when they are not needed any more."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from harness.waiting import until
from tests.api.video_service import VideoService
from tests.api.wire import Wire
from tracker_service.video.writer import VideoWriter

FORM = "Content-Type: multipart/form-data; boundary=XX"


def _part(disposition: str) -> bytes:
    return f"--XX\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


FILE = _part('name="video"; filename="clip.mp4"')
END = b"\r\n--XX--\r\n"
OTHER_FILE = "Missing video file; got a file named 'file'"


@pytest.fixture
def idle(video_service: VideoService) -> Iterator[VideoService]:
    """The service without a running job; afterwards nothing may be left of the uploads."""
    video_service.wait_idle()
    yield video_service
    until(lambda: not video_service.uploaded(), 10)


def test_an_uploaded_video_is_answered_like_a_named_one_and_goes_with_its_job(idle: VideoService) -> None:
    with idle.clip.open("rb") as video:
        answer = idle.post(
            "/pose/video?mesh=false", files={"video": (r"C:\me\my clip.mov", video)}, data={"max_frames": "5"}
        )
    result = answer.json()
    assert answer.status_code == 200
    assert result["status"] == "success"
    assert result["video_path"] == "my clip.mov"
    assert [frame["frame_number"] for frame in result["frames"]] == list(range(5))
    source = idle.folder / "jobs" / "jobs" / result["job_id"] / "source"
    assert source.exists()
    assert idle.delete(result["job_id"]).status_code == 204
    assert not source.exists()


@pytest.mark.parametrize(
    ("route", "body", "status", "error"),
    [
        ("/pose/video", END, 400, None),
        ("/pose/video", _part('name="max_frames"') + b"5" + END, 400, "Missing video file"),
        ("/pose/video", _part('name="video"') + b"a text" + END, 415, None),
        (
            "/pose/video",
            _part('name="file"; filename="a.mp4"') + b"x" + END,
            400,
            "Missing video file; got a file named 'file'",
        ),
        ("/pose/video", FILE + b"x\r\n" + _part('name="mesh"') + b"1" + END, 422, "'mesh' is expected in the query"),
        ("/pose/video", FILE + b"half", 400, None),
        ("/pose/video", b"", 400, None),
        ("/pose/video", b"not a form", 400, None),
        ("/pose/video", FILE + END, 415, None),
        ("/pose/video", FILE + b"not a video" + END, 415, None),
        ("/pose/video", FILE + b"x\r\n" + _part('name="max_frames"') + b"few" + END, 422, None),
        ("/process_video_async", _part('name="max_frames"') + b"5" + END, 400, "Missing video file"),
        ("/process_video_async", FILE + b"x\r\n" + _part('name="max_frames"') + b"0" + END, 422, None),
        ("/process_video_async", FILE + b"not a video" + END, 415, None),
        ("/jobs", FILE + b"not a video" + END, 415, None),
    ],
)
def test_a_form_without_a_video_is_refused_and_leaves_no_file(
    idle: VideoService, route: str, body: bytes, status: int, error: str | None
) -> None:
    answer = idle.post(route, content=body, headers={"Content-Type": "multipart/form-data; boundary=XX"})
    assert answer.status_code == status, answer.text
    message = answer.json()["error"]
    assert error is None or message == error
    assert str(idle.folder) not in message


@pytest.mark.parametrize("route", ["/pose/video", "/process_video_async", "/jobs"])
def test_a_client_that_disconnects_in_the_middle_leaves_no_file(idle: VideoService, route: str) -> None:
    half = idle.clip.read_bytes()[:1_500_000]
    with Wire(idle.url) as wire:
        wire.head(route, FORM, "Content-Length: 100000000").send(FILE + half)
        until(lambda: bool(idle.uploaded()), 10)
    until(lambda: not idle.uploaded(), 10)


def test_a_file_that_arrives_byte_by_byte_is_complete(idle: VideoService) -> None:
    with Wire(idle.url) as wire:
        wire.head("/jobs", FORM, "Transfer-Encoding: chunked")
        for byte in FILE + b"not a video" + END:
            wire.send(b"1\r\n" + bytes([byte]) + b"\r\n")
        assert wire.send(b"0\r\n\r\n").answer().status == 415


@pytest.fixture(scope="module")
def strict_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoService]:
    """A service that takes short, small videos only, and none into its queue."""
    limits = ("limits.upload_bytes=300000", "limits.video_seconds=3", "limits.video_pixels=20000")
    folder = tmp_path_factory.mktemp("strict")
    with VideoService(folder, *limits, "jobs.queue_length=0", "limits.body_seconds=1") as running:
        _write_video(folder / "wide.mp4", 400, 200, 10)
        _write_video(folder / "long.mp4", 160, 120, 100)
        _write_video(folder / "short.mp4", 160, 120, 10)
        yield running


def _write_video(path: Path, width: int, height: int, frames: int) -> None:
    with VideoWriter(path, width, height, 25.0) as writer:
        for number in range(frames):
            writer.write(np.full((height, width, 3), number % 256, np.uint8))


@pytest.mark.parametrize(
    ("name", "max_frames", "status", "problem"),
    [
        ("wide.mp4", None, 413, "400x200"),
        ("wide.mp4", 1, 413, "400x200"),
        ("long.mp4", None, 422, "at most 3 seconds, got 4"),
        ("long.mp4", 80, 422, "at most 3 seconds, got 3.2"),
        ("long.mp4", 50, 503, "waiting jobs"),
        ("short.mp4", None, 503, "waiting jobs"),
    ],
)
@pytest.mark.parametrize("upload", [False, True])
def test_a_video_beyond_the_limits_or_the_queue_is_refused(
    strict_service: VideoService, name: str, max_frames: int | None, status: int, problem: str, upload: bool
) -> None:
    path, options = strict_service.folder / name, {} if max_frames is None else {"max_frames": max_frames}
    if upload:
        answer = strict_service.post("/pose/video", files={"video": path.read_bytes()}, data=options)
    else:
        answer = strict_service.post("/pose/video", json={"video_path": str(path), **options})
    assert answer.status_code == status, answer.text
    assert problem in answer.json()["error"]
    assert (int(answer.headers.get("retry-after", "0")) > 0) == (status == 503)
    assert strict_service.uploaded() == []


def test_an_upload_that_is_too_large_is_refused_by_its_length_and_while_it_arrives(
    strict_service: VideoService,
) -> None:
    with Wire(strict_service.url) as wire:
        told = wire.head("/pose/video", FORM, "Content-Length: 2000000000").answer()
    with Wire(strict_service.url) as wire:
        wire.head("/pose/video", FORM, "Transfer-Encoding: chunked")
        wire.send(f"{len(FILE):x}\r\n".encode() + FILE + b"\r\n")
        for _ in range(7):
            wire.send(b"c350\r\n" + b"x" * 50_000 + b"\r\n")
        found = wire.answer()
    assert (told.status, found.status) == (413, 413)
    assert strict_service.uploaded() == []


def test_an_upload_that_stalls_is_refused(strict_service: VideoService) -> None:
    with Wire(strict_service.url) as wire:
        answer = wire.head("/pose/video", FORM, "Content-Length: 200000").send(FILE + b"half").answer()
    assert answer.status == 408
    assert strict_service.uploaded() == []


def test_a_full_disk_refuses_videos_before_they_arrive(tmp_path: Path) -> None:
    with VideoService(tmp_path, f"jobs.free_bytes={2**60}") as service:
        uploaded = service.post("/pose/video", files={"video": service.clip.read_bytes()})
        named = service.post("/pose/video", json={"video_path": str(service.clip)})
        for answer in (uploaded, named):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "room" in answer.json()["error"]
        assert service.uploaded() == []


def test_partial_uploads_of_a_killed_service_are_removed_at_the_restart_and_its_jobs_are_kept(tmp_path: Path) -> None:
    with VideoService(tmp_path) as service:
        done = service.queue(max_frames=3)
        service.wait_complete(done)
        waiting = service.post(
            "/jobs", files={"video": service.clip.read_bytes()}, data={"max_frames": "8", "overlay": "false"}
        )
        with Wire(service.url) as wire:
            wire.head("/jobs", FORM, "Content-Length: 9000000").send(FILE + b"x" * 2_000_000)
            until(lambda: bool(service.uploaded()), 10)
            service.signal(signal.SIGKILL)
            service.wait()
        service.kill()
    assert len(service.uploaded()) == 1
    with VideoService(tmp_path) as service:
        assert service.uploaded() == []
        assert service.job(done)["state"] == "completed"
        assert len(service.get(f"/jobs/{done}/results").json()["frames"]) == 3
        finished = service.wait_complete(waiting.json()["job_id"])
        assert finished["frames_done"] == 8
        frames = service.get(f"/jobs/{finished['job_id']}/results").json()["frames"]
        assert [frame["frame_number"] for frame in frames] == list(range(8))


def test_answers_of_different_uploads_do_not_mix(idle: VideoService) -> None:
    video = idle.clip.read_bytes()
    ids = []
    for frames in ("2", "3"):
        sent = {"video": ("clip.mp4", video)}
        answer: httpx.Response = idle.post("/jobs", files=sent, data={"max_frames": frames, "overlay": "false"})
        ids.append(answer.json()["job_id"])
    counts = [idle.wait_complete(job_id)["frames_done"] for job_id in ids]
    assert counts == [2, 3]
    for job_id in ids:
        idle.delete(job_id)
