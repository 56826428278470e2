"""Free ports of this machine."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> tuple[int, ...]:
    """Return ``count`` different loopback ports that are free at this moment."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return tuple(int(listener.getsockname()[1]) for listener in listeners)


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    return free_ports(1)[0]


def listens(port: int) -> bool:
    """Return whether somebody takes connections at a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
