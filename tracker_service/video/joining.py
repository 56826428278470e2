"""Putting videos together that were encoded in pieces: packets are copied, nothing is encoded again."""

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from tracker_service.errors import ResultsError
from tracker_service.video.writer import TICKS_PER_SECOND, partial_name


def join_videos(pieces: Sequence[tuple[Path, float]], path: Path) -> None:
    """Write one mp4 out of several by `VideoWriter` with the same settings.

    Args:
        pieces: files in order, each with the seconds at which its first frame is to be shown.
        path: file to write; it appears under its name only when it is complete. Its folder must exist.

    Raises:
        ResultsError: there is no piece, a piece cannot be read, or the file cannot be written.
    """
    if not pieces:
        raise ResultsError(f"{path}: expected at least one piece of video, got none")
    partial = partial_name(path)
    try:
        with av.open(f"file:{partial.absolute()}", "w", format="mp4", options={"movflags": "+faststart"}) as joined:
            _copy_all(pieces, joined)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except OSError as error:
        raise ResultsError(f"{path}: expected to join {len(pieces)} pieces, got: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _copy_all(pieces: Sequence[tuple[Path, float]], joined: OutputContainer) -> None:
    target: VideoStream | None = None
    origin, last = pieces[0][1], None
    for piece, seconds in pieces:
        shift = round((seconds - origin) * TICKS_PER_SECOND)
        with av.open(f"file:{piece.absolute()}") as source:
            stream = source.streams.video[0]
            if target is None:
                target = joined.add_stream_from_template(stream)
                target.time_base = Fraction(1, TICKS_PER_SECOND)
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                packet.stream = target
                packet.pts += shift
                # Decoding times must rise across the seam too; a varying frame rate may let them touch there.
                packet.dts = packet.dts + shift if last is None else max(packet.dts + shift, last + 1)
                packet.pts = max(packet.pts, packet.dts)
                last = packet.dts
                joined.mux(packet)
