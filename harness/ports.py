"""Free ports of this machine."""

import random
import socket
from contextlib import ExitStack

_PORTS = range(20_000, 32_000)
"""Below those that systems give to clients' connections: of these, tests leave thousands taken for a minute, and one
that was free when it was chosen may not be when a server has loaded its models."""


def free_ports(count: int) -> tuple[int, ...]:
    """Return ``count`` different loopback ports that are free at this moment."""
    found: list[int] = []
    with ExitStack() as stack:
        # Not the generator of the tests: that has the same seed in all of their processes.
        for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
            listener = stack.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                break
    return tuple(found)


def free_port() -> int:
    """Return a loopback port that is free at this moment."""
    return free_ports(1)[0]


def listens(port: int) -> bool:
    """Return whether somebody takes connections at a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
