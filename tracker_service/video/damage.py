"""What is missing or damaged in a video, in words for the user."""

from dataclasses import dataclass

_FEW_FRAMES = 2
_SMALL_SHARE = 0.01
_SHORT_TIME = 1.0
_FEW_PERIODS = 5


@dataclass(frozen=True, slots=True)
class StatedLength:
    """How long the header says that the video stream is; None where it does not say so reliably.

    Attributes:
        frames: number of frames, those hidden by an edit list included.
        seconds: duration of the video stream.
        fps: nominal frame rate.
    """

    frames: int | None
    seconds: float | None
    fps: float

    def expected_frames(self, hidden: int) -> int | None:
        """Return about how many frames should come, or None; ``hidden`` ones are not shown."""
        if self.frames is not None:
            return self.frames - hidden
        return None if self.seconds is None else round(self.seconds * self.fps)

    def lacks_frames(self, accounted: int) -> bool:
        """Tell whether clearly more frames were counted than are accounted for."""
        return self.frames is not None and self.frames - accounted > max(_FEW_FRAMES, _SMALL_SHARE * self.frames)

    def lacks_time(self, end_time: float) -> bool:
        """Tell whether the stream should go on clearly longer than to ``end_time`` seconds."""
        return self.seconds is not None and self.seconds - end_time > max(_SHORT_TIME, _SMALL_SHARE * self.seconds)


@dataclass(slots=True)
class DamageReport:
    """Counts faults while a video is decoded.

    Attributes:
        lost_packets: packets that the decoder refused, or that the file ends in.
        damaged_packets: packets known to be damaged that were given to the decoder all the same.
        damaged_frames: frames that were decoded although parts of them were damaged.
        hidden_frames: packets that the container marks as not to be shown.
        last_fault: FFmpeg's words for the latest fault.
        first_fault: frames decoded before the first fault.
        gaps: stretches of time without frames.
        first_gap: the line about the first of them.
        resized: the line about frames of another size than the first one, if there were any.
        stopped: the line about an early end, if there was one.
    """

    lost_packets: int = 0
    damaged_packets: int = 0
    damaged_frames: int = 0
    hidden_frames: int = 0
    last_fault: str | None = None
    first_fault: int | None = None
    gaps: int = 0
    first_gap: str | None = None
    resized: str | None = None
    stopped: str | None = None

    def note_lost_packet(self, frames_before: int, fault: str) -> None:
        """Note a packet that could not be decoded."""
        self.lost_packets += 1
        self._note(frames_before, fault)

    def note_damaged_packet(self, frames_before: int) -> None:
        """Note a packet that is known to be damaged and is decoded all the same."""
        self.damaged_packets += 1
        self._note(frames_before, "data are missing in the file")

    def note_gap(self, number: int, previous: float, timestamp: float, fps: float) -> None:
        """Note the time between a frame and the one before it, in case none were shown for long."""
        if timestamp - previous <= _FEW_PERIODS / fps:
            return
        self.gaps += 1
        if self.gaps == 1:
            self.first_gap = f"there is no frame between {previous:.2f} s (frame {number - 1}) and {timestamp:.2f} s"

    def note_end(self, stated: StatedLength, frames: int, end_time: float, read_fault: str | None) -> None:
        """Note that the file gives no more frames, and whether that is earlier than the header states.

        Args:
            stated: what the header says.
            frames: frames of the file up to here.
            end_time: seconds from the first frame to the end of the last one.
            read_fault: the container's latest fault.
        """
        expected = stated.expected_frames(self.hidden_frames)
        lacks_time = stated.lacks_time(end_time)
        if stated.frames is None:
            short = lacks_time
        else:
            short = stated.lacks_frames(frames + self.hidden_frames + self.lost_packets)
        if short and lacks_time:
            fault = read_fault or "the file ends early"
            self.stopped = f"decoding stopped at frame {frames} of about {expected}: {fault}; {frames} frames were kept"
        elif short:
            self.stopped = f"{frames} of {expected} frames could be decoded, the others are damaged or missing"
        elif read_fault is not None:
            self.stopped = f"the file is damaged: {read_fault}; {frames} frames were kept"

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for every kind of fault met so far."""
        lines = [self._gap_line, self.resized, self.stopped]
        if self.damaged_frames:
            lines.insert(0, f"damaged in part but kept: {_counted(self.damaged_frames, 'frame')}")
        if self.damaged_packets:
            lines.insert(0, f"damaged but decoded: {self._packets(self.damaged_packets)}")
        if self.lost_packets:
            lines.insert(0, f"left out as damaged: {self._packets(self.lost_packets)}")
        return tuple(line for line in lines if line is not None)

    @property
    def _gap_line(self) -> str | None:
        return self.first_gap if self.gaps < 2 else f"{self.first_gap}, nor in {_counted(self.gaps - 1, 'other gap')}"

    def _packets(self, count: int) -> str:
        return f"{_counted(count, 'packet')}, the first near frame {self.first_fault} ({self.last_fault})"

    def _note(self, frames_before: int, fault: str) -> None:
        self.last_fault = fault
        if self.first_fault is None:
            self.first_fault = frames_before


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
