import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from tests.body.rigid_body import rigid_body
from tests.results.frames import frame_result, tracked_person, two_people
from tracker_service.body.camera_space import in_camera
from tracker_service.errors import ContractError, ResultsError
from tracker_service.results.ndjson import NdjsonWriter, read_results
from tracker_service.results.person_json import frame_bytes
from tracker_service.types import (
    CameraMotion,
    DroppedDetections,
    FoundBy,
    FrameResult,
    PersonState,
    PersonWorld,
    PoseQuality,
    QualityReason,
    Usability,
    WorldDoubt,
)
from tracker_service.types.calibration import Calibration, FocalSource

PROJECT = Path(__file__).resolve().parents[2]


def test_frames_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    written = [two_people(0), frame_result(1, shot=True, dropped=DroppedDetections(1, 2, 3)), two_people(2)]

    with NdjsonWriter(path) as writer:
        for result in written:
            writer.write(result)
    read = list(read_results(path))

    assert [(frame.frame_number, frame.timestamp, frame.width, frame.height) for frame in read] == [
        (0, 0.0, 1920, 1080),
        (1, 0.04, 1920, 1080),
        (2, 0.08, 1920, 1080),
    ]
    assert (read[1].persons, read[1].shot, read[1].dropped) == ((), True, DroppedDetections(1, 2, 3))
    person, record = written[2].persons[1], read[2].persons[1]
    assert (record.track_id, record.state, record.age) == (2, PersonState.PREDICTED, 3)
    assert record.tracking_confidence == person.tracking_confidence
    np.testing.assert_array_equal(record.bbox[2:], person.box[2:] - person.box[:2])
    for name, value in (("keypoints_3d", person.joints_3d), ("keypoints_2d", person.joints_2d)):
        np.testing.assert_array_equal(getattr(record, name), value)
    for name in ("betas", "body_pose", "global_orient", "camera"):
        np.testing.assert_array_equal(getattr(record, name), getattr(person, name))
    assert record.mesh_vertices is None


def test_the_quality_of_a_pose_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    confidence = np.linspace(0, 1, 45, dtype=np.float32)
    reasons = (QualityReason.HIDDEN, QualityReason.SMALL)
    quality = PoseQuality(Usability.DOUBTFUL, reasons, 0.2, confidence)
    with NdjsonWriter(path) as writer:
        writer.write(frame_result(0, tracked_person(1, quality=quality), tracked_person(2)))

    judged, not_judged = next(read_results(path)).persons

    assert judged.quality is not None
    assert (judged.quality.usability, judged.quality.reasons, judged.quality.error) == ("doubtful", reasons, 0.2)
    np.testing.assert_array_equal(judged.quality.joint_confidence, confidence)
    assert not_judged.quality is None


def test_where_people_stand_before_a_calibrated_camera_comes_back(tmp_path: Path) -> None:
    camera = Calibration(1500.25, FocalSource.METADATA, 1920, 1080)
    person = tracked_person(camera=np.array([0.5, -0.25, 60], np.float32))
    with NdjsonWriter(tmp_path / "results.ndjson") as file:
        file.write(frame_result(0, person, calibration=camera))
        file.write(frame_result(1, tracked_person(1, 1)))

    known, unknown = read_results(tmp_path / "results.ndjson")

    assert known.calibration == camera
    placed, expected = known.persons[0].in_camera, in_camera(person, camera)
    assert placed is not None
    np.testing.assert_array_equal(placed.translation, expected.translation)
    np.testing.assert_array_equal(placed.global_orient, expected.global_orient)
    assert placed.translation[2] == pytest.approx(60 * 1500.25 / 37500, abs=1)
    assert (unknown.calibration, unknown.persons[0].in_camera) == (None, None)


def test_mesh_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    with NdjsonWriter(path, rigid_body(np.eye(3))) as writer:
        writer.write(two_people(0))

    mesh = next(read_results(path)).persons[1].mesh_vertices

    assert mesh is not None
    np.testing.assert_allclose(mesh, two_people(0).persons[1].global_orient[0].T, rtol=1e-6)


def test_file_appears_under_its_name_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "out" / "results.ndjson"
    with NdjsonWriter(path) as writer:
        writer.write(two_people(0))
        assert [entry.name for entry in path.parent.iterdir()] == ["results.ndjson.partial"]
        assert len(list(read_results(path.parent / "results.ndjson.partial"))) == 1

    assert [entry.name for entry in path.parent.iterdir()] == ["results.ndjson"]


