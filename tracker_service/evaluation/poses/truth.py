"""The exact ground truth of a rendered clip, as ``samples`` writes it."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ContractError, ResultsError
from tracker_service.types import Bool, Float32, Float64, Int64
from tracker_service.types.arrays import checked
from tracker_service.types.phalp_vectors import NUMBER_OF_HMR_JOINTS

_IN_VIEW = 2


@dataclass(frozen=True, slots=True)
class PoseTruth:
    """Who is where in a clip of T frames with n people.

    Attributes:
        ids: (n,) int64.
        boxes: (T, n, 4) float32, x1 y1 x2 y2 of the whole body, hidden parts included, pixels.
        visibility: (T, n) float32 in [0, 1], seen share of the body.
        joints_3d: (T, n, 44, 3) float32, metres, axes of the camera: x right, y down, z into the scene.
        width, height: frame size in pixels.
    """

    ids: Int64
    boxes: Float32
    visibility: Float32
    joints_3d: Float32
    width: int
    height: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", checked("ids", self.ids, np.int64, (None,)))
        n = len(self.ids)
        object.__setattr__(self, "boxes", checked("boxes", self.boxes, np.float32, (None, n, 4)))
        frames = len(self.boxes)
        object.__setattr__(self, "visibility", checked("visibility", self.visibility, np.float32, (frames, n)))
        shape = (frames, n, NUMBER_OF_HMR_JOINTS, 3)
        object.__setattr__(self, "joints_3d", checked("joints_3d", self.joints_3d, np.float32, shape))
        if not all(np.isfinite(value).all() for value in (self.boxes, self.visibility, self.joints_3d)):
            raise ContractError("boxes, visibility and joints_3d: expected finite numbers, got NaN or infinity")

    @property
    def number_of_frames(self) -> int:
        """Frames of the clip."""
        return len(self.boxes)

    @property
    def in_view(self) -> Bool:
        """(T, n), True where at least two pixels of a person's box lie in the image, hidden or not."""
        x1, y1, x2, y2 = np.moveaxis(self.boxes, -1, 0)
        inside: Bool = (x2 > _IN_VIEW) & (y2 > _IN_VIEW) & (x1 < self.width - _IN_VIEW) & (y1 < self.height - _IN_VIEW)
        return inside

    def boxes_xywh(self, frame_number: int) -> Float64:
        """Return one frame's boxes, cut at the border of the image, (n, 4) float64 x y width height."""
        border = np.array([self.width, self.height, self.width, self.height])
        boxes = np.clip(self.boxes[frame_number].astype(np.float64), 0, border)
        return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an npz with one array per attribute; further arrays are ignored.

        Raises:
            ResultsError: not an npz, or an array is missing or has another shape.
        """
        arrays = _arrays(path)
        try:
            return cls(
                ids=arrays["ids"],
                boxes=arrays["boxes"],
                visibility=arrays["visibility"],
                joints_3d=arrays["joints_3d"],
                width=int(arrays["width"]),
                height=int(arrays["height"]),
            )
        except KeyError as error:
            raise ResultsError(f"{path}: expected an array named {error}, got {', '.join(sorted(arrays))}") from None
        except (ContractError, TypeError, ValueError) as error:
            raise ResultsError(f"{path}: {error}") from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ResultsError(f"{path}: expected a readable ground truth, got {error.strerror or error}") from error
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ResultsError(f"{path}: expected an npz archive of plain arrays, got another kind of file") from error
