"""The focal length that a camera wrote into a file: EXIF of pictures, QuickTime's keys of videos.

Cameras state the 35 mm equivalent (`pictures.film_focal`). A video is often cut out of the sensor's picture for
stabilisation, so that the truth is some per cent longer.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import av

from tracker_service.errors import VideoError
from tracker_service.video.opening import open_container, video_streams
from tracker_service.video.pictures.film_focal import exif_over_diagonal, over_diagonal
from tracker_service.video.pictures.folder_listing import FolderListing
from tracker_service.video.pictures.picture_formats import is_picture, open_by_content
from tracker_service.video.pictures.sequence_info import sequence_of

_KEY = "camera.focal_length.35mm_equivalent"
"""End of the name under which Apple's cameras write it; FFmpeg gives the whole."""


def focal_in_file(source: Path) -> float | None:
    """Return the focal length over the diagonal of the frame, None where the file does not say or cannot be read.

    Args:
        source: a video, a picture, or a folder of pictures, of which the first speaks for all.
    """
    if source.is_dir():
        pictures = FolderListing.of(sequence_of(source).images).pictures
        return _in_picture(pictures[0]) if pictures else None
    return _in_picture(source) if is_picture(source) else _in_video(source)


def _in_picture(path: Path) -> float | None:
    with suppress(OSError, ValueError, SyntaxError, VideoError), path.open("rb") as stream:
        return exif_over_diagonal(open_by_content(stream, path.name))
    return None


def _in_video(path: Path) -> float | None:
    with suppress(VideoError, av.FFmpegError), open_container(path) as container:
        places: list[Mapping[str, str]] = [container.metadata, *(s.metadata for s in video_streams(container))]
        written = [over_diagonal(value) for place in places for name, value in place.items() if name.endswith(_KEY)]
        return next((value for value in written if value is not None), None)
    return None
