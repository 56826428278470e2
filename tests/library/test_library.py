"""The library as its users see it: `import tracker_service as ts`."""

import threading
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracker_service as ts
from harness.clips import SAMPLE
from tracker_service.errors import (
    ContractError,
    ModelNotFoundError,
    SettingsError,
    TrackerClosedError,
    VideoNotFoundError,
)
from tracker_service.settings.overrides import parse_overrides
from tracker_service.types import UInt8
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.track import Progress, track_video

FRAMES = 12


@pytest.fixture(scope="module")
def frames() -> list[ts.FrameResult]:
    return list(ts.track(SAMPLE, end_frame=FRAMES, n_init=3))


@pytest.fixture(scope="module")
def images() -> list[UInt8]:
    with open_source(SAMPLE, end=Position(frame=FRAMES)) as video:
        return [frame.image for frame in video]


def threads_of_a_run() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("read-ahead", "window"))]


def test_every_frame_comes_once_in_order_with_the_people_of_the_command_line(
    frames: list[ts.FrameResult], tmp_path: Path
) -> None:
    settings = ts.load_settings(parse_overrides([f"video.end_frame={FRAMES}", "phalp.n_init=3", "render.enable=false"]))
    track_video(settings, str(SAMPLE), tmp_path)
    written = list(ts.read_results(tmp_path))
    assert [frame.frame_number for frame in frames] == list(range(FRAMES))
    assert [[person.track_id for person in frame.persons] for frame in frames] == [
        [person.track_id for person in frame.persons] for frame in written
    ]
    assert sum(len(frame.persons) for frame in frames) > FRAMES
    for frame, record in zip(frames, written, strict=True):
        for person, read in zip(frame.persons, record.persons, strict=True):
            np.testing.assert_allclose(person.joints_3d, read.keypoints_3d, atol=1e-6)


def test_results_are_read_from_the_folder_or_from_the_file(tmp_path: Path) -> None:
    track_video(ts.load_settings({"video": {"end_frame": 2}, "render": {"enable": False}}), str(SAMPLE), tmp_path)
    numbers = [frame.frame_number for frame in ts.read_results(tmp_path / "results.ndjson")]
    assert numbers == [frame.frame_number for frame in ts.read_results(str(tmp_path))] == [0, 1]


def test_a_loop_that_is_left_early_closes_what_was_opened() -> None:
    video = ts.track(SAMPLE, window=2)
    assert len(list(islice(video, 2))) == 2
    assert threads_of_a_run()
    video.close()
    video.close()
    assert threads_of_a_run() == []
    assert list(video) == []


def test_a_video_nobody_refers_to_any_more_closes_itself() -> None:
    for frame in ts.track(SAMPLE, window=2):
        assert frame.frame_number == 0
        break
    assert threads_of_a_run() == []


def test_progress_is_reported_after_every_frame() -> None:
    told: list[Progress] = []
    with ts.track(SAMPLE, end_frame=3, progress=told.append) as video:
        total = video.info.frames_estimate
        assert len(list(video)) == 3
    assert [(progress.done, progress.total) for progress in told] == [(1, total), (2, total), (3, total)]


def test_progress_can_be_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker_service.command_line.progress._LINE_EVERY_SECONDS", 0.0)
    list(ts.track(SAMPLE, end_frame=2, progress=True))
    assert "frame 2 of" in capsys.readouterr().err


def test_a_live_tracker_names_people_at_once_and_keeps_their_names(images: list[UInt8]) -> None:
    with ts.open_tracker(fps=24) as tracker:
        results = [tracker.update(image) for image in images]
    assert [result.frame_number for result in results] == list(range(FRAMES))
    assert results[6].timestamp == 6 / 24
    assert all(person.world is not None for person in results[6].persons)
    first = {person.track_id for person in results[0].persons}
    assert first
    assert first & {person.track_id for person in results[-1].persons}


def test_a_live_tracker_takes_detections_from_elsewhere(images: list[UInt8], frames: list[ts.FrameResult]) -> None:
    person = frames[0].persons[0]
    boxes = np.array([person.box], np.float32)
    with ts.open_tracker() as tracker:
        result = tracker.update(images[0], ts.Detections(boxes, np.array([0.9], np.float32)))
        nobody = tracker.update(images[1], ts.Detections.empty())
    assert [one.state for one in result.persons] == [ts.PersonState.SEEN]
    np.testing.assert_array_equal(result.persons[0].box, person.box)
    assert [one.state for one in nobody.persons] in ([], [ts.PersonState.PREDICTED])


