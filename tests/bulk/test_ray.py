"""The command on Ray with two workers and an S3 server: killed in the middle, resumed, a worker killed too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bulk.disturbed_run import DisturbedRun, marks_in
from harness.bulk.object_storage import BUCKET, object_storage
from harness.clips import cut
from harness.waiting import until
from tracker_service.bulk.storage import Place
from tracker_service.settings import load_settings
from tracker_service.wiring.track import track_video

VIDEOS = 4
FRAMES = 8
OPTIONS = ("--no-overlay", "phalp.n_init=2", "bulk.retry_pause=0.1", "inference.verify=false")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of an S3 server, here, too."""
    with object_storage() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment


@pytest.mark.timeout(900)
def test_what_is_killed_goes_on_and_gives_what_track_gives(storage: dict[str, str], tmp_path: Path) -> None:
    clips = [cut(tmp_path / f"clip{n}.mp4", FRAMES, first=8 + 9 * n, width=160) for n in range(VIDEOS)]
    place, out, scratch = Place(f"s3://{BUCKET}"), Place(f"s3://{BUCKET}/out"), tmp_path / "scratch"
    for clip in clips:
        place.child(f"in/{clip.name}").upload(clip)
    manifest = tmp_path / "videos.txt"
    manifest.write_text("\n".join(place.child(f"in/{clip.name}").address for clip in clips))
    arguments = [str(manifest), "--out", out.address, "--scratch", str(scratch), *OPTIONS]
    names = [clip.stem for clip in clips]

    killed = DisturbedRun([*arguments, "--workers", "1"], storage)
    until(lambda: marks_in(out, names), pause=0.5)
    killed.kill()
    finished = marks_in(out, names)
    assert 0 < len(finished) < VIDEOS

    resumed = DisturbedRun([*arguments, "--workers", "2"], storage)
    until(resumed.workers)[0].kill()
    answer = resumed.answer()
    assert answer["workers_died"] >= 1
    states = {video["name"]: video["state"] for video in answer["videos"]}
    assert states == {name: "finished" if name in finished else "done" for name in names}
    after = marks_in(out, names)
    assert {name: after[name] for name in finished} == finished  # none was computed twice
    assert [path.name for path in scratch.iterdir()] == ["phalp-triton-bulk.lock"]

    settings = load_settings({"render": {"enable": False}, "phalp": {"n_init": 2}})
    for clip in clips[:2]:
        track_video(settings, str(clip), tmp_path / clip.stem)
        for name in ("results.ndjson", "tracks.pkl"):
            assert out.child(f"{clip.stem}/{name}").read() == (tmp_path / clip.stem / name).read_bytes()
