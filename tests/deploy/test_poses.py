"""What the smoke test takes for a good answer, and what it notices."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from deploy.smoke.poses import check_frame, check_video
from deploy.smoke.report import Report
from deploy.smoke.stack import SmokeError

SIZE = (1280, 720)
Video = list[dict[str, Any]]


def _person() -> dict[str, Any]:
    return {
        "smpl": {"betas": [0.0] * 10, "body_pose": [[[1.0]]] * 23, "global_orient": [[[1.0]]]},
        "keypoints_2d": [[640.0, 360.0]] * 45,
        "keypoints_3d": [[0.0, 0.0, 0.0]] * 45,
        "bbox": [600.0, 300.0, 80.0, 160.0],
    }


def _video() -> Video:
    frames: Video = [{"frame_number": number, "persons": [_person(), _person()]} for number in range(5)]
    frames[0]["persons"] = []
    return frames


def _answer() -> dict[str, Any]:
    return {"frame_number": 3, "has_3d": True, "keypoint_count": 1, "keypoints": [{"x": 1.0, "y": 2.0}]}


def test_good_video_passes_and_its_poses_are_counted() -> None:
    assert check_video(_video(), 5, SIZE) == 8


def _set(value: object, *path: Any) -> Callable[[Any], None]:
    def change(record: Any) -> None:
        for key in path[:-1]:
            record = record[key]
        record[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frames: frames.pop(), "frames 0 to 4"),
        (_set(2, 3, "frame_number"), "frames 0 to 4"),
        (lambda frames: frames.reverse(), "frames 0 to 4"),
        (_set([], 2, "persons"), "a pose in every frame from 1 on"),
        (lambda frames: [frame.update(persons=[]) for frame in frames], "people in the video"),
        (_set([0.0] * 9, 2, "persons", 0, "smpl", "betas"), "10 betas"),
        (_set([[0.0, 0.0]] * 44, 2, "persons", 0, "keypoints_2d"), "45 joints"),
        (_set(float("nan"), 2, "persons", 0, "bbox", 0), "finite numbers"),
        (_set([[9000.0, 0.0]] * 45, 2, "persons", 0, "keypoints_2d"), "joints near"),
    ],
)
def test_bad_video_is_noticed(change: Callable[[Video], object], message: str) -> None:
    frames = copy.deepcopy(_video())
    change(frames)
    with pytest.raises(SmokeError, match=message):
        check_video(frames, 5, SIZE)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (_set(3, "frame_number"), True),
        (_set(False, "has_3d"), False),
        (_set(4, "frame_number"), "answer to frame 3"),
        (_set(2, "keypoint_count"), "finite keypoints"),
        (_set(float("inf"), "keypoints", 0, "x"), "finite keypoints"),
    ],
)
def test_frame_is_judged(change: Callable[[Any], None], outcome: bool | str) -> None:
    answer = _answer()
    change(answer)
    if isinstance(outcome, bool):
        assert check_frame(answer, 3) is outcome
    else:
        with pytest.raises(SmokeError, match=outcome):
            check_frame(answer, 3)


def _fail(report: Report) -> None:
    with pytest.raises(SmokeError), report.step("gpu", "second"):
        check_video([], 1, SIZE)


def test_report_passes_only_if_every_step_did(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    verdicts = [report.passed]
    with report.step("gpu", "first") as step:
        step.remark = "3 frames"
    verdicts.append(report.passed)
    _fail(report)
    verdicts.append(report.passed)
    assert verdicts == [False, True, False]
    assert [row["step"] for row in report.rows()] == ["first", "FAILED: second"]
    assert "[3 frames]" in capsys.readouterr().out
