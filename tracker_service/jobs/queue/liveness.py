"""Which services of a database are alive, told by locks that end with their connections, not by clocks."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg

from tracker_service.errors import JobError

_LOCK_SPACE = 0x7068616C
_MOST_SERVICES = 1000
_KEEPALIVES = {
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
}
"""The server notices within half a minute that the host of a service has vanished."""


class Liveness(Protocol):
    """Proof that this service lives, and whether others do.

    Attributes:
        executor_id: name of this service.
    """

    executor_id: str

    def confirm(self) -> bool:
        """Tell whether the proof held all the time; after False, others may have taken this service for dead."""
        ...

    def claim(self, executor_id: str) -> bool:
        """Tell whether another service is dead; True keeps everybody else from claiming it until `release`."""
        ...

    def release(self, executor_id: str) -> None:
        """Let others claim it again."""
        ...

    def close(self) -> None:
        """Stop being alive."""
        ...


class FolderLiveness:
    """The only service of a folder: the kernel holds a lock on a file in it for as long as the process lives.

    Args:
        folder: of the jobs.

    Raises:
        JobError: another service uses the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.executor_id = "local"
        self._file = os.open(folder / "service.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise JobError(
                "job folder: expected to be its only service, got another one; several need a PostgreSQL database"
            ) from error

    def confirm(self) -> bool:
        """Return True: a lock of the kernel does not get lost."""
        return True

    def claim(self, executor_id: str) -> bool:
        """Return True: everybody else is dead."""
        return executor_id != self.executor_id

    def release(self, executor_id: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Let another service use the folder."""
        os.close(self._file)


class DatabaseLiveness:
    """A service among others of a PostgreSQL database: each holds an advisory lock as long as its connection lasts.

    Args:
        url: of the database, which must exist.
        executor_id: name of this service; None takes the host's name and the first number that is free.

    Raises:
        JobError: a live service has that name, or the database cannot be reached.
    """

    def __init__(self, url: str, executor_id: str | None) -> None:
        self._url = url
        try:
            self._connection = _connect(url)
        except psycopg.Error as error:
            raise JobError(f"job database: expected an answer, got {' '.join(str(error).split())}") from error
        names = [executor_id] if executor_id else [f"{socket.gethostname()}-{n}" for n in range(_MOST_SERVICES)]
        for name in names:
            if self._lock(name):
                self.executor_id = name
                return
        self._connection.close()
        raise JobError(f"job store: expected a free service name, got {names[0]!r}, which a live service has")

    def confirm(self) -> bool:
        """Tell whether the connection has lasted; where it has not, connect and lock anew.

        Raises:
            psycopg.Error: the database cannot be reached.
        """
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = _connect(self._url)
            self._lock(self.executor_id)
            return False
        return self._lock(self.executor_id) and self._unlock(self.executor_id)

    def claim(self, executor_id: str) -> bool:
        """Tell whether the service is dead: nobody holds its lock."""
        return executor_id != self.executor_id and self._lock(executor_id)

    def release(self, executor_id: str) -> None:
        """Give its lock back."""
        self._unlock(executor_id)

    def close(self) -> None:
        """Disconnect, which releases the lock."""
        self._connection.close()

    def _lock(self, name: str) -> bool:
        return self._ask("SELECT pg_try_advisory_lock(%s, hashtext(%s))", name)

    def _unlock(self, name: str) -> bool:
        return self._ask("SELECT pg_advisory_unlock(%s, hashtext(%s))", name)

    def _ask(self, question: LiteralString, name: str) -> bool:
        row = self._connection.execute(question, (_LOCK_SPACE, name)).fetchone()
        return bool(row and row[0])


def _connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    for name, value in _KEEPALIVES.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    return connection
