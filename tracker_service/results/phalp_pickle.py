"""``tracks.pkl``: the results in PHALP's own layout, for tools that read the original tracker's output.

The file reads like what the original (``phalp/trackers/PHALP.py``, ``track``) leaves behind: ``joblib.load(path)``
returns one dict of frame path to frame dict. Only how it is made differs: the original keeps every frame until the end,
this writer appends each frame to a zlib stream as it comes (`pickle_stream`), so its memory does not depend on the
length of the video.

Deliberate differences in content:

* a ghost (``tracked_time`` > 0) carries the predicted box, pose, location and camera, not a stale copy of the last
  sighting;
* ``appe``, ``loca`` and ``pose`` are always there (the original writes them only when it renders);
* people are in order of track id (the original: creation order, back-filled people last);
* with a body, ``verts`` and ``faces`` of each person are added, so that readers need no SMPL file;
* where people are placed in the world, ``world`` says where each is, a dict as in ``results.ndjson``;
* where the focal length is known, ``calibration`` and each person's ``in_camera`` are as there; ``camera`` stays that
  of PHALP's lens;
* ``mask`` holds an empty mask, because no mask is kept with a track; ``extra_data`` is -1 for ghosts.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tracker_service.body.camera_space import in_camera
from tracker_service.body.model import BodyModel
from tracker_service.results.frame_file import FrameFile
from tracker_service.results.person_json import box_xywh, calibration_record, stacked_smpl
from tracker_service.results.pickle_stream import PickleStream
from tracker_service.types import Float32, FrameResult, PersonState, PersonWorld, TrackedPerson
from tracker_service.types.calibration import Calibration

PhalpFrame: TypeAlias = dict[str, Any]
FramePath: TypeAlias = Callable[[int], str]
"""Gives the path of the frame with an index among the processed frames, from 0."""


def extracted_frame_path(source_name: str) -> FramePath:
    """Name frames as the original does for a video it first extracts into JPEG files.

    The original numbers the extracted files from 1, starting at the first processed frame, whatever ``--start`` was:
    ``_DEMO/<name>/img/000001.jpg``, where ``<name>`` is the file name up to its first dot.
    """
    name = re.split(r"[/\\]", source_name.rstrip("/\\"))[-1].split(".")[0]
    return lambda index: f"_DEMO/{name}/img/{index + 1:06d}.jpg"


class PhalpPickleWriter(FrameFile):
    """Writes ``tracks.pkl.partial`` frame by frame and renames it to ``tracks.pkl`` when the run is complete.

    A partial file that was closed (not one of a killed process) is itself a readable pickle of the frames so far.

    Args:
        path: final path of the file.
        frame_path: names each frame; every name must be different.
        first: index of the first frame, where the frames before it are in other files.
        body: adds ``verts`` and ``faces`` of each person; None leaves them out.

    Raises:
        ResultsError: the file cannot be created.
    """

    def __init__(self, path: Path, frame_path: FramePath, first: int = 0, body: BodyModel | None = None) -> None:
        super().__init__(path)
        self._pickle = PickleStream(self._file.write)
        self._frame_path, self._first, self._body = frame_path, first, body

    def write(self, result: FrameResult) -> None:
        """Append one frame."""
        index = self._first + self._order.accept(result)
        path = self._frame_path(index)
        frame = phalp_frame(result, index, path)
        if any(person.world is not None for person in result.persons):
            frame["world"] = [None if one.world is None else _world(one.world) for one in result.persons]
        if result.calibration is not None:
            frame["calibration"] = calibration_record(result)
            frame["in_camera"] = [_in_camera(one, result.calibration) for one in result.persons]
        if self._body is not None:
            frame |= _surfaces(result, self._body)
        self._pickle.add(path, frame)

    def _end(self) -> None:
        self._pickle.finish()


def phalp_frame(result: FrameResult, time: int, frame_path: str) -> PhalpFrame:
    """Return the frame's dict in PHALP's layout: lists with one entry per person, ``tracked_*`` only for the seen.

    Args:
        result: the frame.
        time: index among the processed frames, from 0.
        frame_path: the frame's key in the file.
    """
    persons = result.persons
    boxes = [box_xywh(person) for person in persons]
    seen = [person.state is PersonState.SEEN for person in persons]
    longer_side = max(result.width, result.height)
    return {
        "time": time,
        "shot": int(result.shot),
        "frame_path": frame_path,
        "tid": [person.track_id for person in persons],
        "bbox": boxes,
        "tracked_time": [person.age for person in persons],
        "tracked_ids": [person.track_id for person, now in zip(persons, seen, strict=True) if now],
        "tracked_bbox": [box for box, now in zip(boxes, seen, strict=True) if now],
        "center": [person.center for person in persons],
        "scale": [person.side / longer_side for person in persons],
        "size": [[result.height, result.width] for _ in persons],
        "img_path": [frame_path for _ in persons],
        "img_name": [frame_path.rsplit("/", 1)[-1] for _ in persons],
        "class_name": [np.int64(0) for _ in persons],
        "conf": [np.float32(person.score) for person in persons],
        "annotations": [[] for _ in persons],
        "smpl": [_smpl(person) for person in persons],
        "camera": [person.camera for person in persons],
        "camera_bbox": [person.crop_camera for person in persons],
        "3d_joints": [person.joints_3d for person in persons],
        "2d_joints": [_padded_square_joints(person, result.width, result.height) for person in persons],
        "mask": [[empty_mask(result.height, result.width)] for _ in persons],
        "extra_data": [person.detection_index for person in persons],
        "appe": [person.appearance for person in persons],
        "loca": [person.location for person in persons],
        "pose": [person.pose for person in persons],
    }


def _world(world: PersonWorld) -> dict[str, Any]:
    doubts = {} if world.doubts is None else {"reliable": world.reliable, "doubts": [str(one) for one in world.doubts]}
    names = ("position", "position_deviation", "velocity", "velocity_deviation", "contacts", "orientation")
    arrays = {name: getattr(world, name) for name in names}
    return {**arrays, "heading": world.heading, "heading_deviation": world.heading_deviation, **doubts}


def _in_camera(person: TrackedPerson, calibration: Calibration) -> dict[str, Float32]:
    placed = in_camera(person, calibration)
    return {"global_orient": placed.global_orient, "translation": placed.translation}


def _surfaces(result: FrameResult, body: BodyModel) -> PhalpFrame:
    """Return each person's vertices, (V, 3) metres in model space, and triangles, (F, 3) vertex indices.

    The triangles are the same array for everybody, which a frame's pickle holds once.
    """
    if not result.persons:
        return {"verts": [], "faces": []}
    faces = body.faces.astype(np.int32)
    vertices = body.vertices(stacked_smpl(result.persons))
    return {"verts": [np.ascontiguousarray(surface) for surface in vertices], "faces": [faces for _ in result.persons]}


def empty_mask(height: int, width: int) -> PhalpFrame:
    """Return a mask without any pixel as COCO run-length encoding, ``{"size": [H, W], "counts": str}``.

    One run of H·W background pixels. Runs are written as in the COCO API: little-endian groups of five bits, bit six
    says that more follow, offset by 48 into printable ASCII; the last group's top bit is the sign.
    """
    run = height * width
    characters = []
    while True:
        group, run = run & 0x1F, run >> 5
        more = run != 0 or bool(group & 0x10)
        characters.append(chr(48 + (group | 0x20 if more else group)))
        if not more:
            return {"size": [height, width], "counts": "".join(characters)}


def _smpl(person: TrackedPerson) -> dict[str, Float32]:
    return {"global_orient": person.global_orient, "body_pose": person.body_pose, "betas": person.betas}


def _padded_square_joints(person: TrackedPerson, width: int, height: int) -> Float32:
    """Return (90,) u, v pairs: the joints in the frame padded to a square of side 1."""
    side = max(width, height)
    margin = np.array([(side - width) // 2, (side - height) // 2], np.float32)
    joints: Float32 = ((person.joints_2d + margin) / np.float32(side)).reshape(-1)
    return joints
