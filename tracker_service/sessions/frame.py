"""The input and output of a session: one frame, and its answer."""

from dataclasses import dataclass

from tracker_service.types import FrameResult, TrackedPerson, UInt8
from tracker_service.types.calibration import FocalLength


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """One frame that a client sent.

    Attributes:
        session: the session's id where the client gave one, else its address.
        frame_number: as the client counts, 0 to `LARGEST_FRAME_NUMBER`.
        size: width and height of its image in pixels.
        digest: hash of the image as it was sent; tells a retry from another frame.
        thumbnail: what the image looks like (`content.thumbnail`) where the client gave no session, so that its videos
            are told apart by their content; else None.
        client: who sent it, whose sessions make room for each other; empty where nobody asks.
        focal: of its camera, where the image file says it.
    """

    session: str
    frame_number: int
    size: tuple[int, int]
    digest: bytes
    thumbnail: UInt8 | None = None
    client: str = ""
    focal: FocalLength | None = None


LARGEST_FRAME_NUMBER = 2**53 - 1
"""What every JSON reader can hold exactly."""


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """The answer to a frame, made when it is associated.

    Attributes:
        session: the session it was answered in.
        video: which of the session's videos it belongs to, from 1; a new one begins when frame numbers start again.
        result: all living people of the video, seen or predicted, tentative ones included. Its timestamp
            counts the frame numbers: a session has no other clock. Appearance vectors are left out (length 0).
        main: the person that fills the single-person fields of the older clients; None where there is none.
        detected: people detected in this very frame.
        late: whether later frames had been associated before, so that it was answered from its own detections and its
            neighbours' answers.
        expected: whether a person had been seen in the video up to this frame, so that a pose is expected.
    """

    session: str
    video: int
    result: FrameResult
    main: TrackedPerson | None
    detected: int
    late: bool
    expected: bool
