"""A border as a file, so that another process can take the stream up where it was."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from tracker_service.errors import ContractError, TrackerStateError
from tracker_service.phalp.state.snapshot import pack_records, unpack_records, with_prefix, without_prefix
from tracker_service.pipeline.state_arrays import read_arrays, snapshot_of, tracker_arrays, write_arrays
from tracker_service.pipeline.tracking import Border
from tracker_service.types import CameraMotion, DroppedDetections, Float64, FrameResult
from tracker_service.types.calibration import Calibration, FocalSource

_SOURCES = tuple(FocalSource)
_COLUMNS = 5 + len(fields(DroppedDetections))


def save_border(path: Path, border: Border, notes: Mapping[str, Any]) -> None:
    """Write a border and what its owner wants to remember with it; whole or not at all.

    Args:
        path: an npz file.
        border: the border.
        notes: JSON values.

    Raises:
        TrackerStateError: the file cannot be written.
    """
    arrays = with_prefix("tracker", tracker_arrays(border.tracker))
    arrays |= with_prefix("open", pack_frames(border.open_frames))
    arrays |= with_prefix("camera", border.camera)
    arrays |= with_prefix("world", border.world)
    for name, frames in border.held.items():
        arrays |= with_prefix(f"held.{name}", pack_frames(frames))
    arrays["next_frame"] = np.array(border.next_frame)
    arrays["notes"] = np.frombuffer(orjson.dumps(dict(notes)), np.uint8)
    write_arrays(path, arrays)


def load_border(path: Path) -> tuple[Border, dict[str, Any]]:
    """Read what `save_border` wrote: the border and the notes.

    Raises:
        TrackerStateError: there is no such file, or it is damaged or something else.
    """
    arrays = read_arrays(path)
    try:
        border = Border(
            next_frame=int(arrays["next_frame"]),
            tracker=snapshot_of(path, without_prefix("tracker", arrays)),
            open_frames=unpack_frames(without_prefix("open", arrays)),
            camera=without_prefix("camera", arrays),
            world=without_prefix("world", arrays),
            held=_unpack_held(without_prefix("held", arrays)),
        )
        notes: dict[str, Any] = orjson.loads(arrays["notes"].tobytes())
    except (LookupError, OverflowError, TypeError, ValueError, ContractError) as error:
        raise TrackerStateError(f"{path}: expected the arrays of a border, got {error!r}") from error
    return border, notes


def pack_frames(frames: Sequence[FrameResult]) -> dict[str, NDArray[Any]]:
    """Return frames as arrays: a row per frame, and the people of all frames one after another."""
    rows = [
        (frame.frame_number, frame.width, frame.height, frame.shot, len(frame.persons), *astuple(frame.dropped))
        for frame in frames
    ]
    people = [person for frame in frames for person in frame.persons]
    return {
        "frames": np.array(rows, np.int64).reshape(len(frames), _COLUMNS),
        "timestamps": np.array([frame.timestamp for frame in frames], np.float64),
        "camera_motions": np.array([_pack_motion(frame.camera_motion) for frame in frames]).reshape(len(frames), 10),
        "camera_moments": np.array([_pack_moments(frame.camera_motion) for frame in frames]).reshape(len(frames), 9),
        "calibrations": np.array([_pack_calibration(frame) for frame in frames]).reshape(len(frames), 2),
        **with_prefix("people", pack_records(people)),
    }


def _unpack_held(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[FrameResult, ...]]:
    names = {name.split(".")[0] for name in arrays}
    return {name: unpack_frames(without_prefix(name, arrays)) for name in sorted(names)}


def unpack_frames(arrays: Mapping[str, NDArray[Any]]) -> tuple[FrameResult, ...]:
    """Rebuild what `pack_frames` packed; raises `KeyError` or `ValueError` where something is missing."""
    people = iter(unpack_records(without_prefix("people", arrays)))
    frames = []
    rows = arrays["camera_motions"]
    moments = arrays.get("camera_moments", np.full((len(rows), 9), np.nan))  # files of earlier versions have none
    motions = map(_unpack_motion, rows, moments)
    columns = (arrays[name].tolist() for name in ("frames", "timestamps", "calibrations"))
    for row, timestamp, (focal, source), motion in zip(*columns, motions, strict=True):
        number, width, height, shot, count, *dropped = row
        persons = tuple(islice(people, count))
        if len(persons) != count:
            raise ValueError(f"expected {count} people in frame {number}, got {len(persons)}")
        gates = DroppedDetections(*dropped)
        camera = None if np.isnan(focal) else Calibration(focal, _SOURCES[int(source)], width, height)
        frames.append(FrameResult(number, timestamp, width, height, persons, bool(shot), gates, motion, camera))
    return tuple(frames)


def _pack_calibration(frame: FrameResult) -> tuple[float, float]:
    """Return the focal length and where it is from; a row that is not finite where it is not known."""
    camera = frame.calibration
    return (np.nan, np.nan) if camera is None else (camera.focal_length, float(_SOURCES.index(camera.source)))


def _pack_motion(motion: CameraMotion | None) -> Float64:
    """Return matrix and confidence as one row; a row that is not finite where nobody followed the camera."""
    return np.full(10, np.nan) if motion is None else np.append(motion.matrix, motion.confidence)


def _pack_moments(motion: CameraMotion | None) -> Float64:
    return np.full(9, np.nan) if motion is None or motion.moments is None else motion.moments.ravel()


def _unpack_motion(row: Float64, moments: Float64) -> CameraMotion | None:
    if np.isnan(row).any():
        return None
    known = None if np.isnan(moments).any() else moments.reshape(3, 3)
    return CameraMotion(row[:9].reshape(3, 3), float(row[9]), known)
