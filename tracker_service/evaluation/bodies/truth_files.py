"""The truth files of 3DPW, EMDB and BEDLAM, told apart by what is in them.

3DPW (von Marcard et al., ECCV 2018): ``sequenceFiles/*/*.pkl``. EMDB (Kaufmann et al., ICCV 2023): ``*_data.pkl``.
BEDLAM (Black et al., CVPR 2023): the ``.npz`` labels with SMPL parameters.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from tracker_service.errors import ContractError, ResultsError
from tracker_service.evaluation.bodies.body_truth import BodyTruth
from tracker_service.evaluation.bodies.pickled_arrays import read_pickled
from tracker_service.types import Float64, Smpl
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_BODY_JOINTS, NUMBER_OF_ROTATIONS

_GENDERS = {"m": "male", "f": "female", "n": "neutral"}
_AROUND_JOINTS = 0.15
"""Share by which a box around joints is widened on each side: they lie inside the body."""
_POSE = 3 * NUMBER_OF_ROTATIONS
_BOX_UNIT = 200.0
"""Pixels of a ``scale`` of 1 (MPII's convention)."""
_NUMBER = re.compile(r"(\d+)\.\w+$")
Content: TypeAlias = Mapping[str, Any]


def read_truth(path: Path, sequence: str | None = None) -> BodyTruth:
    """Read a truth file.

    Args:
        path: the file.
        sequence: folder of pictures in a BEDLAM file; None where it has only one.

    Raises:
        ResultsError: it cannot be read, is of none of the data sets, or does not hold what it should.
    """
    content = _npz(path) if path.suffix == ".npz" else read_pickled(path)
    readers: dict[str, tuple[str, Callable[[Content], BodyTruth]]] = {
        "jointPositions": ("3DPW", threedpw),
        "emdb1": ("EMDB", emdb),
        "pose_cam": ("BEDLAM", lambda found: bedlam(found, sequence)),
    }
    for key, (data_set, read) in readers.items():
        if key in content:
            try:
                return read(content)
            except KeyError as error:
                raise ResultsError(f"{path}: expected an entry {error}, got {', '.join(sorted(content))}") from None
            except ContractError as error:
                raise ResultsError(f"{path}: {error}") from error
            except (TypeError, ValueError, IndexError) as error:
                raise ResultsError(f"{path}: expected the arrays of {data_set}, got others: {error}") from error
    raise ResultsError(
        f"{path}: expected a truth file of 3DPW (jointPositions), EMDB (emdb1) or BEDLAM (pose_cam), "
        f"got {', '.join(sorted(map(str, content))[:8]) or 'nothing'}"
    )


def threedpw(content: Content) -> BodyTruth:
    """Return the people of a 3DPW sequence in the frames in which their camera is valid."""
    extrinsics = np.asarray(content["cam_poses"], np.float64)
    parts = []
    for person, poses in enumerate(content["poses"]):
        valid = np.asarray(content["campose_valid"][person]).astype(bool)
        frames = np.flatnonzero(valid)
        world = np.asarray(content["jointPositions"][person], np.float64).reshape(-1, NUMBER_OF_ROTATIONS, 3)
        joints = _moved(world[frames], extrinsics[frames])
        betas = np.asarray(content["betas"][person], np.float64)[:NUMBER_OF_BETAS]
        smpl = _smpl(np.asarray(poses)[frames], np.tile(betas, (len(frames), 1)), extrinsics[frames, :3, :3])
        boxes = _around(joints, np.asarray(content["cam_intrinsics"], np.float64))
        parts.append((frames, np.full(len(frames), person), boxes, smpl, content["genders"][person], joints))
    return _joined(parts)


def emdb(content: Content) -> BodyTruth:
    """Return the person of an EMDB sequence in the frames that are marked good and have a box."""
    camera, smpl = content["camera"], content["smpl"]
    good = np.asarray(content["good_frames_mask"]).astype(bool).copy()
    good[np.asarray(content["bboxes"].get("invalid_idxs", []), np.int64)] = False
    frames = np.flatnonzero(good)
    extrinsics = np.asarray(camera["extrinsics"], np.float64)[frames]
    poses = np.concatenate([smpl["poses_root"], smpl["poses_body"]], axis=1)[frames]
    betas = np.tile(np.asarray(smpl["betas"], np.float64)[:NUMBER_OF_BETAS], (len(frames), 1))
    bodies = _smpl(poses, betas, extrinsics[:, :3, :3])
    boxes = np.asarray(content["bboxes"]["bboxes"], np.float64)[frames]
    return _joined([(frames, np.zeros(len(frames)), boxes, bodies, content["gender"], None)])


def bedlam(content: Content, sequence: str | None) -> BodyTruth:
    """Return the people of one folder of pictures of a BEDLAM file; frames are counted in steps of its rate."""
    names = np.array([str(name) for name in content["imgname"]])
    folders = np.array([str(Path(name).parent) for name in names])
    known = sorted(set(folders.tolist()))
    wanted = known[0] if sequence is None and len(known) == 1 else sequence
    if wanted not in known:
        shown = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
        raise ContractError(f"expected the name of a sequence (--sequence) among {shown}, got {sequence}")
    rows = np.flatnonzero(folders == wanted)
    poses = np.asarray(content["pose_cam"], np.float64)[rows]
    if poses.shape[1] != _POSE:
        raise ContractError(
            f"pose_cam: expected SMPL's {_POSE} numbers, got {poses.shape[1]}: labels for SMPL-X cannot be compared "
            "with SMPL bodies; take BEDLAM's labels for SMPL"
        )
    numbers = np.array([_frame_in(names[row]) for row in rows])
    step = math.gcd(*numbers.tolist()) or 1
    centers = np.asarray(content["center"], np.float64)[rows]
    half = np.asarray(content["scale"], np.float64)[rows, None] * _BOX_UNIT / 2
    betas = np.asarray(content["shape"], np.float64)[rows, :NUMBER_OF_BETAS]
    bodies = _smpl(poses, betas, np.broadcast_to(np.eye(3), (len(rows), 3, 3)))
    boxes = np.concatenate([centers - half, centers + half], axis=1)
    if "gtkps" in content:  # the square around a standing person overlaps a box around them by a third only
        boxes = _boxes(np.asarray(content["gtkps"], np.float64)[rows, :, :2])
    people = np.unique([str(name) for name in np.asarray(content["sub"])[rows]], return_inverse=True)[1]
    return _joined([(numbers // step, people, boxes, bodies, "neutral", None)])


def _joined(parts: Sequence[tuple[Any, Any, Any, Smpl, Any, Float64 | None]]) -> BodyTruth:
    frames, people, boxes, smpl, genders, joints = zip(*parts, strict=True)
    stated = [part for part in joints if part is not None]
    return BodyTruth(
        np.concatenate(frames).astype(np.int64),
        np.concatenate(people).astype(np.int64),
        np.concatenate(boxes).astype(np.float32),
        Smpl(*(np.concatenate([getattr(one, name) for one in smpl]) for name in Smpl.__dataclass_fields__)),
        np.concatenate([np.full(len(of), _gender(one)) for of, one in zip(frames, genders, strict=True)]),
        np.concatenate(stated) if stated else None,
    )


def _gender(value: object) -> str:
    name = value.decode() if isinstance(value, bytes) else str(value)
    if name[:1].lower() not in _GENDERS:
        raise ContractError(f"gender: expected male, female or neutral, got {value!r}")
    return _GENDERS[name[:1].lower()]


def _smpl(poses: ArrayLike, betas: Float64, to_camera: Float64) -> Smpl:
    """Return bodies from (n, 72) rotation vectors, their roots turned by (n, 3, 3)."""
    vectors = np.asarray(poses, np.float64)
    if vectors.ndim != 2 or vectors.shape[1] != _POSE:
        raise ContractError(f"poses: expected SMPL's {_POSE} numbers a frame, got arrays of shape {vectors.shape}")
    turns = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(-1, NUMBER_OF_BODY_JOINTS + 1, 3, 3)
    root = to_camera[:, None] @ turns[:, :1]
    return Smpl(root.astype(np.float32), turns[:, 1:].astype(np.float32), betas.astype(np.float32))


def _moved(points: Float64, extrinsics: Float64) -> Float64:
    """Return (n, j, 3) points of the world before cameras of (n, 4, 4) extrinsics."""
    return np.asarray(points @ extrinsics[:, :3, :3].swapaxes(1, 2) + extrinsics[:, None, :3, 3], np.float64)


def _around(joints: Float64, intrinsics: Float64) -> Float64:
    """Return (n, 4) boxes around (n, j, 3) joints before a camera."""
    seen = joints @ intrinsics.T
    return _boxes(seen[..., :2] / np.maximum(seen[..., 2:], 1e-6))


def _boxes(pixels: Float64) -> Float64:
    """Return (n, 4) boxes around people whose (n, j, 2) joints are given."""
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    margin = _AROUND_JOINTS * (high - low)
    return np.concatenate([low - margin, high + margin], axis=1)


def _frame_in(name: str) -> int:
    found = _NUMBER.search(name)
    if found is None:
        raise ContractError(f"imgname: expected a name that ends with the number of its frame, got {name!r}")
    return int(found[1])


def _npz(path: Path) -> Content:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ResultsError(f"{path}: expected a readable truth file, got {error.strerror or error}") from error
    except (ValueError, TypeError, EOFError, BadZipFile) as error:
        raise ResultsError(f"{path}: expected an npz archive of plain arrays, got another kind of file") from error
