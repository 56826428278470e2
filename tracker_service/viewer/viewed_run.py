"""A run as the viewer sees it: its lines, its videos, and how much of it there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from tracker_service.body.model import BodyModel
from tracker_service.drawing.overlay import DOUBTFUL_OPACITY, PREDICTED_OPACITY, UNUSABLE_OPACITY
from tracker_service.errors import ResultsError
from tracker_service.results.records import FrameRecord, parse_frame
from tracker_service.types.phalp_vectors import FOCAL_OVER_SIZE
from tracker_service.types.shown_text import encodable
from tracker_service.viewer.chunks import (
    ANGLE_NAMES,
    FOUND_BY,
    REASONS,
    STATES,
    USABILITIES,
    Chunk,
    pack,
    pack_bodies,
    pack_timeline,
)

Part: TypeAlias = Literal["timeline", "bodies"]
"""The parts of a chunk."""
CHUNK_FRAMES = 128
"""Frames that the page loads at once. Raising it takes fewer requests and more memory."""

_PLAYABLE = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm"}
"""Containers that browsers open, by suffix; whether they know the codec is seen in the browser."""


def playable(path: Path) -> str | None:
    """Return the media type of a video that browsers may play; None where it is of another kind."""
    return _PLAYABLE.get(path.suffix.lower())


@dataclass(frozen=True, slots=True)
class ViewedVideo:
    """A video that may be shown beside the bodies.

    Attributes:
        kind: ``video`` for the source itself, ``overlay`` for the one with people drawn into it.
        open: opens the file; raises `OSError`.
        media_type: of the file.
    """

    kind: str
    open: Callable[[], BinaryIO]
    media_type: str


@dataclass(frozen=True, slots=True)
class ViewedRun:
    """A run at one moment.

    Attributes:
        name: shown to the user.
        frames: how many can be read.
        final: whether no more will come.
        lines: returns up to so many result lines from a frame on, counted from the first of the run.
        videos: its videos, the source first.
    """

    name: str
    frames: int
    final: bool
    lines: Callable[[int, int], Sequence[bytes]]
    videos: tuple[ViewedVideo, ...] = ()

    @property
    def chunks(self) -> int:
        """How many chunks there are, the last one perhaps shorter."""
        return -(-self.frames // CHUNK_FRAMES)

    def records(self, chunk: int) -> list[FrameRecord]:
        """Return the frames of a chunk; raises `ResultsError` for a chunk that is not there or a damaged line."""
        if not 0 <= chunk < self.chunks:
            raise ResultsError(f"{self.name}: expected a chunk from 0 to {self.chunks - 1}, got {chunk}")
        start = chunk * CHUNK_FRAMES
        lines = self.lines(start, min(CHUNK_FRAMES, self.frames - start))
        return [parse_frame(line, f"{self.name}, frame {start + row}") for row, line in enumerate(lines)]

    def chunk(self, number: int, body: BodyModel) -> Chunk:
        """Return a chunk in the page's layout; raises as `records`."""
        return pack(self.records(number), body)

    def part(self, part: Part, number: int, body: BodyModel) -> bytes:
        """Return one part of a chunk; raises as `records`."""
        records = self.records(number)
        return pack_timeline(records, body) if part == "timeline" else pack_bodies(records)

    def index(self, videos: Sequence[dict[str, str]]) -> dict[str, Any]:
        """Return what the page has to know before it reads chunks.

        Args:
            videos: where the page finds the videos: ``kind`` and ``url`` or ``element``.
        """
        lines = self.lines(0, 1) if self.frames else ()
        first = parse_frame(lines[0], f"{self.name}, first frame") if lines else None
        return {
            "name": encodable(self.name),
            "frames": self.frames,
            "final": self.final,
            "chunk_frames": CHUNK_FRAMES,
            "first_frame": 0 if first is None else first.frame_number,
            "width": 0 if first is None else first.width,
            "height": 0 if first is None else first.height,
            **page_facts(),
            "videos": list(videos),
        }


def page_facts() -> dict[str, Any]:
    """Return what the page has to know of every run: how it is drawn, and what the codes of its chunks mean."""
    return {
        "focal_over_size": FOCAL_OVER_SIZE,
        "states": STATES,
        "found_by": FOUND_BY,
        "usabilities": USABILITIES,
        "reasons": REASONS,
        "angles": ANGLE_NAMES,
        "opacity": {
            "predicted": PREDICTED_OPACITY,
            "doubtful": DOUBTFUL_OPACITY,
            "unusable": UNUSABLE_OPACITY,
        },
    }
