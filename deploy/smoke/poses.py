"""Whether answers hold poses: complete, finite, in the picture, and none missing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.smoke.stack import SmokeError

Record = Mapping[str, Any]
_JOINTS = 45


def check_video(frames: Sequence[Record], expected: int, size: tuple[int, int]) -> int:
    """Check the frames of a finished video; returns how many poses they hold.

    Args:
        frames: the records, in order.
        expected: frames of the video.
        size: width and height of its frames, pixels.

    Raises:
        SmokeError: a frame is missing or double, or one at or after the first sighting has no usable pose.
    """
    numbers = [frame["frame_number"] for frame in frames]
    if numbers != list(range(expected)):
        raise SmokeError(f"expected the frames 0 to {expected - 1} once each and in order, got {_short(numbers)}")
    counts = [len(frame["persons"]) for frame in frames]
    first = next((number for number, count in enumerate(counts) if count), None)
    if first is None:
        raise SmokeError(f"expected people in the video, got none in {expected} frames")
    empty = [number for number in range(first, expected) if not counts[number]]
    if empty:
        raise SmokeError(f"expected a pose in every frame from {first} on, got none in {_short(empty)}")
    for frame in frames:
        for person in frame["persons"]:
            _check_person(person, size, frame["frame_number"])
    return sum(counts)


def check_frame(answer: Record, number: int) -> bool:
    """Check the answer to a single frame; returns whether it holds a pose.

    Raises:
        SmokeError: it is not the answer to this frame, or its pose cannot be used.
    """
    if answer["frame_number"] != number:
        raise SmokeError(f"expected the answer to frame {number}, got {answer['frame_number']}")
    if not answer["has_3d"]:
        return False
    points = [(point["x"], point["y"]) for point in answer["keypoints"]]
    if len(points) != answer["keypoint_count"] or not points or not _finite(points):
        raise SmokeError(f"frame {number}: expected finite keypoints, got {_short(points)}")
    return True


def _check_person(person: Record, size: tuple[int, int], number: int) -> None:
    smpl = person["smpl"]
    shapes = (len(smpl["betas"]), len(smpl["body_pose"]), len(smpl["global_orient"]), len(person["keypoints_2d"]))
    if shapes != (10, 23, 1, _JOINTS):
        raise SmokeError(f"frame {number}: expected 10 betas, 23 + 1 rotations, {_JOINTS} joints, got {shapes}")
    x, y, width, height = person["bbox"]
    points = person["keypoints_2d"]
    if not _finite([*points, (x, y, width, height), smpl["betas"], *person["keypoints_3d"]]):
        raise SmokeError(f"frame {number}: expected finite numbers, got {_short(points)}")
    middle = (sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points))
    margin = 0.5 * max(size)
    if not all(-margin < value < side + margin for value, side in zip(middle, size, strict=True)):
        raise SmokeError(f"frame {number}: expected joints near the {size[0]} x {size[1]} picture, got {middle}")


def _finite(rows: Iterable[Iterable[float]]) -> bool:
    return all(math.isfinite(value) for row in rows for value in row)


def _short(values: Sequence[Any]) -> str:
    return f"{len(values)}: {list(values[:5])}{'…' if len(values) > 5 else ''}"
