"""A real service process on a free loopback port."""

import atexit
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from harness.forked.program import ForkedProgram
from harness.waiting import until

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90.0
STOP_SECONDS = 30.0
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here is encrypted, and reading a machine's certificates takes a client ten times as long as its request."""
_LISTENING = re.compile(r"^listening on (http://\S+)$", re.MULTILINE)


def client_of(url: str, **options: Any) -> httpx.Client:
    """Return an HTTP client for the service at ``url``."""
    return httpx.Client(base_url=url, timeout=120, trust_env=False, verify=_NO_CERTIFICATES, **options)


class ServiceStartError(Exception):
    """The service ended or did not get so far in time; the message holds the end of its log."""


class RunningService:
    """One service process; a context manager that leaves nothing running.

    Args:
        folder: receives the process's output; must exist.
        settings: ``key=value`` overrides.
        command: what to run in place of ``python -m tracker_service serve``.
        environment: added to this process's environment.
        forked: whether a process that has the imports already is forked, see `harness.forked.program`.
    """

    def __init__(
        self,
        folder: Path,
        *settings: str,
        command: Sequence[str] = ("-m", "tracker_service", "serve"),
        environment: dict[str, str] | None = None,
        forked: bool = False,
    ) -> None:
        self.folder = folder
        self.url = ""
        """Known once it listens."""
        self._command = [
            *command,
            f"jobs.folder={folder / 'jobs'}",
            "jobs.standby_worker=false",  # most services of tests compute few videos or none
            *settings,
            "service.port=0",
        ]
        self._environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self._forked = forked
        self._process: subprocess.Popen[bytes] | ForkedProgram | None = None

    @property
    def process(self) -> subprocess.Popen[bytes] | ForkedProgram:
        """The process; its id is also that of its group."""
        if self._process is None:
            raise RuntimeError("the service was not started")
        return self._process

    def start(self, *, ready: bool = True) -> Self:
        """Start the process and wait until it listens, and with ``ready`` until it answers frames.

        Raises:
            ServiceStartError: it does not get there; nothing is left running.
        """
        atexit.register(self.kill)
        self._process = self._forked_process() if self._forked else self._fresh_process()
        self._wait("listen", self._listens)
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until it answers frames; raises `ServiceStartError`."""
        self._wait("be ready", lambda: self.get("/readyz").status_code == 200)

    def client(self, **options: Any) -> httpx.Client:
        """Return an HTTP client for it."""
        return client_of(self.url, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET ``path``."""
        with self.client() as client:
            return client.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST to ``path``."""
        with self.client() as client:
            return client.post(path, **options)

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of one series of ``/metrics``; 0 where it does not exist yet."""
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        for line in self.get("/metrics").text.splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if found and found[1] == name and wanted <= set((found[2] or "").split(",")):
                return float(found[3])
        return 0.0

    def log(self) -> str:
        """Return the whole lines that it has logged so far."""
        return "".join(line for line in self._logged().splitlines(keepends=True) if line.endswith("\n"))

    def log_lines(self, text: str = "") -> list[str]:
        """Wait for a line of the log with ``text`` in it, which may come after the answer; return all such."""
        return until(lambda: [line for line in self.log().splitlines() if text in line])

    def log_entries(self, text: str = "") -> list[dict[str, Any]]:
        """Wait likewise; the lines must be JSON."""
        return [orjson.loads(line) for line in self.log_lines(text)]

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end and return the exit status, negative for a signal."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """End it politely, then its whole process group; returns the exit status."""
        with suppress(subprocess.TimeoutExpired, ProcessLookupError):
            self.signal()
            self.wait()
        status = self.process.poll()
        self.kill()
        return -signal.SIGKILL if status is None else status

    def kill(self) -> None:
        """End the whole process group at once."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        atexit.unregister(self.kill)

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def _fresh_process(self) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("wb") as out, (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *self._command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    def _forked_process(self) -> ForkedProgram:
        option, module, *arguments = self._command
        if option != "-m":
            raise ValueError(f"expected -m and a module to fork, got {option}")
        out, log = self.folder / "out", self.folder / "log"
        for file in (out, log):
            file.write_bytes(b"")
        return ForkedProgram(module, arguments, ROOT, self._environment, out, log)

    def _logged(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _listens(self) -> bool:
        found = _LISTENING.search((self.folder / "out").read_text())
        self.url = found[1] if found else ""
        return bool(found)

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            ended = self.process.poll()
            if ended is not None or time.monotonic() > deadline:
                self.kill()
                tail = "\n".join(self._logged().splitlines()[-30:])
                raise ServiceStartError(f"expected the service to {what}, got exit status {ended} and log\n{tail}")
            time.sleep(0.05)
