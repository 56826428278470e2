"""The frames of a job as the older service gave them: one record a frame, of the main person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tracker_service.api.answer_parameters import KeypointSet
from tracker_service.api.frames.keypoints import keypoints_of
from tracker_service.body.joint_angles import joint_angles, spine_angle
from tracker_service.body.model import BodyModel
from tracker_service.people.cameras import focal_length
from tracker_service.results.person_json import Record
from tracker_service.results.result_files import SUMMARY
from tracker_service.types import Float32, PersonState, Smpl

_ANGLE_DIGITS = 2
_JUST_LOST_FRAMES = 5
"""Frames for which a predicted person still counts as seen here. Raising it changes the main person less often."""


@dataclass(frozen=True, slots=True)
class MainPerson:
    """Who speaks for a frame: of those seen, or lost only just now, the one who is seen in most frames of the video.

    Attributes:
        seen: in how many frames each track is seen.
        people: those of all frames together, whatever their state.
    """

    seen: Mapping[int, int]
    people: int = 0

    @classmethod
    def of_job(cls, folder: Path) -> "MainPerson":
        """Return the rule for a job whose files are complete; without a summary the lowest id speaks."""
        try:
            tracks = orjson.loads((folder / SUMMARY).read_bytes())["tracks"]
        except (OSError, orjson.JSONDecodeError, KeyError):
            tracks = []
        people = sum(track["seen"] + track["predicted"] + track.get("lost", 0) for track in tracks)
        return cls({track["track_id"]: track["seen"] for track in tracks}, people)

    def among(self, persons: list[Record]) -> Record | None:
        """Return the main person of a frame; None where nobody is in it."""

        def turn(person: Record) -> tuple[bool, int, int]:
            return person["age"] > _JUST_LOST_FRAMES, -self.seen.get(person["track_id"], 0), person["track_id"]

        return min(persons, key=turn, default=None)


@dataclass(slots=True)
class LegacyFrames:
    """Makes the records, and counts what the end of the result says of them.

    Attributes:
        body: computes joints and surfaces.
        keypoint_set: which points are listed.
        main: says who speaks for a frame.
        mesh: send vertices; the triangles come once, with the first of them.
        rendered: whether the job has an overlay.
        persons: send everybody, too, as `POST /pose/video` does.
        acceptance: one entry a frame.
    """

    body: BodyModel
    keypoint_set: KeypointSet
    main: MainPerson
    mesh: bool = False
    rendered: bool = True
    persons: bool = False
    acceptance: list[Record] = field(default_factory=list)
    _faces_sent: bool = False

    unchanged = False
    """Lines are never sent as they are stored; see `FrameFormat`."""

    def apply(self, line: bytes) -> bytes:
        """Return the record of the frame on a stored line, as JSON; takes about a millisecond."""
        frame = orjson.loads(line)
        main = self.main.among(frame["persons"])
        record = self._head(frame, main) | (_nobody() if main is None else self._person(frame, main))
        self.acceptance.append(
            {
                "frame_index": len(self.acceptance),
                "has_mesh": main is not None,
                "original_frame_number": frame["frame_number"],
                "timestamp": frame["timestamp"],
            }
        )
        if self.persons:
            if self.mesh:
                self._add_surfaces(frame["persons"])
            record = frame | record
        return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)

    def _head(self, frame: Record, main: Record | None) -> Record:
        return {
            "frameNumber": len(self.acceptance),
            "originalFrameNumber": frame["frame_number"],
            "timestamp": frame["timestamp"],
            "confidence": 0.0 if main is None else main["tracking_confidence"],
            "has3D": main is not None,
            "meshRendered": main is not None and self.rendered,
            "tracked": main is not None,
            "personId": None if main is None else main["track_id"],
            "predicted": main is not None and main["state"] != PersonState.SEEN,
        }

    def _person(self, frame: Record, main: Record) -> Record:
        size = frame["frame_width"], frame["frame_height"]
        smpl = _smpl([main])
        joints, pixels = _numbers(main["keypoints_3d"]), _numbers(main["keypoints_2d"])
        camera = _numbers([main["camera"][axis] for axis in ("tx", "ty", "tz")])
        own = self.body.smpl_joints(smpl)[0]
        points = keypoints_of(pixels, joints, camera, own, size, self.keypoint_set)
        angles = joint_angles(joints, smpl.body_pose[0]) | {"spine": spine_angle(own)}
        record: Record = {
            "keypoints": points.in_space(main["tracking_confidence"], main.get("joint_confidence")),
            "joints3D": joints,
            "jointAngles": {name: round(angle, _ANGLE_DIGITS) for name, angle in angles.items()},
            "vertices": None,
            "faces": None,
            "camera_translation": camera,
            "camera_params": {**main["camera_crop"], "type": "weak_perspective"},
            "camera_full": {
                **main["camera"],
                "focal_length": focal_length(size),
                "img_width": size[0],
                "img_height": size[1],
                "type": "perspective",
            },
        }
        if self.mesh and not self.persons:
            record["vertices"] = np.ascontiguousarray(self.body.vertices(smpl)[0])
            record["faces"] = None if self._faces_sent else np.ascontiguousarray(self.body.faces)
            self._faces_sent = True
        return record

    def _add_surfaces(self, persons: list[Record]) -> None:
        if persons:
            for person, vertices in zip(persons, self.body.vertices(_smpl(persons)), strict=True):
                person["mesh_vertices"] = np.ascontiguousarray(vertices)


def _nobody() -> Record:
    return {
        "keypoints": [],
        "joints3D": None,
        "jointAngles": {},
        "vertices": None,
        "faces": None,
        "camera_translation": None,
        "camera_params": None,
        "camera_full": None,
    }


def _smpl(persons: list[Record]) -> Smpl:
    def stacked(name: str) -> Float32:
        return _numbers([person["smpl"][name] for person in persons])

    return Smpl(stacked("global_orient"), stacked("body_pose"), stacked("betas"))


def _numbers(values: Any) -> Float32:
    return np.array(values, np.float32)
