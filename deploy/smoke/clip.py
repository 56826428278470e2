"""The clip that is posted: as single JPEG frames, and repeated into a longer video."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2

from deploy.smoke.stack import PROJECT_FOLDER
from tracker_service.video.source import open_source

SAMPLE = PROJECT_FOLDER / "samples" / "snow_promenade.mp4"


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


def write_repeated(path: Path, times: int) -> None:
    """Write the sample ``times`` in a row, without encoding it again."""
    with av.open(str(SAMPLE)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        shift = 0
        for _ in range(times):
            source.seek(0)
            end = 0
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts += shift
                packet.dts += shift
                packet.stream = copy
                target.mux(packet)
            shift += end
