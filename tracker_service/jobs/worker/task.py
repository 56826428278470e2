"""What a worker is told to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tracker_service.jobs.identity import SourceIdentity


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """A job as its worker sees it.

    Attributes:
        folder: of the job.
        source: the video.
        shown_source: the video as clients named it.
        identity: what the video was when it was submitted, None for a folder of images.
        max_frames: stop after this many frames, None for all.
        overlay: also draw the overlay.
        refine: also smooth and fill gaps.
        chunk_frames: frames between two borders.
        free_bytes: disk space to leave free.
        settings: tree of settings, those of the job and those of the service joined.
    """

    folder: Path
    source: Path
    shown_source: str
    identity: SourceIdentity | None
    max_frames: int | None
    overlay: bool
    refine: bool
    chunk_frames: int
    free_bytes: int
    settings: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "folder": str(self.folder), "source": str(self.source)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild what `to_json` took apart."""
        identity = values["identity"]
        changes = {
            "folder": Path(values["folder"]),
            "source": Path(values["source"]),
            "identity": None if identity is None else SourceIdentity(**identity),
        }
        return cls(**{**values, **changes})
