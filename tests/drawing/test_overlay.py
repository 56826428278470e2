"""What the overlay draws for whom."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.drawing.people import HEIGHT, WIDTH, box_body, frame, grey, person
from tracker_service.body.joints import BODY_25_EDGES
from tracker_service.body.model import BodyModel
from tracker_service.drawing.camera import PinholeCamera
from tracker_service.drawing.overlay import draw_overlay
from tracker_service.drawing.palette import track_color
from tracker_service.drawing.style import OverlayStyle
from tracker_service.errors import ContractError
from tracker_service.types import (
    Bool,
    FoundBy,
    FrameResult,
    PersonState,
    PoseQuality,
    QualityReason,
    Smpl,
    TrackedPerson,
    UInt8,
    Usability,
)
from tracker_service.types.calibration import Calibration, FocalSource

BOXES = OverlayStyle(mesh=False, skeleton=False, stamp=False)
MESHES = OverlayStyle(boxes=False, skeleton=False, stamp=False)


def changed(result: FrameResult, style: OverlayStyle) -> Bool:
    return np.asarray((draw_overlay(grey(), result, body=box_body(), style=style) != grey()).any(axis=2))


def test_the_given_image_is_not_changed() -> None:
    image = grey()
    draw_overlay(image, frame(person(1, (160, 120))), body=box_body())
    np.testing.assert_array_equal(image, grey())


def test_an_empty_frame_without_a_stamp_stays_as_it_is() -> None:
    assert not changed(frame(), BOXES).any()


def test_the_mesh_covers_the_square_the_camera_puts_it_in() -> None:
    mask = changed(frame(person(1, (200, 130), height=80)), MESHES)
    below_the_tag = mask[100:]
    rows, columns = np.nonzero(below_the_tag)
    assert (columns.min(), columns.max() + 1) == (160, 240)
    assert rows.max() + 101 == 170
    assert below_the_tag[:70, 160:240].all()


@pytest.mark.parametrize("center", [(160, 120), (235, 90)])
def test_a_known_camera_sees_the_mesh_in_perspective_and_from_the_side(center: tuple[float, float]) -> None:
    one, focal = person(1, center), 300.0
    known = replace(frame(one), calibration=Calibration(focal, FocalSource.GIVEN, WIDTH, HEIGHT))
    middle = np.array([WIDTH, HEIGHT]) / 2
    ray = np.append((np.array(center) - middle) / focal, 1.0)
    root = ray * one.camera[2] * focal / PinholeCamera.of_frame(WIDTH, HEIGHT).focal
    axis = np.cross([0, 0, 1.0], ray / np.linalg.norm(ray))
    length = np.linalg.norm(axis)
    turn = cv2.Rodrigues(axis * np.arcsin(length) / max(length, 1e-12))[0]
    corners = (
        box_body().vertices(Smpl(one.global_orient[None], one.body_pose[None], one.betas[None]))[0] @ turn.T + root
    )
    pixels = focal * corners[:, :2] / corners[:, 2:] + middle
    rows, columns = np.nonzero(changed(known, MESHES))
    below_the_tag = rows > pixels[:, 1].min() + 25
    assert abs(columns[below_the_tag].min() - pixels[:, 0].min()) < 2
    assert abs(columns[below_the_tag].max() + 1 - pixels[:, 0].max()) < 2
    assert abs(rows.max() + 1 - pixels[:, 1].max()) < 2
    assert np.ptp(pixels[:, 1]) > 115  # of the 100 pixels that PHALP's camera sees


def test_the_nearer_person_hides_the_farther() -> None:
    near, far = person(1, (160, 120), height=120), person(2, (190, 120), height=60)
    together = draw_overlay(grey(), frame(near, far), body=box_body(), style=MESHES)
    alone = draw_overlay(grey(), frame(near), body=box_body(), style=MESHES)
    np.testing.assert_array_equal(together[130:170, 110:215], alone[130:170, 110:215])


def test_a_box_is_drawn_around_a_seen_person_without_gaps_and_with_gaps_around_a_predicted() -> None:
    seen = changed(frame(person(1, (160, 120))), BOXES)
    predicted = changed(frame(person(1, (160, 120), predicted_for=3)), BOXES)
    right_side = slice(80, 165), 210
    assert seen[right_side].all()
    assert predicted[right_side].any()
    assert not predicted[right_side].all()


def test_of_a_lost_person_only_a_dashed_box_and_a_tag_are_drawn() -> None:
    predicted = person(1, (160, 120), predicted_for=3)
    lost = replace(predicted, state=PersonState.LOST)
    everything = OverlayStyle(stamp=False)
    surfaces = OverlayStyle(boxes=False, skeleton=False, stamp=False)

    def drawn(one: TrackedPerson, style: OverlayStyle) -> int:
        return int(changed(frame(one), style).sum())

    assert 0 < drawn(lost, surfaces) < drawn(predicted, surfaces)
    assert drawn(lost, surfaces) < drawn(lost, everything) < drawn(predicted, everything)


def test_a_tag_says_who_was_found_by_a_second_look() -> None:
    detected = person(1, (160, 120))
    again = replace(detected, found_by=FoundBy.SECOND_LOOK)
    assert (changed(frame(again), BOXES).sum()) > changed(frame(detected), BOXES).sum()


def test_a_predicted_mesh_is_clearer_than_a_seen_one() -> None:
    def contrast(predicted_for: int) -> float:
        result = frame(person(1, (160, 120), predicted_for=predicted_for))
        picture = draw_overlay(grey(), result, body=box_body(), style=MESHES)
        return float(np.abs(picture[110:150, 120:200].astype(int) - 128).mean())

    assert contrast(3) < 0.6 * contrast(0)
    assert contrast(3) > 0


def skeleton_of(points: dict[int, tuple[float, float]], *, predicted_for: int = 0) -> TrackedPerson:
    joints = np.full((45, 2), np.nan, np.float32)
    for index, point in points.items():
        joints[index] = point
    return person(1, (160, 120), joints_2d=joints, predicted_for=predicted_for, box=(-90, -90, -80, -80))


@pytest.mark.parametrize("predicted_for", [0, 3])
def test_a_limb_is_drawn_between_its_joints(predicted_for: int) -> None:
    a, b = BODY_25_EDGES[0]
    style = OverlayStyle(mesh=False, boxes=False, stamp=False)
    mask = changed(frame(skeleton_of({a: (100, 60), b: (200, 160)}, predicted_for=predicted_for)), style)
    assert all(mask[60 + k, 100 + k] for k in range(5, 96))
    assert not mask[50:170, 210:].any()


def quality(usability: Usability, *reasons: QualityReason) -> PoseQuality:
    return PoseQuality(usability, reasons, None, np.ones(45, np.float32))


def test_a_mesh_is_the_clearer_the_less_its_pose_can_be_believed() -> None:
    def contrast(usability: Usability, *reasons: QualityReason) -> float:
        judged = replace(person(1, (160, 120)), quality=quality(usability, *reasons))
        picture = draw_overlay(grey(), frame(judged), body=box_body(), style=MESHES)
        return float(np.abs(picture[110:150, 120:200].astype(int) - 128).mean())

    usable = contrast(Usability.USABLE)
    doubtful = contrast(Usability.DOUBTFUL, QualityReason.SMALL)
    unusable = contrast(Usability.UNUSABLE, QualityReason.SMALL)
    assert 0 < unusable < 0.6 * usable
    assert 1.2 * unusable < doubtful < 0.9 * usable


def test_a_person_not_seen_for_long_has_a_dashed_box_and_no_body() -> None:
    far = quality(Usability.UNUSABLE, QualityReason.PREDICTED)
    gone = replace(person(1, (160, 120), predicted_for=9), quality=far)
    assert not changed(frame(gone), MESHES)[75:].any()
    side = changed(frame(gone), BOXES)[80:165, 210]
    assert side.any()
    assert not side.all()


def test_joints_that_are_not_finite_are_left_out() -> None:
    a, _ = BODY_25_EDGES[0]
    style = OverlayStyle(mesh=False, boxes=False, stamp=False)
    mask = changed(frame(skeleton_of({a: (100, 60)})), style)
    assert mask[60, 100]
    assert not mask[:, 110:].any()


def test_predicted_people_and_other_identities_can_be_left_out() -> None:
    result = frame(person(1, (60, 120), height=60), person(2, (160, 120), height=60, predicted_for=2))
    seen_only = changed(result, OverlayStyle.from_render_type("HUMAN_BBOX"))
    assert seen_only[60:, :100].any()
    assert not seen_only[60:, 110:].any()
    second_only = changed(result, OverlayStyle.from_render_type("GHOST_BBOX_TRACKID_2_"))
    assert not second_only[60:, :100].any()
    assert second_only[60:, 110:].any()


def test_a_person_who_walked_out_of_the_image_leaves_no_mark() -> None:
    gone = person(1, (160, 120), predicted_for=5, box=(WIDTH + 5, 20, WIDTH + 60, 200))
    assert not changed(frame(gone), BOXES).any()


def test_boxes_that_stick_out_far_are_drawn_where_they_cross_the_image() -> None:
    mask = changed(frame(person(1, (160, 120), box=(-1e7, 60, 100, 1e7))), BOXES)
    assert mask[70:, 100].all()
    assert not mask[:, 110:].any()


def test_tags_stay_inside_the_image() -> None:
    mask = changed(frame(person(123, (300, 10), box=(300, -30, 400, 50))), BOXES)
    plate = draw_overlay(grey(), frame(person(123, (300, 10), box=(300, -30, 400, 50))), style=BOXES)
    assert mask[2, WIDTH - 3]
    assert tuple(plate[1, WIDTH - 2]) == track_color(123)


def test_the_shot_mark_frames_the_picture_on_the_first_frame_of_a_shot_only() -> None:
    style = OverlayStyle(mesh=False, boxes=False, skeleton=False)
    border = changed(frame(shot=True), style)
    assert border[HEIGHT - 1].all()
    assert border[:, WIDTH - 1].all()
    plain = changed(frame(), style)
    assert plain.any()
    assert not plain[HEIGHT // 2 :].any()


def test_the_silhouette_is_tinted_and_lets_the_picture_through() -> None:
    image = grey()
    image[::2] = 60
    style = OverlayStyle(mesh=False, boxes=False, skeleton=False, silhouette=True, stamp=False)
    picture = draw_overlay(image, frame(person(1, (160, 120))), body=box_body(), style=style)
    inside = picture[110:150, 130:190].astype(int)
    assert (np.abs(np.diff(inside.mean(axis=(1, 2)))) > 20).all()
    assert (inside != image[110:150, 130:190]).any(axis=2).all()


@pytest.mark.parametrize(
    ("image", "body", "message"),
    [
        (
            np.zeros((HEIGHT, WIDTH + 1, 3), np.uint8),
            box_body(),
            r"expected uint8 image \(240, 320, 3\), got uint8 \(240, 321, 3\)",
        ),
        (np.zeros((HEIGHT, WIDTH, 3), np.float32), box_body(), "got float32"),
        (grey(), None, "expected a body"),
    ],
    ids=["wrong size", "wrong type", "no body"],
)
def test_what_cannot_be_drawn_is_refused(image: UInt8, body: BodyModel | None, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        draw_overlay(image, frame(person(1, (160, 120))), body=body)


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (3840, 2160)])
def test_every_image_size_can_be_drawn_on(size: tuple[int, int]) -> None:
    width, height = size
    result = FrameResult(0, 0.0, width, height, (person(1, (30, 30), height=20),), shot=True)
    picture = draw_overlay(np.zeros((height, width, 3), np.uint8), result, body=box_body())
    assert picture.shape == (height, width, 3)
    assert picture.any()
