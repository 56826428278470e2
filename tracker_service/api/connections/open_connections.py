"""How many connections are open, of everybody and of one address, and which of them gives way to a new one."""

import logging
import resource
from collections import OrderedDict
from typing import Protocol

from tracker_service.api.connections.trusted_proxies import TrustedProxies

_OTHER_FILES = 128
"""Descriptors that are left for models, videos, databases and processes. Raising it leaves fewer for connections."""
_MOST_FILES = 65_536
_logger = logging.getLogger(__name__)


class Closable(Protocol):
    """A connection that can be told to end."""

    def give_way(self) -> None:
        """End at once."""


class OpenConnections:
    """Counts connections; belongs to one event loop.

    A connection on which no request runs (none came yet, only a part of one, or the last one is answered) gives way to
    a new one, the oldest first: so connections that are held open for nothing never keep anybody out.

    Args:
        most: connections together. Raising it takes more memory and descriptors.
        most_of_an_address: connections of one address. Raising it lets one machine take more of all.
        proxies: the addresses that speak for many clients, for which only ``most`` counts.
    """

    def __init__(self, most: int, most_of_an_address: int, proxies: TrustedProxies) -> None:
        self._most, self._most_of_an_address, self._proxies = most, most_of_an_address, proxies
        self._counts: dict[str, int] = {}
        self._idle: dict[str, OrderedDict[Closable, None]] = {}
        self._open: dict[Closable, str] = {}

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Closable, address: str) -> bool:
        """Count a new connection, idle as yet; False where no other one gives way to it and it must end."""
        if self._counts.get(address, 0) >= self._most_of_an_address and address not in self._proxies:
            if not self._end_oldest(address):
                return False
        elif len(self._open) >= self._most and not self._end_oldest(self._busiest()):
            return False
        self._open[connection] = address
        self._counts[address] = self._counts.get(address, 0) + 1
        self.idle(connection)
        return True

    def idle(self, connection: Closable) -> None:
        """Note that no request runs on a connection any more."""
        if (address := self._open.get(connection)) is not None:
            self._idle.setdefault(address, OrderedDict())[connection] = None

    def busy(self, connection: Closable) -> None:
        """Note that a request runs on a connection."""
        if (address := self._open.get(connection)) is not None:
            self._idle.get(address, OrderedDict()).pop(connection, None)

    def forget(self, connection: Closable) -> None:
        """Count a connection no longer; nothing happens the second time."""
        self.busy(connection)
        address = self._open.pop(connection, None)
        if address is None:
            return
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]
            self._idle.pop(address, None)

    def _busiest(self) -> str | None:
        """Return the address with the most connections of those that have an idle one."""
        with_idle = (address for address, idle in self._idle.items() if idle)
        return max(with_idle, key=self._counts.__getitem__, default=None)

    def _end_oldest(self, address: str | None) -> bool:
        oldest = None if address is None else next(iter(self._idle.get(address, ())), None)
        if oldest is None:
            return False
        self.forget(oldest)
        oldest.give_way()
        return True


def connections_possible(wanted: int) -> int:
    """Return how many connections this process can hold: ``wanted``, or fewer where it may open fewer files."""
    files = _raise_file_limit()
    possible = max(files - _OTHER_FILES, files // 2)
    if possible < wanted:
        _logger.warning("limits.connections: %d of %d, as this process may open %d files", possible, wanted, files)
    return min(possible, wanted)


def _raise_file_limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _MOST_FILES if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
