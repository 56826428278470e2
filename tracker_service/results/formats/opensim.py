"""``trc`` and ``mot``: markers and joint coordinates for OpenSim, one person a file.

``trc`` holds the 25 joints of BODY_25 as markers, in millimetres; in gaps they are blank. ``mot`` holds coordinates
under the names of the full-body model of Rajagopal et al. 2016, "Full-Body Musculoskeletal Model for Muscle-Driven
Simulation of Human Gait", in degrees and metres; in gaps the pose before stays.

OpenSim's body axes are x ahead, y up, z to the right; joints with three angles turn about z, x, y, and of the left side
the last two are mirrored. SMPL's arms are stretched out at rest, OpenSim's hang down.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tracker_service.body.joints import BODY_25_NAMES, BODY_25_SIZE, SMPL_JOINT_NAMES
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import zxy_degrees
from tracker_service.results.formats.person_files import PersonFile, write_people
from tracker_service.results.formats.recording import PersonSpan, Recording
from tracker_service.results.partial_file import PartialFile
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.types import Float64

_MILLIMETRES = 1000.0
_JOINT = {name: index for index, name in enumerate(SMPL_JOINT_NAMES)}
_FROM_SMPL: Float64 = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
"""From SMPL's body axes (x to the left, y up, z ahead) to OpenSim's."""
_MIRROR: Float64 = np.diag([1.0, 1.0, -1.0])
_ARM_DOWN: Float64 = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""(3, 3) from the axes of the right upper arm at OpenSim's rest to those at SMPL's: a quarter turn about x."""

COORDINATES = (
    *("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz"),
    *("hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r", "ankle_angle_r"),
    *("hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l", "ankle_angle_l"),
    *("lumbar_extension", "lumbar_bending", "lumbar_rotation"),
    *("arm_flex_r", "arm_add_r", "arm_rot_r", "elbow_flex_r"),
    *("arm_flex_l", "arm_add_l", "arm_rot_l", "elbow_flex_l"),
)
"""Columns of ``mot`` after the time; degrees, pelvis_t* in metres."""


def write_trc(recording: Recording, folder: Path) -> tuple[Path, ...]:
    """Write everybody's markers; memory does not depend on the length of the video.

    Raises:
        ResultsError: a file cannot be written.
    """
    return write_people(recording, folder, "trc", lambda span, path: _TrcFile(path, span, recording.rate))


def write_mot(recording: Recording, folder: Path) -> tuple[Path, ...]:
    """Write everybody's joint coordinates; memory does not depend on the length of the video.

    Raises:
        ResultsError: a file cannot be written.
    """
    return write_people(recording, folder, "mot", lambda span, path: _MotFile(path, span))


def coordinates(person: PersonRecord) -> Float64:
    """Return the values of `COORDINATES` of one pose.

    Knees, elbows and ankles bend about one axis only: what they turn about others is left out.
    """
    placement = place(person)
    local = person.body_pose.astype(np.float64)
    pelvis = placement.rotation_of_pelvis(person) @ _FROM_SMPL.T
    values = [*zxy_degrees(pelvis).tolist(), *placement.pelvis.tolist()]
    for side in ("right", "left"):
        hip, knee, ankle = (_side_turn(local, [f"{side}_{name}"]) for name in ("hip", "knee", "ankle"))
        values += [*zxy_degrees(hip).tolist(), -zxy_degrees(knee)[0], zxy_degrees(ankle)[0]]
    values += zxy_degrees(_turn(local, ["spine1", "spine2", "spine3"])).tolist()
    for side in ("right", "left"):
        arm = _side_turn(local, [f"{side}_collar", f"{side}_shoulder"]) @ _ARM_DOWN
        elbow = _ARM_DOWN.T @ _side_turn(local, [f"{side}_elbow"]) @ _ARM_DOWN
        values += [*zxy_degrees(arm).tolist(), zxy_degrees(elbow)[0]]
    return np.array(values, np.float64)


def _turn(local: Float64, joints: Sequence[str]) -> Float64:
    """Return the product of the rotations of ``joints`` in OpenSim's axes."""
    product = np.eye(3)
    for name in joints:
        product = product @ local[_JOINT[name] - 1]
    return np.asarray(_FROM_SMPL @ product @ _FROM_SMPL.T, np.float64)


def _side_turn(local: Float64, joints: Sequence[str]) -> Float64:
    """Return the rotation of joints of one side as if they were on the right."""
    turn = _turn(local, joints)
    return np.asarray(_MIRROR @ turn @ _MIRROR, np.float64) if joints[0].startswith("left") else turn


class _TrcFile(PersonFile):
    def __init__(self, path: Path, span: PersonSpan, rate: float) -> None:
        self._file, self._row = PartialFile(path), 0
        names, count = "\t\t\t".join(BODY_25_NAMES), BODY_25_SIZE
        axes = "\t".join(f"{axis}{marker}" for marker in range(1, count + 1) for axis in "XYZ")
        keys = "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames"
        rates = f"{rate:.6f}"
        values = [rates, rates, str(span.length), str(count), "mm", rates, "1", str(span.length)]
        head = [
            f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
            "\t".join(keys.split()),
            "\t".join(values),
            f"Frame#\tTime\t{names}\t\t",
            f"\t\t{axes}",
            "",
        ]
        self._file.write(("\n".join(head) + "\n").encode())

    def add(self, frame: FrameRecord, person: PersonRecord | None) -> None:
        self._row += 1
        if person is None:
            # One more than there are numbers: OpenSim counts the tabs, and a last empty cell has none behind it.
            cells = [""] * (3 * BODY_25_SIZE + 1)
        else:
            markers = place(person).joints(person)[:BODY_25_SIZE] * _MILLIMETRES
            cells = [f"{value:.3f}" for value in markers.ravel().tolist()]
        self._file.write("\t".join([str(self._row), f"{frame.timestamp:.6f}", *cells]).encode() + b"\n")

    def close(self, *, complete: bool) -> None:
        if complete:
            self._file.commit()
        self._file.abandon(keep=False)


class _MotFile(PersonFile):
    def __init__(self, path: Path, span: PersonSpan) -> None:
        self._file, self._values = PartialFile(path), ""
        head = [
            path.stem,
            "version=1",
            f"nRows={span.length}",
            f"nColumns={1 + len(COORDINATES)}",
            "inDegrees=yes",
            "endheader",
            "\t".join(("time", *COORDINATES)),
        ]
        self._file.write(("\n".join(head) + "\n").encode())

    def add(self, frame: FrameRecord, person: PersonRecord | None) -> None:
        if person is not None:
            self._values = "\t".join(f"{value:.5f}" for value in coordinates(person).tolist())
        self._file.write(f"{frame.timestamp:.6f}\t{self._values}\n".encode())

    def close(self, *, complete: bool) -> None:
        if complete:
            self._file.commit()
        self._file.abandon(keep=False)
