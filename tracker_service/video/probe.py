"""Reads the header of a video file in a process of its own: a file that crashes FFmpeg ends that process, not ours."""

import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from tracker_service.errors import VideoError, VideoFormatError, VideoNotFoundError
from tracker_service.video.container import VideoContainer
from tracker_service.video.image_folder import is_image

_LONGEST_REPORT = 4096
_KINDS = {kind.__name__: kind for kind in (VideoNotFoundError, VideoFormatError, VideoError)}


@dataclass(frozen=True, slots=True)
class VideoProperties:
    """What the header of a video file says; nothing is decoded for it.

    Attributes:
        width, height: of the frames as stored, pixels; 0 where the header does not say.
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


def probe_video(path: Path, *, timeout: float = 60.0) -> VideoProperties:
    """Return what the header of the video file ``path`` says.

    Args:
        path: a file; pictures are refused, because they are no videos.
        timeout: seconds it may take. Raising it lets slower disks pass.

    Raises:
        VideoNotFoundError: there is no such file.
        VideoFormatError: it is not a video, or opening it takes too long or breaks the decoder.
    """
    command = (sys.executable, "-m", __spec__.name, str(path))
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        raise VideoFormatError(f"{path}: expected a video that opens within {timeout:g} s, got no answer") from None
    try:
        report = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        raise VideoFormatError(f"{path}: expected a video, got a file that breaks the decoder") from None
    if "error" in report:
        raise _KINDS[report["kind"]](report["error"])
    return VideoProperties(**report)


def properties_of(path: Path) -> VideoProperties:
    """Read the header of ``path`` in this process; raises as `probe_video`."""
    if is_image(path):
        raise VideoFormatError(f"{path}: expected a video, got a picture")
    container = VideoContainer(path, threads=1)
    try:
        if container.format.endswith("_pipe"):
            raise VideoFormatError(f"{path}: expected a video, got a picture ({container.format})")
        context = container.stream.codec_context
        return VideoProperties(
            context.width, context.height, container.fps, container.duration, container.frames_estimate, container.codec
        )
    finally:
        container.close()


def _report(path: Path) -> bytes:
    try:
        return orjson.dumps(asdict(properties_of(path)))
    except VideoError as error:
        kind = type(error).__name__
        known = kind if kind in _KINDS else VideoError.__name__
        return orjson.dumps({"kind": known, "error": str(error)[:_LONGEST_REPORT]})


if __name__ == "__main__":
    sys.stdout.buffer.write(_report(Path(sys.argv[1])))
