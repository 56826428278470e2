"""Who this process is really connected to: FFmpeg follows the redirections of RTSP, and has no option not to."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracker_service.errors import VideoError
from tracker_service.video.live.address import LiveAddress

_REDIRECTED = frozenset({"rtsp", "rtsps"})


def refuse_other_hosts(address: LiveAddress) -> None:
    """Check, where a connection was just opened in this process, that it leads to the host that was named.

    Raises:
        VideoError: the server has led us to another one.
    """
    if address.scheme not in _REDIRECTED:
        return
    try:
        named = {str(found[4][0]) for found in socket.getaddrinfo(address.host, None)}
    except OSError as error:
        raise VideoError(f"{address.shown}: expected a host that can be found, got: {error.strerror}") from None
    if not set(_peers()) <= named:
        raise VideoError(f"{address.shown}: expected the host that was named, got a server that leads to another one")


def _peers() -> Iterator[str]:
    """Yield the address at the other end of every TCP connection of this process."""
    numbers = [int(path.name) for path in Path("/dev/fd").iterdir()]
    for number in numbers:
        with suppress(OSError):  # the listing itself was open, too
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as opened:
                if opened.family in {socket.AF_INET, socket.AF_INET6} and opened.type == socket.SOCK_STREAM:
                    yield opened.getpeername()[0]
