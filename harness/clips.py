"""Short clips cut from the sample, and long ones made by repeating a video."""

from pathlib import Path

import av
import numpy as np

from tracker_service.video.writer import VideoWriter

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "snow_promenade.mp4"
RATE = 25.0


def cut(target: Path, frames: int, *, first: int = 8, width: int = 640) -> Path:
    """Write ``frames`` frames of the sample, from number ``first`` on, as a small video; returns its path."""
    height = width * 9 // 16
    with (
        av.open(str(SAMPLE)) as source,
        VideoWriter(target, width=width, height=height, fps=RATE, crf=18, threads=1) as writer,
    ):
        for number, frame in enumerate(source.decode(video=0)):
            if number >= first + frames:
                break
            if number >= first:
                picture = frame.reformat(width, height).to_ndarray(format="rgb24")
                writer.write(np.asarray(picture, np.uint8))
    return target


def as_transport_stream(video: Path, target: Path) -> Path:
    """Copy a video into MPEG-TS, which can be read while it is written; returns its path."""
    with av.open(str(video)) as source, av.open(str(target), "w", format="mpegts") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return target


def repeat(video: Path, target: Path, frames: int) -> int:
    """Copy the packets of ``video`` again and again until there are at least ``frames``; return their number."""
    written = 0
    with av.open(str(target), "w") as output:
        stream, shift = None, 0
        while written < frames:
            with av.open(str(video)) as source:
                if stream is None:
                    stream = output.add_stream_from_template(source.streams.video[0])
                end = shift
                for packet in source.demux(video=0):
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    end = max(end, packet.pts + (packet.duration or 0))
                    output.mux(packet)
                    written += 1
                shift = end
    return written
