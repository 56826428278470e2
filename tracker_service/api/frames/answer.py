"""One frame in the JSON shapes of ``POST /pose/hybrid`` and ``POST /pose``: one person at the top, all in a list."""

from collections.abc import Collection, Iterable

import orjson

from tracker_service.api.answer_parameters import KeypointSet
from tracker_service.api.frames.answer_fields import HYBRID, KEYPOINTS, PoseFrame
from tracker_service.body.model import BodyModel
from tracker_service.errors import SettingsError
from tracker_service.results.person_json import Record
from tracker_service.sessions.frame import FrameAnswer

HYBRID_FIELDS = tuple(HYBRID)
"""Names of all fields of `hybrid_record`, in their order."""
KEYPOINT_FIELDS = tuple(KEYPOINTS)
"""Names of all fields of `keypoints_record`, in their order."""


def hybrid_record(
    answer: FrameAnswer,
    body: BodyModel,
    *,
    model_version: str,
    processing_time_ms: float,
    mesh: bool = True,
    keypoint_set: KeypointSet = "both",
    fields: Collection[str] | None = None,
) -> Record:
    """Return the response of ``POST /pose/hybrid`` without ``visualization``, which the caller adds.

    The single-person fields describe ``answer.main``. Without one, lists are empty, numbers 0, ``has_3d`` is false and
    ``error`` says why. What the contract leaves open:

    * ``keypoints``: see `tracker_service.api.frames.keypoints`; z is relative to the pelvis. The body model has no
      confidence of single joints; each has the person's ``tracking_confidence``.
    * ``joint_angles_3d``: see `tracker_service.body.joint_angles`; ``spine`` is its `spine_angle`.
    * ``detection.box_center`` and ``box_size``: of the square crop, which ``camera_params`` refers to, in pixels;
      ``vitdet_used`` is false where the person is predicted.

    Additive: ``persons`` (`person_record`, no meshes), ``calibration`` and ``camera_motion`` (as in results),
    ``track_id``, ``state`` (seen, predicted or null), ``session`` (``id``, ``video``: which of its videos, ``late``:
    answered after later frames, ``expected``: a pose is expected).

    Args:
        answer: the answer to the frame.
        body: computes the surface and SMPL's joints of the main person.
        model_version: name of the model set.
        processing_time_ms: how long the frame took.
        mesh: compute vertices and faces; without it both are null and only their number is given.
        keypoint_set: which points ``keypoints`` lists.
        fields: names out of `HYBRID_FIELDS`; others are left out and not computed. None takes all.

    Raises:
        ContractError: a number is not finite; the message names frame and field.
    """
    frame = PoseFrame(answer, body, model_version, processing_time_ms, mesh, keypoint_set)
    return {name: make(frame) for name, make in HYBRID.items() if fields is None or name in fields}


def keypoints_record(
    answer: FrameAnswer,
    body: BodyModel,
    *,
    model_version: str,
    processing_time_ms: float,
    keypoint_set: KeypointSet = "both",
    fields: Collection[str] | None = None,
) -> Record:
    """Return the response of ``POST /pose``: the main person's keypoints in the image only; see `hybrid_record`."""
    frame = PoseFrame(answer, body, model_version, processing_time_ms, mesh=False, keypoint_set=keypoint_set)
    return {name: make(frame) for name, make in KEYPOINTS.items() if fields is None or name in fields}


def checked_fields(names: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """Return ``names`` as a selection of fields; raises `SettingsError` for one that is not in ``known``."""
    selection = frozenset(names)
    if unknown := sorted(selection - set(known)):
        raise SettingsError(f"fields: expected some of {', '.join(known)}; got {', '.join(map(repr, unknown))}")
    return selection


def record_bytes(record: Record) -> bytes:
    """Return a record as JSON text."""
    return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)