def test_failed_run_keeps_the_partial_file_and_the_earlier_results(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    path.write_bytes(b"earlier results")

    def interrupted_run() -> None:
        with NdjsonWriter(path) as writer:
            writer.write(two_people(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_run()

    assert path.read_bytes() == b"earlier results"
    assert len(list(read_results(tmp_path / "results.ndjson.partial"))) == 1


def test_run_that_fails_before_its_first_frame_leaves_nothing(tmp_path: Path) -> None:
    writer = NdjsonWriter(tmp_path / "results.ndjson")
    writer.close(complete=False)

    assert list(tmp_path.iterdir()) == []


def test_frames_may_start_anywhere(tmp_path: Path) -> None:
    with NdjsonWriter(tmp_path / "results.ndjson") as writer:
        writer.write(two_people(50))
        writer.write(two_people(51))

    assert writer.frames == 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (two_people(0), "expected frame 1 next, got frame 0"),
        (two_people(2), "expected frame 1 next, got frame 2"),
        (
            frame_result(1, tracked_person(1, 0)),
            "track 1: expected a person of this frame, got one of frame 0",
        ),
        (frame_result(1, tracked_person(1, 1), tracked_person(1, 1)), "frame 1: expected each track once, got track 1"),
        (frame_result(1, tracked_person(1, 1, betas=np.full(10, np.nan))), "smpl.betas"),
    ],
)
def test_refused_frame_leaves_no_trace(tmp_path: Path, second: FrameResult, message: str) -> None:
    path = tmp_path / "results.ndjson"
    with NdjsonWriter(path) as writer:
        writer.write(two_people(0))
        with pytest.raises(ContractError, match=message):
            writer.write(second)
        writer.write(two_people(1))

    assert [frame.frame_number for frame in read_results(path)] == [0, 1]


def test_write_after_close_is_refused(tmp_path: Path) -> None:
    writer = NdjsonWriter(tmp_path / "results.ndjson")
    writer.close(complete=True)

    with pytest.raises(ResultsError, match="expected an open file"):
        writer.write(two_people(0))


def test_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ResultsError, match="expected a path that can be written, got"):
        NdjsonWriter(tmp_path / "file" / "results.ndjson")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_is_reported(tmp_path: Path) -> None:
    (tmp_path / "results.ndjson.partial").symlink_to("/dev/full")
    writer = NdjsonWriter(tmp_path / "results.ndjson")

    with pytest.raises(ResultsError, match=r"results\.ndjson: expected to write the results, got No space left"):
        writer.write(frame_result(0))

    writer.close(complete=False)
    assert not (tmp_path / "results.ndjson").exists()


def test_killed_process_leaves_whole_lines_in_the_partial_file(tmp_path: Path) -> None:
    program = (
        "import itertools, pathlib, sys\n"
        "from tests.results.frames import two_people\n"
        "from tracker_service.results.ndjson import NdjsonWriter\n"
        "writer = NdjsonWriter(pathlib.Path(sys.argv[1]))\n"
        "for number in itertools.count():\n"
        "    writer.write(two_people(number))\n"
    )
    path, partial = tmp_path / "results.ndjson", tmp_path / "results.ndjson.partial"
    process = subprocess.Popen([sys.executable, "-c", program, os.fspath(path)], cwd=PROJECT)
    try:
        deadline = time.monotonic() + 60
        while not (partial.exists() and partial.stat().st_size > 200_000):
            assert process.poll() is None, "the writer ended by itself"
            assert time.monotonic() < deadline, "the writer wrote nothing"
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()

    assert not path.exists()
    *lines, last = partial.read_bytes().split(b"\n")
    assert [orjson.loads(line)["frame_number"] for line in lines] == list(range(len(lines)))
    assert len(lines) > 10
    assert two_people_line(len(lines)).startswith(last)


def two_people_line(number: int) -> bytes:
    return frame_bytes(two_people(number))


def test_fields_beyond_the_contract_may_be_missing(tmp_path: Path) -> None:
    frame = orjson.loads(frame_bytes(frame_result(0, tracked_person(age=2))))
    for name in ("frame_width", "frame_height", "shot", "dropped", "camera_motion"):
        del frame[name]
    for name in ("state", "found_by", "camera_crop"):
        del frame["persons"][0][name]
    path = tmp_path / "results.ndjson"
    path.write_bytes(orjson.dumps(frame))

    read = next(read_results(path))

    assert (read.width, read.height, read.shot, read.dropped) == (0, 0, False, DroppedDetections())
    assert read.persons[0].state is PersonState.PREDICTED
    assert read.persons[0].found_by is FoundBy.DETECTION