def test_a_live_tracker_refuses_numbers_that_do_not_advance(images: list[UInt8]) -> None:
    with ts.open_tracker() as tracker:
        tracker.update(images[0], frame_number=5)
        with pytest.raises(ContractError, match="frame_number: expected more than 5, got 5"):
            tracker.update(images[1], frame_number=5)


def test_a_live_tracker_refuses_what_it_cannot_use_and_stands_where_it_stood(images: list[UInt8]) -> None:
    image, box = images[0], np.array([[100, 50, 220, 430]], np.float32)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"image": image.astype(np.float32) / 255}, "image: expected an array of uint8, got float32"),
        ({"image": image[:4, :4].tolist()}, "image: expected an array of uint8, got list"),
        ({"image": image[..., 0]}, r"image: expected shape \(\*, \*, 3\), got \(720, 1280\)"),
        ({"image": image[:0]}, "image: expected at least one pixel"),
        ({"detections": box}, "detections: expected Detections, got ndarray"),
        ({"detections": ts.Detections(box, np.array([90], np.float32))}, "expected scores from 0 to 1, got 90"),
        ({"frame_number": 1.5}, "frame_number: expected an integer, got 1.5"),
        ({"timestamp": float("nan")}, "timestamp: expected a finite number of seconds, got nan"),
    ]
    with ts.open_tracker() as tracker:
        for changes, message in refused:
            with pytest.raises(ContractError, match=message):
                tracker.update(**({"image": image} | changes))
        assert tracker.update(image[:, :, ::-1]).frame_number == 0


def test_a_closed_live_tracker_takes_no_images(images: list[UInt8]) -> None:
    tracker = ts.open_tracker()
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerClosedError, match="expected an open tracker, got one that was closed"):
        tracker.update(images[0])


@pytest.mark.parametrize("fps", [0, -25.0, float("nan"), float("inf"), True, "25"])
def test_a_live_tracker_wants_a_number_of_images_a_second(fps: Any) -> None:
    with pytest.raises(SettingsError, match="fps: expected a finite number above 0, got"):
        ts.open_tracker(fps=fps)


def test_masks_and_identities_of_another_type_are_refused_instead_of_converted() -> None:
    box, score = np.array([[100, 50, 220, 430]], np.float32), np.array([0.9], np.float32)
    with pytest.raises(ContractError, match="masks: expected an array of uint8, got float64"):
        ts.Detections(box, score, masks=np.full((1, 28, 28), 0.9))
    with pytest.raises(ContractError, match="identities: expected whole numbers, got float64"):
        ts.Detections(box, score, identities=np.array([1.7]))


@pytest.mark.parametrize(
    ("changes", "message", "expected"),
    [
        ({"n_init": 0}, "phalp.n_init", SettingsError),
        ({"n_inti": 3}, "did you mean n_init", SettingsError),
        ({"enable": False}, "render=.* or refinement=|refinement=.* or render=", SettingsError),
        ({"phalp": {"n_int": 3}}, "phalp.n_int", SettingsError),
        ({"repository": "/nowhere"}, "nowhere", ModelNotFoundError),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(
    changes: dict[str, object], message: str, expected: type[Exception]
) -> None:
    with pytest.raises(expected, match=message):
        ts.track(SAMPLE, **changes)  # type: ignore[arg-type]


def test_a_source_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(VideoNotFoundError):
        ts.track("nowhere.mp4")


def test_settings_are_taken_whole_and_changed_by_keyword() -> None:
    settings = ts.load_settings({"phalp": {"n_init": 4, "max_age_track": 9}})
    with ts.track(SAMPLE, settings=settings, n_init=2, refinement={"enable": True}) as video:
        phalp = video.settings.phalp
        assert (phalp.n_init, phalp.max_age_track, video.settings.refinement.enable) == (2, 9, True)


def test_only_the_public_names_are_offered() -> None:
    assert set(ts.__all__) <= set(dir(ts))
    for name in ts.__all__:
        assert getattr(ts, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'tracker'"):
        _ = ts.tracker
