from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tests.video.clips import HEIGHT, RATE, WIDTH, index_image, read_index, write_clip
from tracker_service.errors import SettingsError, VideoError, VideoRangeError
from tracker_service.types import Frame
from tracker_service.video.source import Position, open_source, parse_position

X265 = {"x265-params": "log-level=none:keyint=10:open-gop=1"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "10", "lag-in-frames": "10", "auto-alt-ref": "1"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}

CLIPS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"options": {"g": "10"}},
    "h264.mov": {"options": {"g": "10"}},
    "h264.mkv": {"options": {"g": "10"}},
    "h264_in_avi_without_presentation_times.avi": {},
    "h264.ts": {},
    "h264.flv": {},
    "h264_open_groups.mp4": {"options": {"g": "10", "x264-params": "open-gop=1"}},
    "h264_intra_refresh.mp4": {"options": {"g": "10", "x264-params": "intra-refresh=1"}},
    "h264_fragmented.mp4": {"options": {"g": "10"}, "container_options": FRAGMENTED},
    "h264_stream_without_times.h264": {"container_format": "h264"},
    "h264_ten_bit.mp4": {"pixel_format": "yuv420p10le"},
    "h264_grey.mp4": {"pixel_format": "gray"},
    "h264_444.mp4": {"pixel_format": "yuv444p"},
    "h264_interlaced.ts": {"options": {"x264-params": "tff=1", "flags": "+ildct+ilme"}},
    "h264_and_longer_sound.mp4": {"audio_seconds": 3.0},
    "h264_and_longer_sound.mkv": {"audio_seconds": 3.0},
    "hevc.mp4": {"codec": "libx265", "options": X265},
    "hevc.mkv": {"codec": "libx265", "options": X265},
    "vp8.webm": {"codec": "libvpx", "options": VP9},
    "vp9.webm": {"codec": "libvpx-vp9", "options": VP9},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "11", "g": "10"}},
    "av1.webm": {"codec": "libsvtav1", "options": {"preset": "11"}},
    "mpeg4_with_b_frames.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "mpeg4.mp4": {"codec": "mpeg4", "options": {"bf": "2", "g": "10"}},
    "mpeg2.mpg": {"codec": "mpeg2video"},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "with_alpha.mov": {"codec": "qtrle", "pixel_format": "argb"},
    "windows_media.wmv": {"codec": "wmv2"},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def clip(folder: Path, name: str) -> Path:
    """Return the clip of that name, made on first use."""
    settings = CLIPS[name]
    if settings.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {settings['codec']}")
    path = folder / name
    return path if path.exists() else write_clip(path, **settings)


def read(path: Path, start: str | None = None, end: str | None = None, threads: int = 0) -> list[Frame]:
    first, last = (None if text is None else parse_position(text) for text in (start, end))
    with open_source(path, start=first, end=last, threads=threads) as source:
        frames = list(source)
        assert not source.damaged
    return frames


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_comes_with_its_number_and_time(clips: Path, name: str) -> None:
    frames = read(clip(clips, name))
    assert [frame.number for frame in frames] == list(range(30))
    assert [read_index(frame.image) for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.arange(30) / RATE, atol=0.0006)
    assert {frame.image.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}


@pytest.mark.parametrize("name", CLIPS)
def test_range_in_frames_gives_the_true_frames(clips: Path, name: str) -> None:
    frames = read(clip(clips, name), "17", "21")
    assert [(frame.number, read_index(frame.image)) for frame in frames] == [(n, n) for n in range(17, 21)]
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.arange(17, 21) / RATE, atol=0.0006)


@pytest.mark.parametrize("name", CLIPS)
def test_range_in_seconds_gives_the_true_frames(clips: Path, name: str) -> None:
    frames = read(clip(clips, name), "0.5s", "0.8s")
    assert [(frame.number, read_index(frame.image)) for frame in frames] == [(n, n) for n in range(13, 20)]


@pytest.mark.parametrize("name", ["h264.mp4", "h264_open_groups.mp4", "h264_intra_refresh.mp4", "hevc.mkv", "vp9.webm"])
def test_frame_after_a_seek_is_the_frame_of_a_full_read(clips: Path, name: str) -> None:
    path = clip(clips, name)
    full = read(path)
    for start in range(1, 30, 4):
        frame = next(iter(read(path, str(start))))
        np.testing.assert_array_equal(frame.image, full[start].image)
        assert frame.timestamp == full[start].timestamp


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_number_of_threads_changes_nothing(clips: Path, threads: int) -> None:
    assert [read_index(frame.image) for frame in read(clip(clips, "h264.mp4"), threads=threads)] == list(range(30))


def test_end_beyond_the_video_gives_all_that_is_there(clips: Path) -> None:
    assert [frame.number for frame in read(clip(clips, "h264.mp4"), "25", "3000")] == list(range(25, 30))


@pytest.mark.parametrize("name", ["h264.mp4", "h264.ts"])
@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("30", None, "its 30 frames"),
        ("1.2s", None, "its 30 frames"),
        ("20", "0.4s", "after the start"),
        ("1.0s", "5", "after the start"),
        ("9", "9", "after the start"),
    ],
)
def test_range_without_a_frame_is_refused_when_opening(
    clips: Path, name: str, start: str, end: str | None, message: str
) -> None:
    with pytest.raises(VideoRangeError, match=message):
        open_source(clip(clips, name), start=parse_position(start), end=parse_position(end) if end else None)


