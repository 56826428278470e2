"""Opening what a user names: a video file, a folder of images, or a picture file."""

from pathlib import Path

from tracker_service.errors import VideoFormatError
from tracker_service.types.bounds import check_value
from tracker_service.video.frame_source import FrameSource, VideoInfo
from tracker_service.video.live.address import is_address, shown_address
from tracker_service.video.pictures.picture_formats import is_picture
from tracker_service.video.pictures.picture_source import PictureSource, pictures_of_file, pictures_of_folder
from tracker_service.video.position import Position, Selection, parse_position
from tracker_service.video.video_file import VideoFileSource
from tracker_service.video.video_parameters import VideoParameters

__all__ = ["FrameSource", "Position", "VideoInfo", "open_source", "parse_position"]


def open_source(
    source: str | Path,
    *,
    start: Position | None = None,
    end: Position | None = None,
    threads: int = VideoParameters.decoder_threads,
    image_rate: float | None = None,
    start_time: float | None = None,
    stream: int = VideoParameters.stream,
    decoder: str = VideoParameters.decoder,
) -> FrameSource:
    """Open a video file, a folder of images or a picture file for reading once, frame by frame.

    Args:
        source: path of the file or folder; an address is not one.
        start: first frame to deliver; frame numbers and timestamps stay those of the whole source.
        end: first frame not to deliver any more.
        threads: of the decoder; see ``decoder_threads`` of `VideoParameters`.
        image_rate: frames a second of pictures that have no times of their own; see ``fps`` there.
        start_time: timestamp of the frame ``start`` as an earlier reading gave it. With it the frame is found without
            reading what lies before it, or the range is refused; files in which packets do not tell the frames, and
            damaged ones, must be read from the beginning instead.
        stream: number of the video in a file; see `VideoParameters`.
        decoder: what decodes a file; see there.

    Returns:
        The source, its first frame already decoded; close it or use it as a context manager.

    Raises:
        VideoNotFoundError: there is no such file or folder.
        VideoFormatError: an address, not a video, no video stream, no images, unknown codec, or nothing in it can be
            decoded.
        VideoRangeError: start and end select no frame.
        SettingsError: ``threads``, ``image_rate``, ``stream`` or ``decoder`` cannot be used.
    """
    given = {"decoder_threads": threads, "fps": image_rate, "stream": stream, "decoder": decoder}
    for name, value in given.items():
        check_value(VideoParameters, name, value)
    if is_address(str(source)):
        raise VideoFormatError(f"{shown_address(str(source))}: expected a file or folder, got an address")
    path = Path(source)
    selection = Selection.between(start, end)
    if path.is_dir():
        return PictureSource(pictures_of_folder(path, image_rate), selection)
    if is_picture(path):
        return PictureSource(pictures_of_file(path, image_rate), selection)
    return VideoFileSource(path, selection, threads, start_time, stream, decoder)
