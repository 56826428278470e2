"""Every format, written and read back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.formats.comparison import RoundTrip, angles_between, compare
from harness.formats.poses import Poses
from harness.formats.readers.amass import read_amass
from harness.formats.readers.bvh import read_bvh
from harness.formats.readers.coco import read_coco
from harness.formats.readers.glb import read_glb
from harness.formats.readers.opensim import read_mot, read_trc, turns_of
from harness.formats.readers.rrd import read_rrd
from harness.formats.readers.tables import read_long_table, read_wide_table
from harness.formats.readers.usd import read_usd
from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.results.formats.conversion import convert
from tracker_service.results.ndjson import read_results
from tracker_service.results.result_files import RESULTS
from tracker_service.types import Float64

READERS: Mapping[str, str] = {
    "glb": "three.js, Khronos validator",
    "bvh": "bvhio",
    "npz": "NumPy and the body model",
    "csv": "csv of Python",
    "wide.csv": "csv of Python",
    "coco.json": "pycocotools",
    "trc": "by its description",
    "mot": "by its description, SciPy",
    "usd": "UsdSkel's own skinning",
    "rrd": "RrdReader of rerun",
}
"""What reads each format back."""


@dataclass(frozen=True, slots=True)
class Written:
    """One format of a run.

    Attributes:
        round_trip: how exact it is.
        seconds: of processor time to write it.
        size: bytes of its files.
        problems: errors and warnings of the validator, None where there is none.
    """

    round_trip: RoundTrip
    seconds: float
    size: int
    problems: int | None = None


def round_trip(name: str, results: Path, folder: Path, body: BodyModel, said: Poses, package: Path) -> Written:
    """Write results in a format and read them back.

    Args:
        name: of the format.
        results: their folder.
        folder: where the files go.
        body: that the results speak of.
        said: what the results say, see `poses_of`.
        package: where the reader of glb is installed.
    """
    started = time.process_time()
    paths = convert(results, [name], folder, lambda: body)
    seconds = time.process_time() - started
    size, problems = sum(path.stat().st_size for path in paths), None
    if name == "glb":
        played = read_glb(paths[0], package, _times(results))
        problems = played.issues["numErrors"] + played.issues["numWarnings"]
        return Written(compare(said, played.poses), seconds, size, problems)
    if name == "mot":
        return Written(_of_mot(folder, said), seconds, size)
    firsts = {track_id: min(n for one, n in said if one == track_id) for track_id, _ in said}
    readers: dict[str, Callable[[], Poses]] = {
        "bvh": lambda: read_bvh(folder, said.keys(), SMPL_JOINT_NAMES, 1.0),
        "npz": lambda: read_amass(folder, body),
        "csv": lambda: read_long_table(paths[0]),
        "wide.csv": lambda: read_wide_table(paths[0]),
        "coco.json": lambda: read_coco(paths[0]),
        "trc": lambda: read_trc(folder, firsts),
        "usd": lambda: read_usd(paths[0]),
        "rrd": lambda: read_rrd(paths[0]),
    }
    return Written(compare(said, readers[name]()), seconds, size)


def _times(results: Path) -> list[float]:
    """Return the times of all frames from 0 on, as a file of float32 numbers has them."""
    times = np.array([frame.timestamp for frame in read_results(results / RESULTS)])
    return [float(one) for one in (times - times[0]).astype(np.float32)]


def _of_mot(folder: Path, said: Poses) -> RoundTrip:
    """Compare the pelvis and the joints that have three angles."""
    turned, far = [0.0], [0.0]
    for track_id in {identity for identity, _ in said}:
        numbers = sorted(number for identity, number in said if identity == track_id)
        columns = read_mot(folder / f"person_{track_id}.mot")
        rows = [number - numbers[0] for number in numbers]
        places = np.stack([columns[f"pelvis_t{axis}"] for axis in "xyz"], axis=1)[rows]
        true = _true_turns(said, track_id, numbers)
        turned += [float(angles_between(true[name], turns[rows]).max()) for name, turns in turns_of(columns).items()]
        joints = np.array([said[track_id, number].joints for number in numbers])
        far.append(1000 * float(np.linalg.norm(joints[:, 0] - places, axis=1).max()))
    return RoundTrip(len(said), max(far), max(turned), None, None, None)


def _true_turns(said: Poses, track_id: int, numbers: list[int]) -> dict[str, Float64]:
    """Return the rotations that `turns_of` puts together, from those of the joints in space."""
    turns = np.array([said[track_id, number].rotations for number in numbers])
    in_space = {name: turns[:, joint] for joint, name in enumerate(SMPL_JOINT_NAMES)}
    relative = {"spine": ("pelvis", "spine3")}
    for side in ("left", "right"):
        relative[f"{side}_hip"] = ("pelvis", f"{side}_hip")
        relative[f"{side}_arm"] = ("spine3", f"{side}_shoulder")
    between = {name: in_space[a].transpose(0, 2, 1) @ in_space[b] for name, (a, b) in relative.items()}
    return {"pelvis": in_space["pelvis"], **between}
