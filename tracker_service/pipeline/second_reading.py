"""Images for frames that come too late to have kept theirs: the video is read a second time, in step with them."""

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace

from tracker_service.pipeline.overlap import read_ahead
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.tracking import Border
from tracker_service.types import Frame

_READ_AHEAD = 2


def with_images(
    stream: Generator[TrackedFrame | Border, None, None], frames: Iterable[Frame]
) -> Generator[TrackedFrame | Border, None, None]:
    """Give every finished frame its image; borders pass.

    Args:
        stream: consecutive frames, without images.
        frames: of the same video, from the first of them or earlier on; where they end early, images are missing.
    """
    with closing(stream), closing(read_ahead(frames, _READ_AHEAD)) as images:
        image: Frame | None = None
        for item in stream:
            if isinstance(item, Border):
                yield item
                continue
            while image is None or image.number < item.result.frame_number:
                if (image := next(images, None)) is None:
                    break
            same = image is not None and image.number == item.result.frame_number
            yield replace(item, picture=image.picture if same and image is not None else None)
