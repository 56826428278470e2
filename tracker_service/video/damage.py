"""What a broken video lost, in words for the user."""

from dataclasses import dataclass

_FEW_FRAMES = 2
_SMALL_SHARE = 0.01
_SHORT_TIME = 1.0


@dataclass(frozen=True, slots=True)
class Promise:
    """How long the header says that the video stream is; None where it does not say so reliably.

    Attributes:
        frames: number of frames, those hidden by an edit list included.
        seconds: duration of the video stream.
        fps: nominal frame rate.
    """

    frames: int | None
    seconds: float | None
    fps: float

    def broken(self, frames: int, hidden: int, end_time: float) -> int | None:
        """Return the frames promised, if clearly fewer came; else None.

        Args:
            frames: frames that were decoded or skipped.
            hidden: frames that the container marks as not to be shown.
            end_time: seconds from the first frame to the end of the last one.
        """
        if self.frames is not None:
            missing = self.frames - hidden - frames
            return self.frames - hidden if missing > max(_FEW_FRAMES, _SMALL_SHARE * self.frames) else None
        if self.seconds is not None and self.seconds - end_time > max(_SHORT_TIME, _SMALL_SHARE * self.seconds):
            return round(self.seconds * self.fps)
        return None


@dataclass(slots=True)
class DamageReport:
    """Counts faults while a video is decoded.

    Attributes:
        lost_packets: packets that the decoder refused.
        first_loss: frames decoded before the first of them.
        last_fault: FFmpeg's words for the latest fault.
        concealed_frames: frames that were decoded although parts of them were damaged.
        hidden_frames: packets that the container marks as not to be shown.
        resized: the line about frames of another size than the first one, if there were any.
        stopped: the line about an early end, if there was one.
    """

    lost_packets: int = 0
    first_loss: int = 0
    last_fault: str | None = None
    concealed_frames: int = 0
    hidden_frames: int = 0
    resized: str | None = None
    stopped: str | None = None

    def lose_packet(self, frames_before: int, fault: str) -> None:
        """Note a packet that could not be decoded."""
        if self.lost_packets == 0:
            self.first_loss = frames_before
        self.lost_packets += 1
        self.last_fault = fault

    def end(self, promise: Promise, frames: int, end_time: float, read_fault: str | None) -> None:
        """Note that the file gives no more frames, and whether that is earlier than promised."""
        promised = promise.broken(frames, self.hidden_frames + self.lost_packets, end_time)
        if promised is not None:
            fault = read_fault or "the file ends early"
            self.stopped = f"decoding stopped at frame {frames} of about {promised}: {fault}; {frames} frames were kept"
        elif read_fault is not None:
            self.stopped = f"the file is damaged after frame {frames - 1}: {read_fault}; {frames} frames were kept"

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for every kind of fault met so far."""
        lines = [self.resized] if self.resized else []
        if self.lost_packets:
            lines.append(
                f"{self.lost_packets} damaged packets were left out, "
                f"the first near frame {self.first_loss}: {self.last_fault}"
            )
        if self.concealed_frames:
            lines.append(f"{self.concealed_frames} frames are damaged in part")
        if self.stopped:
            lines.append(self.stopped)
        return tuple(lines)
