"""One connection to a camera or stream: packets in, decoded frames out, until it ends or stalls."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tracker_service.errors import VideoError, VideoFormatError
from tracker_service.types.frames import USUAL_RATE
from tracker_service.video.live.address import LiveAddress
from tracker_service.video.live.cut_frames import joined_keyframes
from tracker_service.video.live.source_parameters import LiveSourceParameters
from tracker_service.video.live.srt_relay import FORMAT as RELAYED_FORMAT
from tracker_service.video.live.srt_relay import SrtRelay
from tracker_service.video.live.stream_frame import StreamFrame
from tracker_service.video.opening import reason, video_streams

_PROTOCOLS = "crypto,http,https,httpproxy,rtmp,rtmps,rtmpt,rtp,rtsp,srt,tcp,tls,udp"
"""What a playlist or a session may lead to; never files."""
_NOWHERE_ELSE = {
    "format_whitelist": "rtsp,mpegts,mpjpeg,jpeg_pipe,mjpeg,flv,live_flv,mov,matroska,h264,hevc,sdp,rtp",
    "max_redirects": "0",
}
"""Formats that name no further address but the one that was given, and no other server in an answer of HTTP."""
_MICROSECONDS = 1_000_000
_LOOK_SECONDS = 1.0
"""How much of a stream FFmpeg looks at before the first frame. Raising it understands odd streams and begins later."""
_AT_ONCE = 0.005
"""Seconds within which a packet comes that FFmpeg holds already. Raising it takes more frames for late."""
_FRAMES_FOR_RATE = 4
"""Frames from which FFmpeg tells the rate; by itself it takes twenty, a second of a stream that is connected again."""
_LOOK = {"analyzeduration": str(round(_LOOK_SECONDS * _MICROSECONDS)), "fpsprobesize": str(_FRAMES_FOR_RATE)}
_MOST_FAILURES = 64
"""Packets in a row that cannot be decoded, after which a connection counts as broken."""
_OVER_RTP = frozenset({"rtsp", "rtsps", "rtp"})
_SANE_RATES = (1.0, 240.0)


class Connection:
    """An opened camera or stream.

    Args:
        address: where it is.
        parameters: how it is read.
        follow: whether playlists (HLS, DASH) and redirections of HTTP are followed to the addresses that they name.

    Attributes:
        rate: frames a second that the stream states, `USUAL_RATE` where that cannot be.

    Raises:
        VideoError: nothing answers there, or it gives no video; the message shows no credentials.
    """

    def __init__(self, address: LiveAddress, parameters: LiveSourceParameters, *, follow: bool = True) -> None:
        self._address = address
        self._silence = parameters.silence_seconds
        self._relay: SrtRelay | None = None
        with ExitStack() as opened:
            container = _opened(address, parameters, follow=follow)
            if container is None:
                self._relay = opened.enter_context(closing(SrtRelay(address, parameters, wait_for_callers=follow)))
                container = _relayed(self._relay, address)
            self._container = opened.enter_context(container)
            self._stream = self._video_stream()
            self._set_up_decoder()
            self._opened = opened.pop_all()
        self.rate = _rate(self._stream)

    def frames(self) -> Iterator[StreamFrame]:
        """Yield the frames as they come; ends where the stream does.

        Raises:
            VideoError: nothing came for ``silence_seconds``, or the connection broke.
        """
        decoded = self._decoded()
        if not self._address.ends:
            yield from _first_of_now(decoded)
        for frame, _ in decoded:
            yield frame

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        packets = self._container.demux(self._stream)
        cut_apart = self._address.scheme in _OVER_RTP and self._stream.codec_context.name == "h264"
        return joined_keyframes(packets) if cut_apart else packets

    def _decoded(self) -> Iterator[tuple[StreamFrame, float]]:
        """Yield every frame with the seconds that its packet was waited for."""
        failures, asked = 0, time.monotonic()
        try:
            for packet in self._packets():
                waited = time.monotonic() - asked
                try:
                    frames = self._stream.decode(packet)
                except av.error.EOFError:
                    break
                except av.FFmpegError as error:
                    failures += 1
                    if failures > _MOST_FAILURES:
                        raise VideoError(f"{self._address.shown}: expected frames, got {reason(error)}") from None
                else:
                    failures = 0
                    yield from ((_stream_frame(frame), waited) for frame in frames)
                asked = time.monotonic()
        except av.FFmpegError as error:
            raise VideoError(f"{self._address.shown}: {_failure(error, self._silence)}") from None
        if self._relay is not None and self._relay.failure is not None:
            raise self._relay.failure

    def close(self) -> None:
        """Close it; not while another thread reads from it."""
        with suppress(av.FFmpegError):
            self._opened.close()

    def _video_stream(self) -> VideoStream:
        streams = video_streams(self._container)
        if not streams:
            kinds = " and ".join(sorted({stream.type for stream in self._container.streams})) or "nothing"
            raise VideoFormatError(f"{self._address.shown}: expected a video stream, got {kinds}")
        return max(streams, key=lambda stream: (stream.width or 0) * (stream.height or 0))

    def _set_up_decoder(self) -> None:
        decoder: object = self._stream.codec_context
        if decoder is None:
            raise VideoFormatError(
                f"{self._address.shown}: expected a codec that FFmpeg can decode, got an unknown one"
            )
        # Decoding several frames at a time would hold as many back.
        self._stream.thread_type = "SLICE"
        self._stream.codec_context.flags |= Flags.low_delay


def _first_of_now(decoded: Iterator[tuple[StreamFrame, float]]) -> Iterator[StreamFrame]:
    """Yield the first frame that had to be waited for.

    FFmpeg holds what it has looked at before: that is late and comes at once, but the frames after it need it decoded.
    """
    first: float | None = None
    for frame, waited in decoded:
        first = frame.stamp if first is None else first
        late = frame.stamp is None or first is None or frame.stamp - first <= _LOOK_SECONDS
        if waited > _AT_ONCE or not late:
            yield frame
            return


def _stream_frame(frame: VideoFrame) -> StreamFrame:
    stamp = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
    return StreamFrame(stamp, None if frame.is_corrupt else frame)


def _opened(
    address: LiveAddress, parameters: LiveSourceParameters, *, follow: bool
) -> av.container.InputContainer | None:
    """Open the source; None where it speaks SRT and PyAV does not."""
    timeout = None if address.scheme == "pipe" else (parameters.connect_seconds, parameters.silence_seconds)
    options = _options(address, parameters) | ({} if follow else _NOWHERE_ELSE)
    try:
        return av.open(address.url, format=address.format, options=options, timeout=timeout, metadata_errors="ignore")
    except av.error.ProtocolNotFoundError:
        if address.scheme == "srt":
            return None
        raise VideoError(
            f"{address.shown}: expected a protocol that this build of FFmpeg reads, got {address.scheme}; another "
            "program may read it and send MPEG-TS to the standard input (source -)"
        ) from None
    except av.FFmpegError as error:
        # FFmpeg's own message holds the address with its password.
        raise VideoError(f"{address.shown}: {_failure(error, parameters.connect_seconds)}") from None
    except ValueError:
        raise VideoError(f"{address.shown}: expected a build of FFmpeg that reads {address.format}") from None


def _relayed(relay: SrtRelay, address: LiveAddress) -> av.container.InputContainer:
    try:
        return av.open(relay, "r", format=RELAYED_FORMAT, options=_LOOK, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise relay.failure or VideoError(f"{address.shown}: {_failure(error, 0)}") from None


def _options(address: LiveAddress, parameters: LiveSourceParameters) -> dict[str, str]:
    if address.scheme == "device":
        return {}
    if address.scheme == "pipe":
        return {**_LOOK, "protocol_whitelist": "pipe"}
    # No nobuffer: without the keyframe among the frames that FFmpeg has looked at, those after it cannot be decoded.
    options = {**_LOOK, "protocol_whitelist": _PROTOCOLS}
    if address.scheme in {"rtsp", "rtsps"}:
        options["rtsp_transport"] = parameters.transport
    return options


def _failure(error: av.FFmpegError, seconds: float) -> str:
    if isinstance(error, av.error.ExitError):
        return f"expected frames, got nothing for {seconds:g} seconds"
    return f"expected a camera or stream, got: {reason(error)}"


def _rate(stream: VideoStream) -> float:
    lowest, highest = _SANE_RATES
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and lowest <= rate <= highest:
            return float(rate)
    return USUAL_RATE
