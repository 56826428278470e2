"""The command on Ray with two workers and an S3 server: killed in the middle, resumed, a worker killed too."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import psutil
import pytest

from harness.bulk.object_storage import BUCKET, object_storage
from harness.clips import cut
from harness.waiting import until
from tracker_service.bulk.completion import COMPLETE
from tracker_service.bulk.storage import Place
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

ROOT = Path(__file__).resolve().parents[2]
VIDEOS = 5
FRAMES = 12
OPTIONS = ("--no-overlay", "--workers", "2", "--json", "phalp.n_init=2", "bulk.retry_seconds=0.1")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of an S3 server, here, too."""
    with object_storage() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment


def running(process: "subprocess.Popen[bytes]", title: str = "") -> list[psutil.Process]:
    """Processes below another one, those with this title only."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if child.cmdline()[:1] == [title] or not title:
                found.append(child)
    return found


@pytest.mark.timeout(900)
def test_what_is_killed_goes_on_and_gives_what_track_gives(storage: dict[str, str], tmp_path: Path) -> None:
    clips = [cut(tmp_path / f"clip{n}.mp4", FRAMES, first=8 + 9 * n, width=160) for n in range(VIDEOS)]
    place, out, scratch = Place(f"s3://{BUCKET}"), Place(f"s3://{BUCKET}/out"), tmp_path / "scratch"
    for clip in clips:
        place.child(f"in/{clip.name}").upload(clip)
    manifest = tmp_path / "videos.txt"
    manifest.write_text("\n".join(place.child(f"in/{clip.name}").address for clip in clips))
    arguments = ("bulk", str(manifest), "--out", out.address, "--scratch", str(scratch), *OPTIONS)
    command = [sys.executable, "-m", "tracker_service", *arguments]

    def marks() -> dict[str, bytes]:
        return {clip.stem: mark for clip in clips if (mark := out.child(f"{clip.stem}/{COMPLETE}").read()) is not None}

    killed = subprocess.Popen(command, cwd=ROOT, env=storage)
    finished = until(marks)
    of_the_killed = running(killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    until(lambda: not psutil.wait_procs(of_the_killed, timeout=0.1)[1])
    assert of_the_killed
    finished = marks()
    assert 0 < len(finished) < VIDEOS

    resumed = subprocess.Popen(command, cwd=ROOT, env=storage, stdout=subprocess.PIPE)
    until(lambda: running(resumed, "ray::_Actor.run"))[0].kill()
    answer = orjson.loads(resumed.communicate()[0])
    assert resumed.returncode == 0
    assert answer["workers_died"] == 1
    assert [video["state"] for video in answer["videos"]] == [
        "finished" if clip.stem in finished else "done" for clip in clips
    ]
    after = marks()
    assert {name: after[name] for name in finished} == finished
    assert [path.name for path in scratch.iterdir()] == ["phalp-triton-bulk.lock"]

    settings = load_settings({"render": {"enable": False}, "phalp": {"n_init": 2}})
    for clip in clips[:2]:
        track_video(settings, str(clip), tmp_path / clip.stem)
        for name in ("results.ndjson", "tracks.pkl"):
            assert out.child(f"{clip.stem}/{name}").read() == (tmp_path / clip.stem / name).read_bytes()
