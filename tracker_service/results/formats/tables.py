"""``csv`` and ``wide.csv``: the joints as tables, for spreadsheets, R and pandas."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from tracker_service.body.joint_angles import JOINT_ANGLE_NAMES, joint_angles
from tracker_service.body.joints import JOINT_NAMES
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.recording import Recording
from tracker_service.results.partial_file import PartialFile
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64

_JOINTS = JOINT_NAMES[:-1]
"""Without the model's origin, which is no part of a body."""
_WHO = ("frame_number", "timestamp", "track_id", "state", "usability")
_COORDINATES = ("x", "y", "z", "u", "v")
_PLACE = ("x_deviation", "y_deviation", "z_deviation", "left_contact", "right_contact", "reliable")


def write_long_table(recording: Recording, path: Path) -> None:
    """Write one row for every joint of every person and frame, those of lost people included.

    Columns: who, `joint`, `x y z` in metres, `u v` in pixels, `confidence`.

    Raises:
        ResultsError: the file cannot be written.
    """
    _write(recording, path, (*_WHO, "joint", *_COORDINATES, "confidence"), _long_rows)


def write_wide_table(recording: Recording, path: Path) -> None:
    """Write one row for every person and frame, those of lost people included.

    Columns: who, scores, the box in pixels, all joint angles in degrees, `NAME_x` to `NAME_v` of every joint, and how
    sure the place in the world is: standard deviations in metres, contacts of the feet, and whether it is reliable;
    empty where that is not known.

    Raises:
        ResultsError: the file cannot be written.
    """
    box = ("box_left", "box_top", "box_width", "box_height")
    joints = [f"{joint}_{axis}" for joint in _JOINTS for axis in _COORDINATES]
    angles = [f"{name}_angle" for name in JOINT_ANGLE_NAMES]
    columns = (*_WHO, "confidence", "tracking_confidence", *box, *angles, *joints, *_PLACE)
    _write(recording, path, columns, _wide_rows)


def _write(
    recording: Recording,
    path: Path,
    columns: Iterable[str],
    rows: Callable[[FrameRecord, PersonRecord], Iterable[str]],
) -> None:
    with PartialFile(path) as file:
        file.write((",".join(columns) + "\n").encode())
        for frame in recording.read():
            lines = [row for person in frame.persons for row in rows(frame, person)]
            file.write("".join(f"{line}\n" for line in lines).encode())


def _long_rows(frame: FrameRecord, person: PersonRecord) -> Iterable[str]:
    who, points = _who(frame, person), _points(person)
    known = person.quality
    confidences = [""] * len(_JOINTS) if known is None else [f"{one:.4g}" for one in known.joint_confidence.tolist()]
    for name, row, confidence in zip(_JOINTS, points.tolist(), confidences, strict=False):
        yield f"{who},{name},{_numbers(row)},{confidence}"


def _wide_rows(frame: FrameRecord, person: PersonRecord) -> Iterable[str]:
    scores = _numbers([person.confidence, person.tracking_confidence, *person.bbox.tolist()])
    angles = _numbers(joint_angles(person.keypoints_3d, person.body_pose).values())
    yield f"{_who(frame, person)},{scores},{angles},{_numbers(_points(person).ravel().tolist())},{_place(person)}"


def _who(frame: FrameRecord, person: PersonRecord) -> str:
    usability = "" if person.quality is None else person.quality.usability
    return f"{frame.frame_number},{frame.timestamp:.6f},{person.track_id},{person.state},{usability}"


def _place(person: PersonRecord) -> str:
    world = person.world
    if world is None:
        return "," * (len(_PLACE) - 1)
    reliable = "" if world.doubts is None else str(world.reliable).lower()
    return f"{_numbers([*world.position_deviation.tolist(), *world.contacts.tolist()])},{reliable}"


def _points(person: PersonRecord) -> Float64:
    """Return (44, 5) metres and pixels."""
    return np.concatenate([place(person).joints(person), person.keypoints_2d], axis=1)[:-1]


def _numbers(values: Iterable[float]) -> str:
    return ",".join(f"{value:.5f}" for value in values)
