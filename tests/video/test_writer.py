import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.video.clips import HEIGHT, WIDTH, corner_image, index_image, read_index
from tracker_service.errors import ContractError, ResultsError, SettingsError
from tracker_service.types import Frame, UInt8
from tracker_service.video.source import open_source
from tracker_service.video.writer import VideoWriter


def read(path: Path) -> list[Frame]:
    with open_source(path) as source:
        frames = list(source)
        assert source.warnings == ()
    return frames


def write(path: Path, count: int = 30, fps: float = 25.0, **settings: Any) -> Path:
    with VideoWriter(path, WIDTH, HEIGHT, fps, **settings) as writer:
        for number in range(count):
            writer.write(index_image(number))
    return path


def write_all(writer: VideoWriter, images: Iterable[UInt8]) -> None:
    with writer:
        for image in images:
            writer.write(image)


def test_every_frame_is_read_back_in_order(tmp_path: Path) -> None:
    frames = read(write(tmp_path / "out.mp4"))
    assert [read_index(frame.image) for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.arange(30) / 25, atol=1e-4)


def test_file_is_h264_that_every_player_opens(tmp_path: Path) -> None:
    path = write(tmp_path / "out.mp4", fps=30000 / 1001)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate or 0) == pytest.approx(30000 / 1001, rel=1e-4)
        assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(30 * 1001 / 30000, abs=1e-3)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_variable_times_are_kept_from_the_first_frame_on(tmp_path: Path) -> None:
    times = [62.0, 62.04, 62.045, 62.2, 63.7, 63.701, 65.0]
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0) as writer:
        for number, time in enumerate(times):
            writer.write(index_image(number), time)
    frames = list(open_source(tmp_path / "out.mp4"))
    assert [read_index(frame.image) for frame in frames] == list(range(len(times)))
    np.testing.assert_allclose([frame.timestamp for frame in frames], np.array(times) - 62.0, atol=1e-4)


def test_times_that_do_not_rise_lose_no_frame(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0) as writer:
        for number, time in enumerate([0.0, 0.04, 0.04, 0.02, 0.08]):
            writer.write(index_image(number), time)
    assert [read_index(frame.image) for frame in read(tmp_path / "out.mp4")] == list(range(5))


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (220, 30, 40), (30, 200, 60), (25, 40, 210)])
@pytest.mark.parametrize(("width", "height"), [(96, 64), (1280, 720)])
def test_colors_come_back(tmp_path: Path, color: tuple[int, int, int], width: int, height: int) -> None:
    with VideoWriter(tmp_path / "out.mp4", width, height, 25.0) as writer:
        for _ in range(3):
            writer.write(np.full((height, width, 3), color, np.uint8))
    for frame in read(tmp_path / "out.mp4"):
        assert np.abs(frame.image.astype(int) - color).max() <= 5


@pytest.mark.parametrize(("width", "height"), [(97, 64), (96, 65), (97, 65), (1, 1), (3, 2)])
def test_odd_sizes_gain_a_row_or_column_and_keep_their_pixels_in_place(tmp_path: Path, width: int, height: int) -> None:
    image = corner_image(0, width, height)
    with VideoWriter(tmp_path / "out.mp4", width, height, 25.0, crf=0) as writer:
        writer.write(image)
    (frame,) = read(tmp_path / "out.mp4")
    assert frame.image.shape == (height + height % 2, width + width % 2, 3)
    np.testing.assert_allclose(frame.image[: height // 4, : width // 4], image[: height // 4, : width // 4], atol=6)
    np.testing.assert_allclose(frame.image[-1, -1], image[-1, -1], atol=6)


def test_images_that_are_views_are_written_as_they_look(tmp_path: Path) -> None:
    wide = np.concatenate([index_image(5), index_image(9)], axis=1)
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0) as writer:
        writer.write(wide[:, WIDTH:])
        writer.write(wide[:, :WIDTH][::-1][::-1])
    assert [read_index(frame.image) for frame in read(tmp_path / "out.mp4")] == [9, 5]


def test_image_may_be_changed_after_it_was_written(tmp_path: Path) -> None:
    image = index_image(0).copy()
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0) as writer:
        for number in range(40):
            image[:] = index_image(number)
            writer.write(image)
    assert [read_index(frame.image) for frame in read(tmp_path / "out.mp4")] == list(range(40))


def test_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    writer = VideoWriter(path, WIDTH, HEIGHT, 25.0)
    writer.write(index_image(0))
    assert not path.exists()
    writer.close()
    writer.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_error_while_writing_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "out.mp4", 3)
    before = path.read_bytes()
    with pytest.raises(ContractError):
        write_all(VideoWriter(path, WIDTH, HEIGHT, 25.0), [index_image(0), np.zeros((3, 3, 3), np.uint8)])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_earlier_file_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", 3)
    assert len(read(write(tmp_path / "out.mp4", 5))) == 5


def test_an_incomplete_file_is_visible_and_the_next_writer_replaces_it(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    (tmp_path / "out.mp4.partial").write_bytes(b"left by a killed process")
    writer = VideoWriter(path, WIDTH, HEIGHT, 25.0)
    writer.write(index_image(0))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4.partial"]
    writer.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_video_without_a_frame_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="at least one frame"):
        VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0).close()
    assert list(tmp_path.iterdir()) == []


def test_frame_after_closing_is_refused(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0)
    writer.write(index_image(0))
    writer.close()
    with pytest.raises(ResultsError, match="closed"):
        writer.write(index_image(1))


def test_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, HEIGHT, WIDTH, 3), np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 25.0, crf=5)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(ResultsError, match="File too large"):
            write_all(writer, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No such file"):
        VideoWriter(tmp_path / "nowhere" / "out.mp4", WIDTH, HEIGHT, 25.0)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((HEIGHT, WIDTH + 2, 3), np.uint8), r"\(64, 98, 3\)"),
        (np.zeros((HEIGHT, WIDTH), np.uint8), r"\(64, 96\)"),
        (np.zeros((HEIGHT, WIDTH, 3), np.float32), "float32"),
    ],
)
def test_frame_of_another_shape_or_type_is_refused(tmp_path: Path, image: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message), VideoWriter(tmp_path / "o.mp4", WIDTH, HEIGHT, 25.0) as writer:
        writer.write(image)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 0.0}, "rate"),
        ({"fps": float("nan")}, "rate"),
        ({"width": 0}, "size"),
        ({"crf": 52}, "crf"),
        ({"preset": "warp"}, "preset"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        VideoWriter(tmp_path / "out.mp4", **({"width": WIDTH, "height": HEIGHT, "fps": 25.0} | settings))
    assert list(tmp_path.iterdir()) == []


def test_build_without_h264_writes_mpeg4_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})
    with VideoWriter(tmp_path / "out.mp4", WIDTH, HEIGHT, 30000 / 1001) as writer:
        assert writer.note is not None
        assert "libx264" in writer.note
        for number in range(30):
            writer.write(index_image(number))
    with open_source(tmp_path / "out.mp4") as source:
        assert source.info.codec == "mpeg4"
        assert [read_index(frame.image) for frame in source] == list(range(30))


def test_raising_crf_makes_the_file_smaller(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    sizes = []
    for crf in (10, 40):
        with VideoWriter(tmp_path / f"{crf}.mp4", WIDTH, HEIGHT, 25.0, crf=crf) as writer:
            writer.write(noise)
        sizes.append((tmp_path / f"{crf}.mp4").stat().st_size)
    assert sizes[1] < sizes[0] / 2
