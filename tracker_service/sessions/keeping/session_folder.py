"""The folder in which live videos are kept."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from tracker_service.errors import ContractError, TrackerStateError
from tracker_service.pipeline.state_arrays import read_arrays, write_arrays
from tracker_service.sessions.keeping.kept_video import VideoNotes, notes_of, tracker_state, video_arrays
from tracker_service.sessions.video_tracker import VideoName, VideoTracker

_logger = logging.getLogger(__name__)

RestoreVideo = Callable[[Path, VideoName, dict[str, NDArray[Any]]], VideoTracker]


class RestoredVideo(NamedTuple):
    """A video as it was saved."""

    notes: VideoNotes
    tracker: VideoTracker


class SessionFolder:
    """Saves live videos, a file each, and reads them back. Only one service at a time may use a folder.

    Args:
        folder: made when missing.
        made_with: model set and settings of the trackers, as text.
        restore: makes the tracker of a video from its saved arrays.
    """

    def __init__(self, folder: Path, made_with: str, restore: RestoreVideo) -> None:
        self.made_with = made_with
        self._folder = folder
        self._restore = restore
        self._failed = False

    def mark(self, name: VideoName) -> bool:
        """Note that answers will be given that the video's file lacks; return whether that was possible."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mark(name).touch()
        except OSError as error:
            self._report(error)
            return False
        return True

    def save(self, notes: VideoNotes, tracker: VideoTracker) -> None:
        """Save a video; an earlier file is replaced only once the new one is complete. Failures are logged once."""
        try:
            write_arrays(self._path(notes.name), video_arrays(notes, tracker))
            self._mark(notes.name).unlink(missing_ok=True)
        except (TrackerStateError, OSError) as error:
            self._report(error)
        else:
            self._failed = False

    def restored(self, most_seconds: float) -> Iterator[RestoredVideo]:
        """Read the videos used within the last ``most_seconds``, the newest first; other files are removed."""
        self.sweep(most_seconds)
        for path in sorted(self._folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                yield self._read(path)
            except (TrackerStateError, ContractError, KeyError, TypeError, ValueError) as error:
                _logger.warning("%s: this live video is not continued: %s", path.name, error)
                path.unlink(missing_ok=True)

    def sweep(self, most_seconds: float) -> None:
        """Remove the files of videos that were saved longer ago, and what a killed service left half written."""
        oldest = time.time() - most_seconds
        for path in self._folder.glob("*.npz*"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _read(self, path: Path) -> RestoredVideo:
        arrays = read_arrays(path)
        notes = notes_of(arrays)
        if notes.made_with != self.made_with:
            raise TrackerStateError("expected the same models and settings")
        tracker = self._restore(path, notes.name, tracker_state(arrays))
        if self._mark(notes.name).exists():
            tracker.skip_identities()
        return RestoredVideo(notes, tracker)

    def _report(self, error: Exception) -> None:
        if not self._failed:
            _logger.warning("live sessions are not kept: %s", error)
        self._failed = True

    def _mark(self, name: VideoName) -> Path:
        return self._path(name).with_suffix(".npz.unsaved")

    def _path(self, name: VideoName) -> Path:
        key = hashlib.blake2b(name.session.encode(), digest_size=16).hexdigest()
        return self._folder / f"{key}.{name.video}.npz"
