"""Opening a media file with PyAV: the video stream in it, or one line that says why there is none."""

from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from tracker_service.errors import VideoFormatError, VideoNotFoundError
from tracker_service.video.video_parameters import BEST_STREAM

# Playlists and scripts name further files to open, text is drawn by FFmpeg as if it were a picture, and what few people
# use few people have tested. So only these are tried, before anything of a file is interpreted.
_FORMATS = (
    *("mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "asf", "flv", "live_flv", "ogg", "mxf", "rm"),
    *("nut", "dv", "gif", "apng", "ivf", "obu", "av1", "h264", "hevc", "vvc", "m4v", "h261", "h263", "vc1", "dirac"),
    *("mjpeg", "mjpeg_2000", "yuv4mpegpipe", "wtv", "gxf", "nsv", "nuv", "mpjpeg", "webvtt", "srt", "ass"),
    *("aac", "mp3", "flac", "wav", "aiff", "ac3", "eac3", "amr", "caf", "au", "w64"),
)
"""FFmpeg's names of the formats that are read; sound and subtitles, so that it can be said that there is no video."""
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": ",".join(_FORMATS)}


def open_container(path: Path, card: HWAccel | None = None) -> InputContainer:
    """Open a media file for reading.

    Args:
        path: the file.
        card: decodes it where it knows the codec; None lets the CPU decode.

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
        container = av.open(f"file:{path.absolute()}", options=_OPTIONS, metadata_errors="ignore", hwaccel=card)
    except av.ArgumentError as error:  # what FFmpeg says of a format that is not in the list
        raise VideoFormatError(f"{path}: expected a video file, got one of a format that is not read here") from error
    except av.FFmpegError as error:
        raise VideoFormatError(
            f"{path}: expected a video file, got a file that cannot be read as one: {reason(error)}"
        ) from error
    except OSError as error:
        raise VideoFormatError(f"{path}: expected a readable video file, got: {error.strerror}") from error
    return container


def find_video_stream(container: InputContainer, path: Path, wanted: int) -> VideoStream:
    """Return the video stream to read; a cover picture is none.

    Args:
        container: an opened file.
        path: of the file, for messages.
        wanted: number among its video streams, from 0; `BEST_STREAM` takes the one with the largest picture, of several
            the one that is marked as the default, else the first.

    Raises:
        VideoFormatError: there is none, not so many, or its codec is unknown.
    """
    streams = video_streams(container)
    if not streams:
        kinds = sorted({"a cover picture" if s.type == "video" else s.type for s in container.streams})
        raise VideoFormatError(f"{path}: expected a video stream, got {' and '.join(kinds) or 'no stream'} only")
    if wanted >= len(streams):
        raise VideoFormatError(f"{path}: expected a video stream from 0 to {len(streams) - 1}, got {wanted}")
    stream = max(streams, key=_rank) if wanted == BEST_STREAM else streams[wanted]
    if not _has_decoder(stream):
        raise VideoFormatError(f"{path}: expected a codec that FFmpeg can decode, got an unknown one")
    return stream


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams that are video: neither cover pictures nor thumbnails."""
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & pictures]


def _rank(stream: VideoStream) -> tuple[bool, int, bool]:
    if not _has_decoder(stream):
        return False, 0, False
    return True, stream.width * stream.height, bool(stream.disposition & Disposition.default)


def _has_decoder(stream: VideoStream) -> bool:
    decoder: object = stream.codec_context
    return decoder is not None


def reason(error: av.FFmpegError) -> str:
    """Return FFmpeg's words for an error, without the file name and numbers around them."""
    return error.strerror or str(error)
