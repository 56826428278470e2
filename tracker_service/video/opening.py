"""Opening a media file with PyAV: the video stream in it, or one line that says why there is none."""

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from tracker_service.errors import VideoFormatError, VideoNotFoundError

# Playlists and scripts name further files to open; text is drawn by FFmpeg as if it were a picture. An uploaded
# "video" must neither read other files nor turn text into frames.
_REFUSED_FORMATS = frozenset({"hls", "dash", "concat", "concatf", "sdp", "rtsp", "image2", "tty", "imf", "lavfi"})


def open_container(path: Path) -> InputContainer:
    """Open a media file for reading.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: the file is empty, cannot be read or is of a kind that is refused.
    """
    if not path.exists():
        raise VideoNotFoundError(f"{path}: expected a video file or a folder of images, got nothing at this path")
    if not path.is_file():
        raise VideoFormatError(f"{path}: expected a regular video file, got something else")
    if path.stat().st_size == 0:
        raise VideoFormatError(f"{path}: expected a video file, got an empty file (0 bytes)")
    try:
        # The "file:" prefix keeps a name with a colon from being read as a network protocol.
        container = av.open(f"file:{path.absolute()}", options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise VideoFormatError(
            f"{path}: expected a video file, got a file that cannot be read as one: {reason(error)}"
        ) from error
    except OSError as error:
        raise VideoFormatError(f"{path}: expected a readable video file, got: {error.strerror}") from error
    if _REFUSED_FORMATS & set(container.format.name.split(",")):
        container.close()
        raise VideoFormatError(f"{path}: expected a video file, got {container.format.long_name}")
    return container


def find_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the main video stream of a container; a cover picture is none.

    Raises:
        VideoFormatError: there is none, or its codec is unknown.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    if not streams:
        kinds = sorted({"a cover picture" if s.type == "video" else s.type for s in container.streams})
        raise VideoFormatError(f"{path}: expected a video stream, got {' and '.join(kinds) or 'no stream'} only")
    stream = next((s for s in streams if best is not None and s.index == best.index), streams[0])
    decoder: object = stream.codec_context
    if decoder is None:
        raise VideoFormatError(f"{path}: expected a codec that FFmpeg can decode, got an unknown one")
    return stream


def reason(error: av.FFmpegError) -> str:
    """Return FFmpeg's words for an error, without the file name and numbers around them."""
    return error.strerror or str(error)
