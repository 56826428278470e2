"""What can be set about sessions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionParameters:
    """Bounds and waiting times of frame sessions.

    Attributes:
        gap_seconds: quiet time of a session after which missing frames are skipped. Raising it orders more frames and
            makes those behind a lost one wait longer.
        wait_seconds: longest that an early frame waits for missing ones while others of its session move. Raising it
            orders more; it must stay below the clients' own timeouts.
        expiry_seconds: idle time after which a session is forgotten.
        max_sessions: sessions kept; the longest idle one without a frame in flight goes first. Raising it takes memory.
        history: answered frames kept per session, for retries and as neighbours of late frames. Raising it takes about
            5 kB per frame and person.
        frames_waiting: frames of all sessions accepted and not yet answered; beyond it frames are refused. Raising it
            takes an image each.
        window: most frames in one batch. Raising it makes batches larger when many frames wait.
        workers: batches computed at the same time. Raising it uses more cores.
    """

    gap_seconds: float = 2.0
    wait_seconds: float = 20.0
    expiry_seconds: float = 600.0
    max_sessions: int = 200
    history: int = 300
    frames_waiting: int = 128
    window: int = 4
    workers: int = 2