def test_how_a_person_was_found_and_lost_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    with NdjsonWriter(path) as writer:
        found = tracked_person(1, found_by=FoundBy.SECOND_LOOK)
        writer.write(frame_result(0, found, tracked_person(2, age=9, state=PersonState.LOST)))

    found_again, lost = next(read_results(path)).persons

    assert (found_again.state, found_again.found_by) == (PersonState.SEEN, FoundBy.SECOND_LOOK)
    assert lost.state is PersonState.LOST


def changed(path: tuple[str | int, ...], value: object) -> bytes:
    """Return a good frame with one value replaced, or removed where the value is ``...``."""
    frame = orjson.loads(frame_bytes(two_people(1)))
    target: Any = frame
    for step in path[:-1]:
        target = target[step]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return orjson.dumps(frame)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "text that is not JSON"),
        (b'{"frame_number": 1, "pers', "text that is not JSON"),
        (b"[]", r"the line: expected a JSON object, got \[\]"),
        (changed(("frame_number",), ...), "frame_number: expected a whole number from 0, got nothing"),
        (changed(("frame_number",), -1), "frame_number: expected a whole number from 0, got -1"),
        (changed(("frame_number",), True), "frame_number: expected a whole number from 0, got True"),
        (changed(("frame_number",), 2), "expected frame 1, got frame 2"),
        (changed(("timestamp",), "0"), "timestamp: expected a number, got '0'"),
        (changed(("persons",), {}), r"persons: expected a list, got \{\}"),
        (changed(("persons", 0), 5), r"persons\[\]: expected a JSON object, got 5"),
        (changed(("persons", 0, "track_id"), 0), "track_id: expected a whole number from 1, got 0"),
        (changed(("persons", 0, "track_id"), 2), r"track_id: expected each track once in a frame, got \[2, 2\]"),
        (changed(("persons", 0, "state"), "gone"), "state: expected seen, predicted or lost, got 'gone'"),
        (changed(("persons", 0, "found_by"), 5), "found_by: expected detection, low_score or second_look, got 5"),
        (changed(("persons", 0, "bbox"), [1, 2, 3]), r"bbox: expected shape \(4\), got \(3,\)"),
        (changed(("persons", 0, "bbox"), [1, 2, 3, None]), "bbox: expected finite numbers, got null or NaN"),
        (changed(("persons", 0, "bbox"), [1, [2], 3, 4]), "bbox: expected numbers in equally long rows"),
        (changed(("persons", 0, "smpl"), ...), "smpl: expected a JSON object, got nothing"),
        (changed(("persons", 0, "smpl", "betas"), ...), "betas: expected"),
        (changed(("persons", 0, "camera", "tz"), ...), "tz: expected a number, got nothing"),
    ],
)
def test_broken_line_is_named(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "results.ndjson"
    path.write_bytes(frame_bytes(two_people(0)) + b"\n" + line + b"\n")
    frames = read_results(path)

    assert next(frames).frame_number == 0
    with pytest.raises(ResultsError, match=rf"results\.ndjson:2: .*{message}"):
        next(frames)


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="expected a readable results file, got No such file"):
        next(read_results(tmp_path / "results.ndjson"))


def test_the_camera_s_motion_and_people_s_places_are_read_back(tmp_path: Path) -> None:
    place = PersonWorld(
        position=np.array([1.5, 0.25, -12.0]),
        position_deviation=np.array([0.25, 0.5, 2.0]),
        velocity=np.array([3.0, -1.0, 0.5]),
        velocity_deviation=np.array([0.5, 0.5, 1.0]),
        heading=-0.75,
        heading_deviation=0.5,
        contacts=np.array([0.875, 0.125]),
        orientation=np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
        doubts=(WorldDoubt.CROUCHED, WorldDoubt.SMALL),
    )
    motion = CameraMotion(np.array([[1, 0.125, 3.25], [-0.125, 1, -7], [0, 0, 1]]), 0.75)
    path = tmp_path / "results.ndjson"
    path.write_bytes(
        frame_bytes(frame_result(0, tracked_person(1, world=place), tracked_person(2), camera_motion=motion))
    )

    read = next(read_results(path))

    assert read.camera_motion is not None
    assert read.camera_motion.confidence == motion.confidence
    np.testing.assert_array_equal(read.camera_motion.matrix, motion.matrix)
    world = read.persons[0].world
    assert world is not None
    for name in ("position", "position_deviation", "velocity", "velocity_deviation", "contacts", "orientation"):
        np.testing.assert_array_equal(getattr(world, name), getattr(place, name))
    assert (world.heading, world.heading_deviation) == (place.heading, place.heading_deviation)
    assert (world.doubts, world.reliable) == (place.doubts, False)
    assert read.persons[1].world is None
