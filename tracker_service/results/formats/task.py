"""What a process that converts results is to do."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tracker_service.results.formats.bodies.skeleton import SkeletonPreset

CANNOT_BE_CONVERTED, NO_ROOM = 2, 3
"""Exit statuses of the process: the results cannot be converted; the disk is full."""


@dataclass(frozen=True, slots=True)
class ConversionTask:
    """One conversion.

    Attributes:
        results: folder of the results.
        folder: where the files go.
        format_name: of `FORMATS`.
        body: ``body_model.npz`` of the model set.
        preset: whose names the joints of ``bvh`` have.
        most_poses: as of `convert`.
    """

    results: Path
    folder: Path
    format_name: str
    body: Path
    preset: SkeletonPreset
    most_poses: int

    def to_json(self) -> str:
        """Return the task as text for a command line; names of files that are not UTF-8 survive."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "ConversionTask":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        paths = {name: Path(values[name]) for name in ("results", "folder", "body")}
        return cls(**{**values, **paths, "preset": SkeletonPreset(values["preset"])})
