"""From decoded frames to pictures as they are meant to be seen."""

from collections.abc import Iterator

from av.video.frame import VideoFrame

from tracker_service.video.container import VideoContainer
from tracker_service.video.display.filter_chain import FilterChain, FrameKind
from tracker_service.video.display.pixel_shape import SquarePixels
from tracker_service.video.display.tone_map import HdrTransfer

_HDR = {int(transfer): transfer for transfer in HdrTransfer}


class ShownPictures:
    """Makes decoded frames square-pixelled, deinterlaced and SDR; frames that are all that already pass untouched.

    There are as many pictures as frames, with the same timestamps. A picture depends on its frame and the two beside
    it alone: reading from the middle, one frame early, gives the same pictures as reading from the beginning.

    Args:
        container: where the frames come from.
    """

    def __init__(self, container: VideoContainer) -> None:
        self._container = container
        self._pixels = SquarePixels(container.stated_ratio, container.codec_ratio)
        self._notes: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for every kind of change made so far."""
        return tuple(self._notes.values())

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size in square pixels of a stored size, with the ratio that holds at the moment."""
        return self._pixels.shown_size(width, height, self._container.codec_ratio)

    def of(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        """Yield a picture for every frame, in order.

        Raises:
            VideoFormatError: the pixels cannot be converted.
        """
        chain: FilterChain | None = None
        kind: FrameKind | None = None
        previous: VideoFrame | None = None
        for frame in frames:
            before, kind = kind, self._kind(frame, kind)
            if chain is not None and chain.kind != kind:
                yield from self._noted(chain.kind, chain.drain())
                chain = None
            if chain is None and kind.changes:
                chain = FilterChain(kind, self._pixels.expressions, self._container.threads)
                if kind.deinterlaced and previous is not None and _alike(before, kind):
                    chain.lead_in(previous)
            if chain is None:
                yield frame
            else:
                yield from self._noted(kind, chain.give(frame))
            previous = frame
        if chain is not None:
            yield from self._noted(chain.kind, chain.drain())

    def _kind(self, frame: VideoFrame, before: FrameKind | None) -> FrameKind:
        # What was needed once stays in the chain: deinterlacing and scaling leave other frames as they are.
        reshaped = self._pixels.ratio(self._container.codec_ratio) != 1
        return FrameKind(
            frame.format.name,
            frame.width,
            frame.height,
            deinterlaced=frame.interlaced_frame or (before is not None and before.deinterlaced),
            reshaped=reshaped or (before is not None and before.reshaped),
            transfer=_HDR.get(frame.color_trc),
        )

    def _noted(self, kind: FrameKind, pictures: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        for picture in pictures:
            stored, size = f"{kind.width}x{kind.height}", f"{picture.width}x{picture.height}"
            if stored != size:
                self._notes.setdefault("shape", f"the pixels are not square: frames of {stored} are shown as {size}")
            if kind.deinterlaced:
                self._notes.setdefault("fields", "the video is interlaced: its frames were deinterlaced")
            if kind.transfer is not None:
                name = kind.transfer.name
                self._notes.setdefault("range", f"the video is HDR ({name}): its colours were mapped to SDR (BT.709)")
            yield picture


def _alike(one: FrameKind | None, other: FrameKind) -> bool:
    """Tell whether a chain for one kind can take frames of the other."""
    return one is not None and one[:3] == other[:3] and one.transfer == other.transfer
