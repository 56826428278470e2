"""The sample tracked with TokenHMR and CameraHMR, in this process and behind a real tritonserver."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.triton.environment import EnvironmentUnavailableError, server_environment
from harness.triton.server import TritonServer
from tests.export.full_set.runs import SAMPLE
from tests.pipeline.test_field_of_view import brightness_model
from tracker_service.api.http.errors import status_of
from tracker_service.errors import FocalLengthError, SettingsError
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.library.tracked_video import track
from tracker_service.model_sets import FULL_CAMERAHMR, MODEL_SETS
from tracker_service.people.crops import crop
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import Float64, FrameResult
from tracker_service.types.calibration import FocalLength, FocalSource
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.focal import focal_of
from tracker_service.wiring.live import open_frame_tracker
from tracker_service.wiring.run import open_perception

FRAMES = 6
GATES = {"low_th_c": 0.3, "small_w": 0, "small_h": 0, "n_init": 2, "appearance": "color", "pose_predictor": "velocity"}


@pytest.fixture(scope="module")
def server(family_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    try:
        environment = server_environment()
    except EnvironmentUnavailableError as error:
        pytest.skip(str(error))
    running = TritonServer(environment, family_repository, tmp_path_factory.mktemp("server") / "log").start()
    yield running
    running.kill()


def tracked(repository: Path, model_set: str, video: dict[str, Any], **inference: Any) -> list[FrameResult]:
    changes: dict[str, Any] = {
        "model_set": model_set,
        "phalp": GATES,
        "second_look": {"enable": False},
        "video": {"end_frame": FRAMES, **video},
        "inference": {"repository": repository, **inference},
    }
    with track(SAMPLE, **changes) as frames:
        return list(frames)


def joints(frames: list[FrameResult]) -> Float64:
    return np.array([person.joints_3d for frame in frames for person in frame.persons], np.float64)


@pytest.mark.parametrize(("model_set", "video"), [("full-tokenhmr", {}), ("full-camerahmr", {"fov": 40.0})])
@pytest.mark.registry
def test_people_are_the_same_embedded_and_served(
    family_repository: Path, server: TritonServer, model_set: str, video: dict[str, Any]
) -> None:
    here = tracked(family_repository, model_set, video)
    there = tracked(family_repository, model_set, video, kind="triton", triton_url=server.url)
    ids = [[person.track_id for person in frame.persons] for frame in here]
    assert len({one for frame in ids for one in frame}) >= 2
    assert [[person.track_id for person in frame.persons] for frame in there] == ids
    assert np.abs(joints(here) - joints(there)).max() < 1e-4  # metres
    for frame in here:
        if video:
            assert frame.calibration is not None
            assert frame.calibration.source is FocalSource.GIVEN
            assert frame.calibration.focal_length == pytest.approx(frame.height / 2 / np.tan(np.radians(20)))
        else:
            assert frame.calibration is None


def test_camerahmr_is_refused_without_a_focal_length(family_repository: Path) -> None:
    with pytest.raises(SettingsError, match=r"model camerahmr: expected the focal length .* video.focal .* vfov"):
        tracked(family_repository, "full-camerahmr", {})


def test_live_frames_may_bring_their_own_focal_length_and_are_refused_without_one(family_repository: Path) -> None:
    settings = load_settings(
        {
            "model_set": "full-camerahmr",
            "phalp": GATES,
            "second_look": {"enable": False},
            "inference": {"repository": family_repository},
        }
    )
    client = EmbeddedClient(family_repository, threads=1)
    with open_source(SAMPLE, end=Position(frame=2)) as source:
        first, second = source
    tracker, written = open_frame_tracker(settings, client), FocalLength(FocalSource.METADATA, 900.0)
    told = tracker.update(replace(first, focal=written))
    assert told.persons
    assert told.calibration == written.in_frame((told.width, told.height))
    with pytest.raises(FocalLengthError, match=r"model camerahmr: expected the focal .* EXIF .* vfov") as refused:
        tracker.update(second)
    assert status_of(refused.value).status == 422  # what `POST /pose` answers
    client.close()


def test_bodies_come_back_into_the_axes_of_the_model_s_camera(family_repository: Path) -> None:
    settings = load_settings(
        {
            "model_set": "full-camerahmr",
            "phalp": GATES,
            "video": {"focal": 900.0},
            "inference": {"repository": family_repository},
        }
    )
    client = EmbeddedClient(family_repository, threads=1)
    with open_source(SAMPLE, end=Position(frame=1)) as source:
        frame = next(iter(source))
    (seen,) = open_perception(settings, client, times=StageTimes()).observe([frame])
    camera = seen.result.calibration
    assert camera is not None
    people = seen.people
    boxes = people.detections.boxes
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    np.testing.assert_allclose(people.squares.sides, sides, rtol=1e-5)  # the plain square, not widened to 3:4
    places = camera.crop_places(people.squares.centers, people.squares.sides)
    crops = crop(frame.image, people.squares)
    raw = client.infer("camerahmr", {"crops": crops, "bbox_info": places}, ["global_orient", "cam_t", "joints_3d"])
    for row in range(len(people)):
        root = camera.roots(people.joints_3d[row : row + 1, 8], people.cameras[row : row + 1])[0]
        np.testing.assert_allclose(root, raw["cam_t"][row] + raw["joints_3d"][row, 8], rtol=1e-3, atol=1e-3)
    client.close()


def test_a_served_model_sees_the_focal_length_where_nothing_else_tells_it(tmp_path: Path) -> None:
    client = brightness_model(tmp_path)
    with open_source(SAMPLE, end=Position(frame=1)) as source:
        info = source.info
    seen = focal_of(load_settings({}), client, SAMPLE, info)
    assert seen is not None
    assert (seen.source, seen.pixels) == (FocalSource.ESTIMATED, None)
    assert 5 < (seen.field_of_view or 0) < 57  # of a picture that is neither black nor white
    given = focal_of(load_settings({"video": {"focal": 1111.0}}), client, SAMPLE, info)
    assert given is not None
    assert (given.source, given.pixels) == (FocalSource.GIVEN, 1111.0)
    client.close()


def test_without_a_model_or_metadata_nothing_is_known(family_repository: Path) -> None:
    client = EmbeddedClient(family_repository, threads=1)
    with open_source(SAMPLE, end=Position(frame=1)) as source:
        assert focal_of(load_settings({}), client, SAMPLE, source.info) is None
    client.close()


def test_focal_length_and_field_of_view_are_not_given_together() -> None:
    with pytest.raises(SettingsError, match="expected focal or fov, got both: 900 and 40"):
        load_settings({"video": {"focal": 900, "fov": 40}})


def test_model_sets_say_how_their_crops_are_cut() -> None:
    assert {each.crop_side for each in MODEL_SETS.values()} == {256}
    assert [each.name for each in MODEL_SETS.values() if each.needs_focal] == ["full-camerahmr"]
    assert FULL_CAMERAHMR.crop_aspect is None
    assert all(each.licence and each.colour_order == "RGB" for each in MODEL_SETS.values())