def test_info_describes_the_file(clips: Path) -> None:
    with open_source(clip(clips, "h264.mp4"), start=Position(frame=10)) as source:
        info = source.info
    assert (info.name, info.width, info.height, info.fps, info.codec) == ("h264", WIDTH, HEIGHT, RATE, "h264")
    assert info.frames_estimate == 20
    assert info.duration == pytest.approx(30 / RATE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("h264_and_longer_sound.mkv", 30), ("h264.ts", 30), ("h264_fragmented.mp4", 30), ("mjpeg.avi", 30)],
)
def test_frames_are_estimated_from_the_video_stream(clips: Path, name: str, expected: int) -> None:
    with open_source(clip(clips, name)) as source:
        assert source.info.frames_estimate == expected


@pytest.mark.parametrize("offset", [1_000_000, 3])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_timestamps_start_at_zero_whatever_the_container_starts_at(tmp_path: Path, suffix: str, offset: int) -> None:
    path = write_clip(tmp_path / f"late.{suffix}", ticks=[offset + n for n in range(30)])
    assert read(path)[0].timestamp == 0.0
    assert read(path, "12")[0].timestamp == pytest.approx(12 / RATE, abs=0.0006)


@pytest.mark.parametrize(("width", "height"), [(95, 63), (97, 65), (18, 16)])
def test_odd_and_small_sizes_are_kept(tmp_path: Path, width: int, height: int) -> None:
    path = write_clip(
        tmp_path / "odd.mkv", codec="ffv1", pixel_format="yuv420p", draw=lambda n: index_image(n, width, height)
    )
    frames = read(path)
    assert {frame.image.shape for frame in frames} == {(height, width, 3)}
    assert [read_index(frame.image) for frame in frames] == list(range(30))


@pytest.mark.parametrize("hidden", [5, 12, 17])
def test_frames_that_an_edit_list_hides_are_not_shown_and_not_counted(tmp_path: Path, hidden: int) -> None:
    path = tmp_path / "edited.mp4"
    whole = write_clip(tmp_path / "whole.mp4", 60, options={"g": "12"})
    with av.open(str(whole)) as given, av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as edited:
        stream = edited.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            shift = round(Fraction(hidden, RATE) / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
            edited.mux(packet)
    assert [read_index(frame.image) for frame in read(path)] == list(range(hidden, 60))
    late = read(path, "20", "22")
    assert [(frame.number, read_index(frame.image)) for frame in late] == [(n, n + hidden) for n in (20, 21)]
    assert late[0].timestamp == pytest.approx(20 / RATE)


def test_cover_picture_is_not_the_video(tmp_path: Path) -> None:
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as container:
        cover = _add_video(container, "png", "rgb24", 200, 200)
        cover.disposition = Disposition.attached_pic
        video = _add_video(container, "libx264", "yuv420p", WIDTH, HEIGHT)
        picture = VideoFrame.from_ndarray(np.full((200, 200, 3), 200, np.uint8), format="rgb24")
        container.mux(cover.encode(picture) + cover.encode(None))
        for number in range(10):
            frame = VideoFrame.from_ndarray(index_image(number), format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    assert [read_index(frame.image) for frame in read(path)] == list(range(10))


def _add_video(
    container: av.container.OutputContainer, codec: str, pixels: str, width: int, height: int
) -> VideoStream:
    stream = cast("VideoStream", container.add_stream(codec, rate=RATE))
    stream.width, stream.height, stream.pix_fmt = width, height, pixels
    return stream


def test_frames_of_another_size_are_fitted_into_the_first_ones(tmp_path: Path) -> None:
    parts = [
        write_clip(tmp_path / "a.h264", 5, draw=lambda n: index_image(n, 2 * WIDTH, 2 * HEIGHT)).read_bytes(),
        write_clip(tmp_path / "b.h264", 5, draw=lambda n: index_image(n + 5)).read_bytes(),
        write_clip(tmp_path / "c.h264", 5, draw=lambda _: np.full((HEIGHT, 32, 3), 255, np.uint8)).read_bytes(),
    ]
    path = tmp_path / "mixed.h264"
    path.write_bytes(b"".join(parts))
    with open_source(path) as source:
        frames = list(source)
        (warning,) = source.warnings
    assert {frame.image.shape for frame in frames} == {(2 * HEIGHT, 2 * WIDTH, 3)}
    assert [read_index(frame.image) for frame in frames[:10]] == list(range(10))
    narrow = frames[-1].image.mean(axis=(0, 2))
    assert narrow[:64].max() == 0
    assert narrow[64:128].min() > 250
    assert narrow[128:].max() == 0
    assert "frame 5 is 96x64" in warning


def test_name_with_a_colon_is_a_file_and_no_protocol(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", 3).rename(tmp_path / "http:clip.mp4")
    assert len(read(path)) == 3


def test_source_is_read_once(clips: Path) -> None:
    with open_source(clip(clips, "h264.mp4")) as source:
        next(iter(source))
        with pytest.raises(VideoError, match="once"):
            next(iter(source))


def test_closed_source_gives_no_more_frames(clips: Path) -> None:
    source = open_source(clip(clips, "h264.mp4"))
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    with pytest.raises(VideoError, match="closed"):
        next(frames)


def test_negative_threads_are_refused(clips: Path) -> None:
    with pytest.raises(SettingsError, match="decoder_threads: expected a number >= 0"):
        open_source(clip(clips, "h264.mp4"), threads=-1)
