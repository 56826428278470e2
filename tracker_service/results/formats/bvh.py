"""``bvh``: a skeleton and its motion, one person a file (Biovision hierarchical data).

Every joint has the channels Zrotation Xrotation Yrotation, the pelvis its position before them. The rest pose is
SMPL's: a T, facing z, y up; the order of the joints is depth first. A file begins with the person's first frame and
has one row for every frame of the video up to the last; in a gap the pose before it stays.
"""

from pathlib import Path

import numpy as np

from tracker_service.body.model import BodyModel
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import zxy_degrees
from tracker_service.results.formats.bodies.skeleton import PRESETS, JointNames, Skeleton, SkeletonPreset
from tracker_service.results.formats.person_files import PersonFile, write_people
from tracker_service.results.formats.recording import PersonSpan, Recording
from tracker_service.results.partial_file import PartialFile
from tracker_service.results.records import FrameRecord, PersonRecord

_END_OF_BONE = 0.5
"""Length of a bone without a further joint, as a share of the one before it."""


def write_bvh(recording: Recording, folder: Path, body: BodyModel, preset: SkeletonPreset) -> tuple[Path, ...]:
    """Write everybody's motion; memory does not depend on the length of the video.

    Raises:
        ResultsError: a file cannot be written.
    """
    names = PRESETS[preset]

    def opened(span: PersonSpan, path: Path) -> PersonFile:
        return _BvhFile(path, span, Skeleton.of(body, span.betas), names, recording.rate)

    return write_people(recording, folder, "bvh", opened)


class _BvhFile(PersonFile):
    def __init__(self, path: Path, span: PersonSpan, skeleton: Skeleton, names: JointNames, rate: float) -> None:
        self._file = PartialFile(path)
        self._scale = names.units_per_metre
        self._order: list[int] = []
        lines = ["HIERARCHY"]
        self._describe(lines, skeleton, names, joint=0, depth=0)
        lines += ["MOTION", f"Frames: {span.length}", f"Frame Time: {1 / rate:.8f}"]
        self._file.write(("\n".join(lines) + "\n").encode())
        self._row = b""

    def add(self, frame: FrameRecord, person: PersonRecord | None) -> None:  # noqa: ARG002 - rows have no time
        if person is not None:
            placement = place(person)
            pelvis = placement.rotation_of_pelvis(person)
            rotations = np.concatenate([pelvis[None], person.body_pose.astype(np.float64)])
            numbers = [placement.pelvis * self._scale, zxy_degrees(rotations[self._order]).ravel()]
            self._row = " ".join(f"{number:.5f}" for number in np.concatenate(numbers).tolist()).encode() + b"\n"
        self._file.write(self._row)

    def close(self, *, complete: bool) -> None:
        if complete:
            self._file.commit()
        self._file.abandon(keep=False)

    def _describe(self, lines: list[str], skeleton: Skeleton, names: JointNames, joint: int, depth: int) -> None:
        indent, offset = "  " * depth, skeleton.offsets[joint] * self._scale
        self._order.append(joint)
        position = "6 Xposition Yposition Zposition" if joint == 0 else "3"
        lines += [
            f"{indent}{'JOINT' if depth else 'ROOT'} {names.names[joint]}",
            f"{indent}{{",
            f"{indent}  OFFSET {_numbers(offset)}",
            f"{indent}  CHANNELS {position} Zrotation Xrotation Yrotation",
        ]
        children = skeleton.children(joint)
        for child in children:
            self._describe(lines, skeleton, names, child, depth + 1)
        if not children:
            end = _numbers(_END_OF_BONE * offset)
            lines += [f"{indent}  End Site", f"{indent}  {{", f"{indent}    OFFSET {end}", f"{indent}  }}"]
        lines.append(f"{indent}}}")


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return " ".join(f"{value:.6f}" for value in values.tolist())
