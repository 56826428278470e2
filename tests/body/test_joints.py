from tracker_service.body.joints import (
    BODY_25_EDGES,
    BODY_25_NAMES,
    JOINT_INDEX,
    JOINT_NAMES,
    SMPL_JOINT_NAMES,
)


def test_there_are_45_distinct_joints_and_the_origin_is_last() -> None:
    assert len(JOINT_NAMES) == len(set(JOINT_NAMES)) == 45
    assert JOINT_NAMES[-1] == "origin"


def test_smpl_has_24_distinct_joints() -> None:
    assert len(SMPL_JOINT_NAMES) == len(set(SMPL_JOINT_NAMES)) == 24


def test_joints_stand_where_hmr2_puts_them() -> None:
    expected = {0: "nose", 8: "mid_hip", 14: "left_ankle", 24: "right_heel", 25: "right_ankle_lsp", 39: "pelvis_mpii"}
    assert {index: JOINT_NAMES[index] for index in expected} == expected
    assert JOINT_INDEX["head_h36m"] == 43


def test_the_skeleton_connects_every_joint_of_body_25_without_a_loop() -> None:
    reached = {1}
    for _ in BODY_25_EDGES:
        reached |= {b for edge in BODY_25_EDGES for a, b in (edge, edge[::-1]) if a in reached}
    assert reached == set(range(len(BODY_25_NAMES)))
    assert len(BODY_25_EDGES) == len(BODY_25_NAMES) - 1
