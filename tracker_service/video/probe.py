"""Reads the header of a video file in a process of its own: a file that crashes FFmpeg ends that process, not ours."""

import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tracker_service.errors import VideoError, VideoFormatError, VideoNotFoundError
from tracker_service.process import confinement
from tracker_service.types.shown_text import encodable
from tracker_service.video.container import VideoContainer
from tracker_service.video.display.shown_pictures import ShownPictures
from tracker_service.video.pictures.picture_formats import is_picture
from tracker_service.video.position import Selection
from tracker_service.video.video_file import VideoFileSource

_LONGEST_REPORT = 4096
_CPU_SECONDS = 10
"""Seconds of computing; an ordinary file takes a few tenths. Raising it lets one file take a core for longer."""
_BASE_BYTES, _BYTES_A_PIXEL = 1 << 30, 100
"""Memory beside and for the frames that a decoder holds. Raising it lets longer tables of samples be read."""
_KINDS = {kind.__name__: kind for kind in (VideoNotFoundError, VideoFormatError, VideoError)}


@dataclass(frozen=True, slots=True)
class VideoProperties:
    """What the header of a video file says.

    Attributes:
        width, height: of the frames in square pixels, before they are turned; 0 where the header does not say.
        fps: average frames a second.
        duration: seconds, None if nothing tells.
        frames: about how many frames, None if nothing tells.
        codec: FFmpeg's name of the codec.
    """

    width: int
    height: int
    fps: float
    duration: float | None
    frames: int | None
    codec: str


def probe_video(
    path: Path, *, decoded_pixels: int, timeout: float = 60.0, opened: int | None = None
) -> VideoProperties:
    """Return what the header of the video file ``path`` says, once its first frame has been decoded.

    Args:
        path: a file; pictures are refused, because they are no videos.
        decoded_pixels: a file of larger frames is not decoded. Raising it finds more files that cannot be decoded, and
            takes more memory for large frames.
        timeout: seconds it may take. Raising it lets slower disks pass.
        opened: descriptor of the file; what is in its place now is not read. None opens it by its path.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: it is not a video, nothing in it can be decoded, or it takes too long or breaks the decoder.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="probe-") as nowhere:
            named = path.absolute()
            if opened is not None:  # a link with the suffix, which tells FFmpeg what some files are
                named = Path(nowhere) / f"video{path.suffix}"
                named.symlink_to(f"/dev/fd/{opened}")
            command = confinement.command(__spec__.name, str(named), str(decoded_pixels))
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
                env=confinement.environment(),
                cwd=nowhere,
                pass_fds=() if opened is None else (opened,),
            )
    except subprocess.TimeoutExpired:
        raise VideoFormatError(f"{path}: expected a video that opens within {timeout:g} s, got no answer") from None
    try:
        report = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        raise VideoFormatError(
            f"{path}: expected a video, got a file that breaks the decoder, or takes it too much memory or time"
        ) from None
    if "error" in report:
        raise _KINDS[report["kind"]](report["error"].replace(str(named), str(path.absolute())))
    return VideoProperties(**report)


def properties_of(path: Path, decoded_pixels: int) -> VideoProperties:
    """Do the work of `probe_video` in this process."""
    properties = _header(path)
    if properties.width * properties.height <= decoded_pixels:
        VideoFileSource(path, Selection.between(None, None), threads=1).close()
    return properties


def _header(path: Path) -> VideoProperties:
    if is_picture(path):
        raise VideoFormatError(f"{path}: expected a video, got a picture")
    container = VideoContainer(path, threads=1)
    try:
        if container.format.endswith("_pipe"):
            raise VideoFormatError(f"{path}: expected a video, got a picture ({container.format})")
        width, height = ShownPictures(container).shown_size(*container.stated_size)
        return VideoProperties(
            width, height, container.fps, container.duration, container.frames_estimate, container.codec
        )
    finally:
        container.close()


def _report(path: Path, decoded_pixels: int) -> bytes:
    try:
        return orjson.dumps(asdict(properties_of(path, decoded_pixels)))
    except MemoryError:
        return b""  # as if it had broken the decoder
    except VideoError as error:
        kind = type(error).__name__
        known = kind if kind in _KINDS else VideoError.__name__
        return orjson.dumps({"kind": known, "error": encodable(str(error))[:_LONGEST_REPORT]})


if __name__ == "__main__":
    confinement.confine(memory=_BASE_BYTES + _BYTES_A_PIXEL * int(sys.argv[2]), cpu_seconds=_CPU_SECONDS)
    sys.stdout.buffer.write(_report(Path(sys.argv[1]), int(sys.argv[2])))
