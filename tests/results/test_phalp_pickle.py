"""The layout of the original's output, field by field (``phalp/trackers/PHALP.py`` and its README)."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from pycocotools import mask as coco_mask  # type: ignore[import-untyped]

from tests.body.conftest import PROJECT
from tests.results.frames import frame_result, placed, tracked_person, two_people
from tracker_service.body.camera_space import in_camera
from tracker_service.body.model import BodyModel
from tracker_service.errors import ContractError, ResultsError
from tracker_service.results.person_json import stacked_smpl
from tracker_service.results.phalp_pickle import PhalpPickleWriter, empty_mask, extracted_frame_path, phalp_frame
from tracker_service.types import FrameResult, WorldDoubt
from tracker_service.types.calibration import Calibration, FocalSource

FRAME_VALUES = {"time": int, "shot": int, "frame_path": str}
SEEN_LISTS: dict[str, type | tuple[str, tuple[int, ...]]] = {"tracked_ids": int, "tracked_bbox": ("f4", (4,))}
PERSON_LISTS: dict[str, type | tuple[str, tuple[int, ...]]] = {
    "tid": int,
    "bbox": ("f4", (4,)),
    "tracked_time": int,
    "center": ("f4", (2,)),
    "scale": float,
    "size": list,
    "img_path": str,
    "img_name": str,
    "class_name": np.int64,
    "conf": np.float32,
    "annotations": list,
    "smpl": dict,
    "camera": ("f4", (3,)),
    "camera_bbox": ("f4", (3,)),
    "3d_joints": ("f4", (45, 3)),
    "2d_joints": ("f4", (90,)),
    "mask": list,
    "extra_data": int,
    "appe": ("f4", (32,)),
    "loca": ("f4", (99,)),
    "pose": ("f4", (229,)),
}


def written(tmp_path: Path, *results: FrameResult) -> dict[str, dict[str, Any]]:
    path = tmp_path / "tracks.pkl"
    with PhalpPickleWriter(path, extracted_frame_path("clips/walk.mp4")) as writer:
        for result in results:
            writer.write(result)
    frames: dict[str, dict[str, Any]] = joblib.load(path)
    return frames


def assert_described(value: Any, description: type | tuple[str, tuple[int, ...]]) -> None:
    if isinstance(description, tuple):
        dtype, shape = description
        assert type(value) is np.ndarray
        assert (value.dtype, value.shape) == (np.dtype(dtype), shape)
    else:
        assert type(value) is description


def test_every_key_has_the_originals_type_and_shape(tmp_path: Path) -> None:
    frame = written(tmp_path, two_people(0))["_DEMO/walk/img/000001.jpg"]

    assert set(frame) == {*FRAME_VALUES, *SEEN_LISTS, *PERSON_LISTS}
    for key, kind in FRAME_VALUES.items():
        assert type(frame[key]) is kind
    for lists, length in ((PERSON_LISTS, 2), (SEEN_LISTS, 1)):
        for key, description in lists.items():
            assert type(frame[key]) is list
            assert len(frame[key]) == length
            for value in frame[key]:
                assert_described(value, description)
    for body in frame["smpl"]:
        assert {key: (value.dtype, value.shape) for key, value in body.items()} == {
            "global_orient": (np.float32, (1, 3, 3)),
            "body_pose": (np.float32, (23, 3, 3)),
            "betas": (np.float32, (10,)),
        }


def test_values_are_those_of_the_person(tmp_path: Path) -> None:
    person = tracked_person(5, 30, box=[10, 20, 40, 80], side=192.0, center=[25, 50])
    frame = written(tmp_path, frame_result(30, person, shot=True))["_DEMO/walk/img/000001.jpg"]

    assert (frame["time"], frame["shot"], frame["frame_path"]) == (0, 1, "_DEMO/walk/img/000001.jpg")
    assert (frame["tid"], frame["tracked_ids"], frame["tracked_time"]) == ([5], [5], [0])
    assert frame["bbox"][0].tolist() == frame["tracked_bbox"][0].tolist() == [10, 20, 30, 60]
    assert (frame["center"][0].tolist(), frame["scale"], frame["size"]) == ([25, 50], [0.1], [[1080, 1920]])
    assert (frame["img_path"], frame["img_name"]) == (["_DEMO/walk/img/000001.jpg"], ["000001.jpg"])
    assert (frame["class_name"], frame["annotations"], frame["extra_data"]) == ([0], [[]], [0])
    assert frame["conf"] == [np.float32(0.87)]
    for key, value in {
        "camera": person.camera,
        "camera_bbox": person.crop_camera,
        "3d_joints": person.joints_3d,
        "appe": person.appearance,
        "loca": person.location,
        "pose": person.pose,
    }.items():
        np.testing.assert_array_equal(frame[key][0], value)
    for key, value in frame["smpl"][0].items():
        np.testing.assert_array_equal(value, getattr(person, key))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920)], ids=["landscape", "portrait"])
def test_scale_is_the_crops_side_relative_to_the_longer_side_of_the_frame(width: int, height: int) -> None:
    frame = phalp_frame(frame_result(0, tracked_person(side=192.0), width=width, height=height), 0, "frame")

    assert (frame["scale"], frame["size"]) == ([0.1], [[height, width]])


def test_predicted_people_are_ghosts(tmp_path: Path) -> None:
    frame = written(tmp_path, two_people(0))["_DEMO/walk/img/000001.jpg"]

    assert (frame["tid"], frame["tracked_time"], frame["tracked_ids"]) == ([1, 2], [0, 3], [1])
    assert frame["extra_data"] == [0, -1]


def test_frame_without_people_has_empty_lists(tmp_path: Path) -> None:
    frame = written(tmp_path, frame_result(0))["_DEMO/walk/img/000001.jpg"]

    assert all(frame[key] == [] for key in (*PERSON_LISTS, *SEEN_LISTS))


@pytest.mark.parametrize(
    ("width", "height", "pixel", "expected"),
    [
        (1920, 1080, (960, 540), (0.5, 0.5)),
        (1920, 1080, (0, 0), (0, 420 / 1920)),
        (1080, 1920, (0, 0), (420 / 1920, 0)),
        (640, 480, (640, 480), (1, 560 / 640)),
        (641, 480, (0, 0), (0, 80 / 641)),
    ],
)
def test_2d_joints_are_those_of_the_padded_square(
    width: int, height: int, pixel: tuple[float, float], expected: tuple[float, float]
) -> None:
    person = tracked_person(joints_2d=np.tile(np.array(pixel, np.float32), (45, 1)))

    frame = phalp_frame(frame_result(0, person, width=width, height=height), 0, "frame")

    np.testing.assert_allclose(frame["2d_joints"][0].reshape(45, 2), np.tile(expected, (45, 1)), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with NumPy 2
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 16), (480, 640), (1080, 1920), (2160, 3840)])
def test_mask_decodes_to_an_empty_image_of_the_frames_size(height: int, width: int) -> None:
    decoded = coco_mask.decode(empty_mask(height, width))

    assert decoded.shape == (height, width)
    assert not decoded.any()


def test_frames_are_numbered_from_the_first_processed_one(tmp_path: Path) -> None:
    frames = written(tmp_path, two_people(50), two_people(51))

    assert list(frames) == ["_DEMO/walk/img/000001.jpg", "_DEMO/walk/img/000002.jpg"]
    assert [frame["time"] for frame in frames.values()] == [0, 1]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("clips/walk.mp4", "_DEMO/walk/img/000001.jpg"),
        ("walk.v2.mov", "_DEMO/walk/img/000001.jpg"),
        ("C:\\clips\\walk.avi", "_DEMO/walk/img/000001.jpg"),
        ("frames/walk/", "_DEMO/walk/img/000001.jpg"),
    ],
)
def test_frame_paths_are_those_of_the_original(source: str, path: str) -> None:
    assert extracted_frame_path(source)(0) == path


def test_folder_frames_keep_their_own_paths(tmp_path: Path) -> None:
    images = ["walk/a.png", "walk/b.png"]
    with PhalpPickleWriter(tmp_path / "tracks.pkl", images.__getitem__) as writer:
        writer.write(two_people(0))
        writer.write(two_people(1))

    frames = joblib.load(tmp_path / "tracks.pkl")

    assert list(frames) == images
    assert frames["walk/b.png"]["img_name"] == ["b.png", "b.png"]


def test_reads_like_what_joblib_itself_writes(tmp_path: Path) -> None:
    results = [two_people(number) for number in range(3)]
    paths = [extracted_frame_path("walk.mp4")(index) for index in range(3)]
    joblib.dump(
        {
            path: phalp_frame(result, index, path)
            for index, (path, result) in enumerate(zip(paths, results, strict=True))
        },
        tmp_path / "joblib.pkl",
        compress=3,
    )

    expected, frames = joblib.load(tmp_path / "joblib.pkl"), written(tmp_path, *results)

    assert list(frames) == list(expected)
    for path, frame in frames.items():
        np.testing.assert_equal(frame, expected[path])


def test_failed_run_keeps_a_readable_partial_file(tmp_path: Path) -> None:
    path = tmp_path / "tracks.pkl"

    def interrupted_run() -> None:
        with PhalpPickleWriter(path, extracted_frame_path("walk.mp4")) as writer:
            writer.write(two_people(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_run()

    assert not path.exists()
    assert list(joblib.load(tmp_path / "tracks.pkl.partial")) == ["_DEMO/walk/img/000001.jpg"]


def test_run_that_fails_before_its_first_frame_leaves_nothing(tmp_path: Path) -> None:
    PhalpPickleWriter(tmp_path / "tracks.pkl", extracted_frame_path("walk.mp4")).close(complete=False)

    assert list(tmp_path.iterdir()) == []


def test_with_a_body_every_person_has_a_surface(tmp_path: Path) -> None:
    body = BodyModel.load(PROJECT / "model_repository" / "hmr_lite" / "body_model.npz")
    path, frames = tmp_path / "tracks.pkl", [two_people(0), frame_result(1), two_people(2)]
    with PhalpPickleWriter(path, extracted_frame_path("walk.mp4"), body=body) as writer:
        for result in frames:
            writer.write(result)
    read = list(joblib.load(path).values())
    assert [len(frame["verts"]) for frame in read] == [len(frame["faces"]) for frame in read] == [2, 0, 2]
    expected = body.vertices(stacked_smpl(frames[2].persons))
    np.testing.assert_array_equal(read[2]["verts"], expected)
    np.testing.assert_array_equal(read[2]["faces"][1], body.faces)
    assert set(read[0]) - {"verts", "faces"} == set(phalp_frame(frames[0], 0, ""))


def test_where_people_are_placed_in_the_world_the_frame_says_where(tmp_path: Path) -> None:
    there = placed(WorldDoubt.VERTICAL)
    frame = frame_result(0, tracked_person(1, world=there), tracked_person(2))
    first, second = written(tmp_path, frame, two_people(1)).values()
    world, nowhere = first["world"]
    np.testing.assert_array_equal(world["position"], there.position)
    np.testing.assert_array_equal(world["contacts"], there.contacts)
    assert (world["heading"], world["reliable"], world["doubts"]) == (0.25, False, ["vertical"])
    assert nowhere is None
    assert "world" not in second


def test_where_the_focal_length_is_known_people_stand_before_the_metric_camera_too(tmp_path: Path) -> None:
    camera, person = (
        Calibration(1500.0, FocalSource.METADATA, 1920, 1080),
        tracked_person(camera=np.array([1, 2, 60], np.float32)),
    )
    first, second = written(tmp_path, frame_result(0, person, calibration=camera), two_people(1)).values()
    assert first["calibration"] == {"focal_length": 1500.0, "source": "metadata"}
    (placed_before,), expected = first["in_camera"], in_camera(person, camera)
    np.testing.assert_array_equal(placed_before["translation"], expected.translation)
    np.testing.assert_array_equal(placed_before["global_orient"], expected.global_orient)
    np.testing.assert_array_equal(first["camera"][0], [1, 2, 60])  # PHALP's stays
    assert not {"calibration", "in_camera"} & set(second)


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    with PhalpPickleWriter(tmp_path / "tracks.pkl", extracted_frame_path("walk.mp4")) as writer:
        writer.write(two_people(0))
        writer.close(complete=True)

    assert len(joblib.load(tmp_path / "tracks.pkl")) == 1


def test_gap_is_refused(tmp_path: Path) -> None:
    with PhalpPickleWriter(tmp_path / "tracks.pkl", extracted_frame_path("walk.mp4")) as writer:
        writer.write(two_people(0))
        with pytest.raises(ContractError, match="expected frame 1 next, got frame 2"):
            writer.write(two_people(2))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_is_reported_when_the_run_ends(tmp_path: Path) -> None:
    (tmp_path / "tracks.pkl.partial").symlink_to("/dev/full")
    writer = PhalpPickleWriter(tmp_path / "tracks.pkl", extracted_frame_path("walk.mp4"))
    writer.write(two_people(0))

    with pytest.raises(ResultsError, match=r"tracks\.pkl: expected to write the results, got No space left"):
        writer.close(complete=True)

    assert not (tmp_path / "tracks.pkl").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_does_not_hide_why_a_run_failed(tmp_path: Path) -> None:
    (tmp_path / "tracks.pkl.partial").symlink_to("/dev/full")

    def failed_run() -> None:
        with PhalpPickleWriter(tmp_path / "tracks.pkl", extracted_frame_path("walk.mp4")) as writer:
            writer.write(two_people(0))
            raise KeyError

    with pytest.raises(KeyError):
        failed_run()
