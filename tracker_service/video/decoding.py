"""From packets to frames, past damaged ones."""

from collections.abc import Iterator

import av
from av.video.frame import VideoFrame

from tracker_service.video.container import VideoContainer
from tracker_service.video.damage import DamageReport
from tracker_service.video.opening import reason


def decoded_frames(container: VideoContainer, damage: DamageReport) -> Iterator[VideoFrame]:
    """Decode the video stream from where the container stands, in presentation order.

    A packet that the decoder refuses is noted in ``damage`` and left out; decoding goes on with the next one.
    """
    frames = 0
    for packet in container.packets():
        if packet is not None and packet.is_corrupt:
            if not container.is_transport_stream:
                # In a file this is the piece of a packet that the file ends in. Decoded by several threads, its
                # failure would take the good frames before it along.
                damage.note_lost_packet(frames, "the file ends in the middle of it")
                continue
            damage.note_damaged_packet(frames)
        if packet is not None and packet.is_discard:
            damage.hidden_frames += 1
        try:
            ready = container.stream.decode(packet)
        except av.error.EOFError:
            return
        except av.FFmpegError as error:
            damage.note_lost_packet(frames, reason(error))
            continue
        for frame in ready:
            damage.damaged_frames += frame.is_corrupt
            frames += 1
            yield frame
