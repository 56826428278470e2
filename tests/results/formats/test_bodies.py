"""Where bodies stand in exported files, what their joints are called, what colour they have."""

import csv
from pathlib import Path

import numpy as np
import pygltflib
import pytest
from pxr import Usd
from scipy.spatial.transform import Rotation

from harness.formats.readers.bvh import read_bvh
from tests.results.formats.moving_people import PRESENT, write_moving_people
from tracker_service.body.model import BodyModel
from tracker_service.drawing.palette import track_color
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import quaternions, zxy_degrees
from tracker_service.results.formats.bodies.skeleton import PRESETS, SkeletonPreset
from tracker_service.results.formats.conversion import convert
from tracker_service.results.formats.recording import Recording


def test_without_a_world_people_stand_before_an_ordinary_camera(tmp_path: Path, body: BodyModel) -> None:
    write_moving_people(tmp_path, body, world=False)
    person = next(Recording.of(tmp_path).read()).persons[0]
    x, y, z = person.keypoints_3d[8] + np.array([0.5, 0.25, 90.0])
    distance = z * 256 / 5000
    placement = place(person)
    np.testing.assert_allclose(placement.pelvis, [x, -y, -distance], rtol=1e-5)
    # The middle of the body's own picture lies on the ray through the body.
    towards = placement.turn @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(towards, placement.pelvis / np.linalg.norm(placement.pelvis), atol=1e-6)


def test_how_sure_places_are_is_in_npz_tables_and_usd(results: Path, body: BodyModel, tmp_path: Path) -> None:
    convert(results, ["npz", "wide.csv", "usd"], tmp_path, lambda: body)
    with np.load(tmp_path / "person_3.npz") as motion:
        np.testing.assert_array_equal(motion["pelvis_deviation"], np.tile([0.5, 2.0, 0.25], (9, 1)))
        np.testing.assert_array_equal(motion["contacts"], np.tile([1.0, 0.25], (9, 1)))
        np.testing.assert_array_equal(motion["reliable"], motion["frame_numbers"] % 2 == 1)
    with (tmp_path / "results.wide.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["z_deviation"], row["right_contact"]) for row in rows} == {("2.00000", "0.25000")}
    assert all(row["reliable"] == ("true" if int(row["frame_number"]) % 2 else "false") for row in rows)
    stage = Usd.Stage.Open(str(tmp_path / "results.usd"))
    prim = stage.GetPrimAtPath("/people/person_3/motion")
    assert tuple(prim.GetAttribute("world:pelvisDeviation").Get(4)) == (0.5, 0.25, 2.0)
    assert [prim.GetAttribute("world:reliable").Get(number) for number in (4, 5)] == [False, True]


def test_where_no_world_is_known_tables_leave_it_empty(body: BodyModel, tmp_path: Path) -> None:
    write_moving_people(tmp_path, body, world=False)
    convert(tmp_path, ["npz", "wide.csv"], tmp_path, lambda: body)
    with (tmp_path / "results.wide.csv").open() as file:
        assert {row["x_deviation"] + row["left_contact"] + row["reliable"] for row in csv.DictReader(file)} == {""}
    with np.load(tmp_path / "person_12.npz") as motion:
        assert np.isnan(motion["contacts"]).all()
        assert not motion["reliable"].any()


@pytest.mark.parametrize(("preset", "name"), [("mixamo", "mixamorig:RightForeArm"), ("blender", "forearm.R")])
def test_presets_rename_joints_and_set_the_unit(
    preset: str, name: str, results: Path, body: BodyModel, tmp_path: Path
) -> None:
    kind = SkeletonPreset(preset)
    convert(results, ["bvh"], tmp_path, lambda: body, preset=kind)
    names = PRESETS[kind]
    assert names.names[19] == name
    assert len(set(names.names)) == 24
    shown = [(track_id, number) for track_id, numbers in PRESENT.items() for number in numbers]
    poses = read_bvh(tmp_path, shown, names.names, names.units_per_metre)
    joints = poses[12, 2].joints
    assert joints is not None
    np.testing.assert_allclose(joints[0], [0.1 * 2 - 12, -0.25, -6.1], atol=1e-5)


def test_every_person_of_a_glb_is_a_node_in_the_colour_of_the_overlay(
    results: Path, body: BodyModel, tmp_path: Path
) -> None:
    (path,) = convert(results, ["glb"], tmp_path, lambda: body)
    file = pygltflib.GLTF2().load(str(path))
    assert file is not None
    roots = [file.nodes[index] for index in file.scenes[0].nodes]
    assert [(node.name, node.extras) for node in roots] == [(f"person_{one}", {"track_id": one}) for one in PRESENT]
    for track_id, material in zip(PRESENT, file.materials, strict=True):
        linear = np.array(material.pbrMetallicRoughness.baseColorFactor[:3])
        shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        np.testing.assert_allclose(255 * shown, track_color(track_id), atol=0.01)


def test_angles_give_the_rotation_back_also_in_gimbal_lock() -> None:
    angles = np.array([[10.0, 20.0, 30.0], [170.0, -85.0, -120.0], [40.0, 90.0, 25.0], [40.0, -90.0, 25.0]])
    turns = Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()
    found = zxy_degrees(turns)
    np.testing.assert_allclose(found[:2], angles[:2], atol=1e-9)
    np.testing.assert_allclose(Rotation.from_euler("ZXY", found, degrees=True).as_matrix(), turns, atol=1e-7)


def test_a_turning_joint_never_jumps_to_the_other_quaternion() -> None:
    before = None
    for angle in np.linspace(0, 4 * np.pi, 60):
        found = quaternions(Rotation.from_rotvec([[0.0, angle, 0.0]]).as_matrix(), before)
        assert before is None or (found * before).sum() > 0.9
        before = found
