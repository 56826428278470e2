"""Golden PHALP runs as frames of `People`, and where to find them."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.phalp.textures import texture_map
from tracker_service.types import Detections, Float32, People, Smpl, Squares

_ROOT = Path(__file__).resolve().parents[2]
_DATA = _ROOT / "tests" / "data"
_FOLDERS = (_DATA / "phalp", _DATA / "export", _ROOT.parent / "shared" / "golden")

Arrays = Mapping[str, NDArray[Any]]


def load(name: str) -> Arrays:
    """Return the arrays of a golden file from the project or, for the large ones, from the folder beside it."""
    for folder in _FOLDERS:
        path = folder / f"{name}.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as archive:
                return {key: archive[key] for key in archive.files}
    pytest.skip(f"{name}.npz is neither in tests/data nor in ../shared/golden")


def ragged(arrays: Arrays, name: str, offsets: str, frame: int) -> NDArray[Any]:
    """Return the rows of one frame of a flat array."""
    limits = arrays[offsets]
    return arrays[name][limits[frame] : limits[frame + 1]]


def dequantised(values: NDArray[Any], scale: int) -> Float32:
    """Return integers divided by a power of two, which is exact."""
    return values.astype(np.float32) * np.float32(1 / scale)


class Scenario:
    """The detections of a golden tracker run."""

    def __init__(self, name: str) -> None:
        self.arrays = load(f"tracker_{name}")
        height, width = self.arrays["image_size_hw"].tolist()
        self.frame_size = (width, height)
        self.number_of_frames = int(self.arrays["number_of_frames"])
        self.number_of_runs = int(self.arrays["number_of_runs"])
        self.shots = set(self.arrays["shots"].tolist())
        self.people = lru_cache(maxsize=64)(self._people)

    def _people(self, frame: int) -> People:
        """Return the people of a frame in detector order."""

        def rows(name: str) -> NDArray[Any]:
            return ragged(self.arrays, name, "det_offsets", frame)

        box = rows("det_bbox_xywh")
        n = len(box)
        pose = dequantised(rows("det_pose_q"), 4096)
        camera = rows("det_camera")
        location = np.concatenate(
            [dequantised(rows("det_joints_q"), 16384), rows("det_uv44"), camera, camera, camera], axis=1
        )
        size = max(self.frame_size)
        padding = (size - np.array(self.frame_size)) / 2
        seeds = rows("det_uv_seeds") if "det_uv_seeds" in self.arrays else None
        return People(
            detections=Detections(np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1), rows("det_conf")),
            squares=Squares(rows("det_center"), rows("det_scale_wh").max(axis=1, initial=0), np.zeros(n, np.float32)),
            smpl=Smpl(pose[:, :9].reshape(n, 1, 3, 3), pose[:, 9:216].reshape(n, 23, 3, 3), pose[:, 216:226]),
            crop_cameras=np.ones((n, 3), np.float32),
            cameras=camera,
            joints_3d=np.zeros((n, 45, 3), np.float32),
            joints_2d=location[:, :90].reshape(n, 45, 2) * size - padding,
            pose=pose,
            location=location,
            appearance=dequantised(rows("det_appe_q"), 8),
            presence=np.ones(n, np.float32),
            identities=rows("det_ground_truth"),
            annotated=rows("det_annotated"),
            uv_maps=None
            if seeds is None
            else np.array([texture_map(*seed) for seed in seeds.tolist()], np.float32).reshape(n, 4, 256, 256),
        )
