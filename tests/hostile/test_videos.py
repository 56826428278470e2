"""H1, M3, M6, M7: videos that lie about themselves, take long to open, or name other files."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from harness.hostile_files import mov, pictures_in_matroska, progressive_jpeg
from harness.running_service import RunningService
from tests.api import pictures
from tests.hostile.conftest import ATTACKER, QUIET
from tracker_service.api.service_parameters import Limits
from tracker_service.errors import VideoFormatError
from tracker_service.jobs.identity import SourceIdentity
from tracker_service.jobs.job import JobRequest
from tracker_service.jobs.worker.source_watch import SourceWatch
from tracker_service.jobs.worker.starting import ReadingBounds, Starting
from tracker_service.jobs.worker_processes.worker_process import COMMAND
from tracker_service.process import confinement
from tracker_service.video.probe import probe_video

SAMPLE = pictures.SAMPLE
PIXELS = Limits().video_pixels


def upload(service: RunningService, video: bytes, key: dict[str, str]) -> tuple[int, str]:
    """Return status and text of the answer; a job that is queued is cancelled."""
    answer = service.post("/jobs", files={"video": ("a.mov", video)}, headers=key)
    if answer.status_code == 202:
        with service.client() as client:
            client.delete(f"/jobs/{answer.json()['job_id']}", headers=key)
    return answer.status_code, answer.text


def test_ten_million_samples_are_refused_and_take_no_memory_of_the_service(fortress: RunningService) -> None:
    process = psutil.Process(fortress.process.pid)
    before = process.memory_info().rss
    status, text = upload(fortress, mov(10_000_000, data=bytes(24_576)), ATTACKER)
    assert status == 422
    assert "at most 3000000 frames, got 10000000" in text
    assert process.memory_info().rss - before < 64 << 20


def test_a_table_that_needs_more_memory_than_a_probe_may_have_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(mov(100_000_000, data=bytes(24_576)))
    with pytest.raises(VideoFormatError):
        probe_video(path, decoded_pixels=PIXELS)


def test_a_video_that_says_less_than_its_samples_is_taken_by_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(mov(250, data=bytes(250 * 12_288), duration=1))
    found = probe_video(path, decoded_pixels=PIXELS)
    assert (found.duration, found.frames, found.fps) == (1.0, 250, 25.0)


@pytest.mark.parametrize(
    ("bounds", "frames"), [(ReadingBounds(frames=3), 3), (ReadingBounds(seconds=0.17), 5), (ReadingBounds(), 250)]
)
def test_a_worker_reads_no_further_than_it_may_whatever_the_header_says(bounds: ReadingBounds, frames: int) -> None:
    watch = SourceWatch(SAMPLE, SourceIdentity.of(SAMPLE))
    request = JobRequest(SAMPLE, SAMPLE.name)
    start = Starting(request, watch, 1, -1, False, lambda: None, bounds).begin()
    assert sum(1 for _ in start.frames) == frames
    assert bool(watch.warnings(None)) is (frames < 250)
    start.close()


def test_a_quiet_client_does_not_wait_for_the_slow_videos_of_another(fortress: RunningService) -> None:
    slow = pictures_in_matroska(progressive_jpeg(2000, 1200, scans=3000), 2000, 1200)
    with ThreadPoolExecutor(4) as attackers:
        probed = [attackers.submit(upload, fortress, slow, ATTACKER) for _ in range(4)]
        assert upload(fortress, SAMPLE.read_bytes(), QUIET)[0] == 202
        assert not all(answer.done() for answer in probed)


def test_a_playlist_of_pipes_is_refused_without_being_opened(fortress: RunningService, folder: Path) -> None:
    os.mkfifo(folder / "segment.ts")
    playlist = folder / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsegment.ts\n#EXT-X-ENDLIST\n")
    with ThreadPoolExecutor(3) as attackers:
        asked = [
            attackers.submit(fortress.post, "/jobs", json={"video_path": str(playlist)}, headers=ATTACKER)
            for _ in range(3)
        ]
        assert fortress.get("/jobs", headers=QUIET).status_code == 200
        assert {answer.result().status_code for answer in asked} == {415}


def test_art_of_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.xb"
    path.write_bytes(b"XBIN\x1a" + bytes([80, 0, 25, 0, 16, 0]) + b"A\x07" * 2000)
    with pytest.raises(VideoFormatError):
        probe_video(path, decoded_pixels=PIXELS)


def test_modules_in_the_working_folder_are_not_run_by_child_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orjson.py").write_text("import pathlib\npathlib.Path('was_here').touch()\n")
    monkeypatch.chdir(tmp_path)
    assert probe_video(SAMPLE, decoded_pixels=PIXELS).frames == 250
    worker = subprocess.run(COMMAND, input=b"{}\n", env=confinement.own_environment(), timeout=120)
    assert worker.returncode == 0
    assert not (tmp_path / "was_here").exists()


def test_child_processes_get_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("DATABASE_URL", "PGPASSWORD", "PHALP_TRITON_SERVICE__API_KEYS", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("QUEUE_URL", "redis://user:secret@host/0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert not {*secrets, "QUEUE_URL"} & confinement.own_environment().keys()
    assert confinement.own_environment()["CUDA_VISIBLE_DEVICES"] == "0"
    assert "CUDA_VISIBLE_DEVICES" not in confinement.environment()
