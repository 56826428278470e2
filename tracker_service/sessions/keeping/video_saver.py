"""Saves one live video from time to time."""

import time

from tracker_service.sessions.keeping.kept_video import VideoNotes
from tracker_service.sessions.keeping.session_folder import SessionFolder
from tracker_service.sessions.video_tracker import VideoName, VideoTracker


class VideoSaver:
    """Saves one video; its methods may be called in any thread, but in one at a time and not during association.

    Attributes:
        seconds: time between two saves.

    Args:
        folder: where to.
        name: session and number of the video.
        named: whether the client named the session.
        size: width and height of its frames.
        seconds: time between two saves.
    """

    def __init__(
        self, folder: SessionFolder, name: VideoName, *, named: bool, size: tuple[int, int], seconds: float
    ) -> None:
        self.seconds = seconds
        self._folder = folder
        self._name = name
        self._named = named
        self._size = size
        self._marked = False

    def mark(self) -> None:
        """Note before an answer is given that the file will lack it until the next `save`."""
        if not self._marked:
            self._marked = self._folder.mark(self._name)

    def save(self, tracker: VideoTracker) -> None:
        """Save the video as it is."""
        notes = VideoNotes(
            session=self._name.session,
            video=self._name.video,
            named=self._named,
            size=self._size,
            used=time.time(),
            made_with=self._folder.made_with,
        )
        self._folder.save(notes, tracker)
        self._marked = False
