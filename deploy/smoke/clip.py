"""The clip that is posted: as single JPEG frames, and repeated into a longer video."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2

from deploy.smoke.stack import PROJECT_FOLDER
from harness.clips import repeat
from tracker_service.video.source import open_source

SAMPLE = PROJECT_FOLDER / "samples" / "snow_promenade.mp4"
REPEATED = 3
LONG_VIDEO = "/media/repeated.mp4"


def jpeg_frames(count: int) -> Iterator[bytes]:
    """Yield the first ``count`` frames of the sample as JPEG."""
    with open_source(str(SAMPLE)) as source:
        for number, frame in enumerate(source):
            if number == count:
                return
            yield cv2.imencode(".jpg", frame.image[:, :, ::-1])[1].tobytes()


def number_of_frames(path: Path) -> int:
    """Return how many frames a video has, by counting its packets."""
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def write_long_video(media: Path) -> None:
    """Write the sample `REPEATED` times in a row into the media folder, where containers see it as `LONG_VIDEO`."""
    media.mkdir(exist_ok=True)
    repeat(SAMPLE, media / Path(LONG_VIDEO).name, number_of_frames(SAMPLE) * REPEATED)
