"""SRT, which another program receives for us, from FFmpeg's own sender."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
import pytest

from harness.ports import free_port
from harness.streams.ffmpeg_server import FfmpegServer, sender
from tests.video.clips import RATE, write_clip
from tracker_service.errors import VideoError
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.connection import Connection
from tracker_service.video.live.live_source import LiveSource
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.srt_relay import SrtRelay

SECRET = "hunter2hunter2"  # noqa: S105
FAST = LiveSourceParameters(first_pause=0.02, longest_pause=0.05)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> FfmpegServer:
    """Sends ten seconds of numbered frames to who knows the passphrase; to be entered."""
    clip = write_clip(tmp_path_factory.mktemp("srt") / "clip.mp4", 10 * RATE, options={"bf": "0", "g": str(RATE)})
    return sender(clip, "srt", SECRET)


@pytest.fixture
def relay(camera: FfmpegServer) -> Iterator[SrtRelay]:
    with camera:
        relay = SrtRelay(LiveAddress.parse(camera.url), FAST, wait_for_callers=False)
        yield relay
        relay.close()


def test_a_sender_that_ends_and_starts_again_is_followed_on(camera: FfmpegServer) -> None:
    with camera:
        source = LiveSource(LiveAddress.parse(camera.url), FAST)
        frames = source.frames()
        before = list(islice(frames, 3))
    with camera:
        after = next(frame for frame in frames if source.reconnections)
        frames.close()  # type: ignore[attr-defined]
    assert after.seconds > before[-1].seconds


def test_a_sender_that_falls_silent_counts_as_stalled(camera: FfmpegServer) -> None:
    with camera:
        connection = Connection(LiveAddress.parse(camera.url), LiveSourceParameters(silence_seconds=1.5))
        frames = connection.frames()
        next(frames)
        camera.suspend()
        with pytest.raises(VideoError, match=r"^srt://127\.0\.0\.1:\d+\?…: expected frames, got nothing for 1\.5 sec"):
            list(frames)
        connection.close()


def test_the_passphrase_is_not_among_the_words_that_others_see(relay: SrtRelay) -> None:
    assert relay.read(1 << 15)
    process = psutil.Process(relay.process_id)
    assert SECRET not in str(process.cmdline())
    assert SECRET not in str(process.environ())
    relay.close()
    assert not process.is_running()


def test_a_wrong_passphrase_is_one_line_that_does_not_show_it(
    camera: FfmpegServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with camera, pytest.raises(VideoError) as refused:
        Connection(LiveAddress.parse(camera.url.replace(SECRET, "hunter3hunter3")), FAST)
    assert str(refused.value) == (
        f"srt://127.0.0.1:{camera.port}?…: expected a camera or stream, got: Input/output error"
    )
    assert "hunter" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("mode", ["mode=listener", "latency=20&mode=rendezvous"])
def test_the_service_calls_and_is_not_called(mode: str) -> None:
    with pytest.raises(VideoError, match="expected a stream that is called, got a mode that waits for callers"):
        Connection(LiveAddress.parse(f"srt://127.0.0.1:{free_port()}#?{mode}"), FAST, follow=False)


@pytest.mark.parametrize("there", [False, True])
def test_without_an_ffmpeg_that_reads_it_one_line_says_what_to_install(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    if there:  # as one that was built without SRT
        (tmp_path / "ffmpeg").write_text("#!/bin/sh\nexit 8\n")
        (tmp_path / "ffmpeg").chmod(0o755)
    got = "got one that does not" if there else "found none"
    with pytest.raises(VideoError) as refused:
        Connection(LiveAddress.parse(f"srt://user:{SECRET}@127.0.0.1:9000?passphrase={SECRET}"), FAST)
    assert str(refused.value) == (
        f"srt://127.0.0.1:9000?…: expected an ffmpeg that reads srt, {got}; "
        "pip install 'phalp-triton[srt]' brings one, an ffmpeg on the PATH may do as well"
    )
