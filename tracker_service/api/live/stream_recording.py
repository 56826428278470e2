"""What a live stream of the service leaves on the disk: parts of ordinary results, by client and stream."""

import hashlib
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import orjson

from tracker_service.body.model import BodyModel
from tracker_service.errors import LiveForbiddenError, LiveNotFoundError, PhalpTritonError
from tracker_service.inference.client import InferenceClient
from tracker_service.live.live_frame_result import LiveFrameResult
from tracker_service.live.recording import PART_PATTERN, LiveRecording
from tracker_service.media import open_regular
from tracker_service.results.result_files import OVERLAY, REPORT, RESULTS, SUMMARY, TRACKS
from tracker_service.settings import Settings
from tracker_service.wiring.live import part_summaries, recorded_overlay
from tracker_service.wiring.models import devices_in_use, models_of

MEDIA_TYPES = {
    RESULTS: "application/x-ndjson",
    TRACKS: "application/octet-stream",
    OVERLAY: "video/mp4",
    REPORT: "text/html",
    SUMMARY: "application/json",
}
"""The files of a part that clients may have."""
_FIT = re.compile(r"[A-Za-z0-9._-]{1,40}")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedPart:
    """A complete part of a recording.

    Attributes:
        name: of its folder.
        frames: in it.
        bytes: that it takes on the disk.
        files: names of its files.
    """

    name: str
    frames: int
    bytes: int
    files: tuple[str, ...]


class StreamRecording:
    """Records the frames of one stream; its methods block, and may be called in any thread.

    Args:
        settings: everything that can be set.
        client: whose stream it is.
        stream_id: its name.
        rate: frames a second that the stream states.
        source: as it may be shown.
        reconnections: how often the source was connected again so far.
        models: tell which device each model runs on.
        body: for the overlay.

    Raises:
        LiveForbiddenError: the service records nothing.
        SettingsError: an overlay is wanted, and nothing is to be drawn.
    """

    def __init__(
        self,
        settings: Settings,
        client: str,
        stream_id: str,
        rate: float,
        source: str,
        reconnections: Callable[[], int],
        models: InferenceClient,
        body: BodyModel,
    ) -> None:
        folder = recording_folder(settings, client, stream_id)
        draw = recorded_overlay(settings, body)
        self.wants_pictures = draw is not None
        runs_on = devices_in_use(models, models_of(settings))
        summaries = part_summaries(settings, source, runs_on, reconnections)
        room = settings.live.record_folder
        self._recording = LiveRecording(folder, rate, settings.live, summaries, draw=draw, room=room)
        self._lock = Lock()
        self._closed = False

    def write(self, frame: LiveFrameResult) -> None:
        """Append a frame; nothing happens once it is closed.

        Raises:
            ResultsError: the disk does not take it.
        """
        with self._lock:
            if not self._closed:
                self._recording.write(frame)

    def close(self) -> None:
        """Complete the last part."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                self._recording.__exit__(None, None, None)
            except PhalpTritonError as error:
                _logger.warning("the recording of a live stream is not complete: %s", error)


def recording_folder(settings: Settings, client: str, stream_id: str) -> Path:
    """Return the folder of a client's stream; raises `LiveForbiddenError` where the service records nothing."""
    root = settings.live.record_folder
    if root is None:
        raise LiveForbiddenError("record: expected a service that records (setting live.record_folder)")
    # Names of clients are the operator's choice and may be addresses: two that look alike must differ.
    fit = client if _FIT.fullmatch(client) and client.strip(".") else hashlib.sha256(client.encode()).hexdigest()[:16]
    return root / f"client-{fit}" / f"stream-{stream_id}"


def recorded_parts(folder: Path) -> list[RecordedPart]:
    """Return the complete parts of a recording, oldest first."""
    parts = [path for path in folder.glob("part-*") if (path / SUMMARY).exists()]
    return [part for path in sorted(parts) if (part := _part(path)) is not None]


def recorded_file(folder: Path, part: str, name: str) -> BinaryIO:
    """Open a file of a part; raises `LiveNotFoundError`."""
    if re.fullmatch(PART_PATTERN, part) and name in MEDIA_TYPES:
        with suppress(FileNotFoundError):
            return open_regular(folder / part / name)
    raise LiveNotFoundError(f"part: expected a recorded file, got none at {part}/{name}")


def _part(folder: Path) -> RecordedPart | None:
    try:
        frames = orjson.loads((folder / SUMMARY).read_bytes())["frames"]
        sizes = {name: (folder / name).stat().st_size for name in MEDIA_TYPES if (folder / name).exists()}
    except OSError:  # it has just made room for others
        return None
    return RecordedPart(folder.name, frames, sum(sizes.values()), tuple(sizes))
