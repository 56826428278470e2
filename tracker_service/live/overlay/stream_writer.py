"""The overlay as a stream that FFmpeg writes: RTSP and RTMP to a server, MPEG-TS over UDP, HLS into a folder."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tracker_service.errors import ResultsError, SettingsError
from tracker_service.live.overlay.overlay_thread import DrawnFrame
from tracker_service.video.live.address import is_address, shown_address
from tracker_service.video.opening import reason

_TICKS = 90_000
_KEYFRAME_SECONDS = 2
_SEGMENTS = 6
_FORMATS = {"rtsp": "rtsp", "rtmp": "flv", "rtmps": "flv", "udp": "mpegts", "tcp": "mpegts"}
_OPTIONS = {
    "": {"hls_time": str(_KEYFRAME_SECONDS), "hls_list_size": str(_SEGMENTS), "hls_flags": "delete_segments"},
    "rtsp": {"rtsp_transport": "tcp"},  # loses no packets, and passes firewalls
}


class StreamWriter:
    """Encodes drawn frames as H.264 for a server, or as segments on the disk of which the last six stay.

    Args:
        target: ``rtsp://``, ``rtmp://``, ``udp://``, ``tcp://``, or a path that ends in ``.m3u8``.
        rate: frames a second at most.

    Raises:
        SettingsError: another kind of target.
        ResultsError: the folder of the segments cannot be made.
    """

    def __init__(self, target: str, rate: float) -> None:
        scheme = target.partition("://")[0].lower() if is_address(target) else ""
        if scheme not in _FORMATS and not target.endswith(".m3u8"):
            expected = ", ".join(f"{name}://" for name in _FORMATS)
            raise SettingsError(f"overlay: expected http://, {expected} or FILE.m3u8, got {shown_address(target)}")
        self._target, self._shown = target, shown_address(target) if scheme else target
        self._format, self._options = _FORMATS.get(scheme, "hls"), _OPTIONS.get(scheme, {})
        self._rate = rate
        self._make_folder(scheme)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._last = -1

    def _make_folder(self, scheme: str) -> None:
        if scheme:
            return
        try:
            Path(self._target).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"{self._shown}: expected a folder that can be written, got {error.strerror}") from error

    def show(self, frame: DrawnFrame) -> None:
        """Send a frame.

        Raises:
            ResultsError: the server does not take it, or the disk does not.
        """
        try:
            container, stream = self._opened(frame)
            # Both sides even, as 4:2:0 has one colour for four pixels.
            height, width = (side - side % 2 for side in frame.picture.shape[:2])
            picture = VideoFrame.from_ndarray(np.ascontiguousarray(frame.picture[:height, :width]), format="rgb24")
            self._last = max(round(frame.timestamp * _TICKS), self._last + 1)
            picture.pts, picture.time_base = self._last, Fraction(1, _TICKS)
            container.mux(stream.encode(picture))
        except av.FFmpegError as error:
            raise ResultsError(f"{self._shown}: expected to send the overlay, got: {reason(error)}") from None

    def close(self) -> None:
        """End the stream."""
        if self._container is not None and self._stream is not None:
            with suppress(av.FFmpegError):
                self._container.mux(self._stream.encode(None))
            with suppress(av.FFmpegError):
                self._container.close()
        self._container = None

    def _opened(self, frame: DrawnFrame) -> tuple[OutputContainer, VideoStream]:
        if self._container is None or self._stream is None:
            self._container = av.open(self._target, "w", format=self._format, options=self._options)
            rate = Fraction(self._rate).limit_denominator(1001)
            options = {"preset": "veryfast", "tune": "zerolatency", "crf": "26"}
            stream = self._container.add_stream("libx264", rate=rate, options=options)
            stream.height, stream.width = (side - side % 2 for side in frame.picture.shape[:2])
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, _TICKS)
            stream.codec_context.gop_size = max(round(self._rate * _KEYFRAME_SECONDS), 1)
            self._stream = stream
        return self._container, self._stream
