"""What the page reads says the same as the results; the layout is read here as the page reads it."""

from pathlib import Path

import numpy as np
import pytest

from tests.viewer import walk
from tests.viewer.layout import read_bodies, read_body, read_timeline
from tracker_service.body.joint_angles import joint_angles
from tracker_service.body.model import BodyModel
from tracker_service.errors import ResultsError
from tracker_service.types import Smpl
from tracker_service.viewer.body_bytes import body_bytes
from tracker_service.viewer.chunks import ANGLE_NAMES
from tracker_service.viewer.decimation import coarse_surface
from tracker_service.viewer.run_folder import RunFolder
from tracker_service.viewer.viewed_run import CHUNK_FRAMES


def test_chunks_follow_each_other_and_hold_all_frames(results: Path, body: BodyModel) -> None:
    run = RunFolder(results).run()
    timelines = [read_timeline(run.chunk(number, body).timeline) for number in range(run.chunks)]
    assert [len(one["seconds"]) for one in timelines] == [CHUNK_FRAMES, walk.FRAMES - CHUNK_FRAMES]
    seconds = np.concatenate([one["seconds"] for one in timelines])
    np.testing.assert_allclose(seconds, np.arange(walk.FRAMES) / walk.RATE)
    focal = np.where(np.arange(walk.FRAMES) < walk.CALIBRATED_FROM, 0, walk.CAMERA.focal_length)
    np.testing.assert_array_equal(np.concatenate([one["focal"] for one in timelines]), focal)


def test_a_timeline_says_who_is_where_and_how(results: Path, body: BodyModel) -> None:
    run = RunFolder(results).run()
    timeline, records = read_timeline(run.chunk(0, body).timeline), run.records(0)
    rows = [(number, person) for number, frame in enumerate(records) for person in frame.persons]
    assert timeline["starts"].tolist() == list(range(0, 5 * CHUNK_FRAMES + 1, 5))
    for row, (_, person) in enumerate(rows):
        assert timeline["track_ids"][timeline["track"][row]] == person.track_id
        assert person.world is not None
        np.testing.assert_allclose(timeline["position"][row], person.world.position, atol=1e-5)
        np.testing.assert_array_equal(timeline["box"][row], person.bbox)
        angles = joint_angles(person.keypoints_3d, person.body_pose)
        for name, angle in zip(ANGLE_NAMES, timeline["angles"][row] / 100, strict=True):
            if name != "spine":
                assert angle == pytest.approx(angles[name], abs=0.006)


def test_bodies_are_those_of_the_results_to_a_hundredth_of_a_millimetre(results: Path, body: BodyModel) -> None:
    run = RunFolder(results).run()
    persons = [person for frame in run.records(0) for person in frame.persons]
    bodies = read_bodies(run.chunk(0, body).bodies)
    smpl = Smpl(bodies["rotations"][:, :1], bodies["rotations"][:, 1:], bodies["betas"])
    expected = Smpl(
        np.stack([person.global_orient for person in persons]),
        np.stack([person.body_pose for person in persons]),
        np.stack([person.betas for person in persons]),
    )
    assert np.abs(body.joints(smpl) - body.joints(expected)).max() < 2e-4
    np.testing.assert_allclose(bodies["camera"], np.stack([person.camera for person in persons]))
    upright = np.diag([1.0, -1.0, -1.0])
    np.testing.assert_allclose(bodies["orientation"], np.broadcast_to(upright, (len(persons), 3, 3)), atol=2e-4)


def test_the_coarse_body_lies_on_the_body(body: BodyModel) -> None:
    surface = coarse_surface(body)
    assert 1000 < len(surface.vertices) < body.number_of_vertices / 1.8
    assert set(surface.faces.ravel()) == set(range(len(surface.vertices)))
    tables = read_body(body_bytes(body))
    np.testing.assert_array_equal(tables["template"], body.v_template[surface.vertices])
    weights = np.zeros((len(surface.vertices), 24))
    np.put_along_axis(weights, tables["bones"].astype(int), tables["weights"] / 255, axis=1)
    assert np.abs(weights - body.lbs_weights[surface.vertices]).max() < 0.04
    shapes = body.shapedirs[surface.vertices].transpose(2, 0, 1)
    np.testing.assert_allclose(tables["shapes"], shapes, atol=float(np.abs(shapes).max()) / 32767)


def test_people_without_a_world_stand_before_a_level_camera(results: Path, body: BodyModel, tmp_path: Path) -> None:
    lines = (results / "results.ndjson").read_bytes().replace(b'"world":', b'"elsewhere":')
    (tmp_path / "results.ndjson").write_bytes(lines)
    timeline = read_timeline(RunFolder(tmp_path).run().chunk(0, body).timeline)
    assert not timeline["in_world"].any()
    assert (timeline["position"][:, 2] < -1).all()  # before the camera, which looks along -z
    assert (timeline["ground"] < timeline["position"][:, 1]).all()  # feet are below the hips


def test_a_run_that_is_being_written_grows(results: Path, tmp_path: Path) -> None:
    lines = (results / "results.ndjson").read_bytes().splitlines(keepends=True)
    partial = tmp_path / "results.ndjson.partial"
    partial.write_bytes(b"".join(lines[:10]) + lines[10][:100])
    folder = RunFolder(tmp_path)
    assert (folder.run().frames, folder.run().final) == (10, False)
    partial.write_bytes(b"".join(lines))
    assert folder.run().frames == walk.FRAMES
    partial.rename(tmp_path / "results.ndjson")
    run = folder.run()
    assert (run.frames, run.final) == (walk.FRAMES, True)
    assert [frame.frame_number for frame in run.records(1)] == list(range(CHUNK_FRAMES, walk.FRAMES))


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"view: expected results\.ndjson in .*No such file"):
        RunFolder(tmp_path)
