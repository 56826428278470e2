"""What a worker runs in, whoever has started it."""

from typing import IO, Protocol


class Process(Protocol):
    """A running process; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Process id."""
        ...

    @property
    def stdin(self) -> IO[bytes] | None:
        """Pipe to its standard input."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Pipe from its standard output."""
        ...

    @property
    def stderr(self) -> IO[bytes] | None:
        """Pipe from its standard errors."""
        ...

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status; raises `subprocess.TimeoutExpired`."""
        ...

    def kill(self) -> None:
        """End it now."""
        ...
