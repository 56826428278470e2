"""A real tritonserver on loopback ports, for tests, benchmarks and `make triton`."""

import atexit
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from uuid import uuid4

import psutil

from harness.ports import free_ports
from harness.triton.environment import ServerEnvironment

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where the server's processes exchange tensors
START_SECONDS = 120.0
EXIT_SECONDS = 20.0
_ATTEMPTS = 3
_STUB_FAILED = ("is not healthy", "was not ready")
"""In the message where a process of the python-based backend has died or stands still, as one now and then does while
it loads a model on a busy machine; the server itself starts no other."""
STUB_NAMES = ("triton_python_backend_stub", "triton_python_b")
"""As given, and as the kernel cuts process names to 15 characters."""


class ServerStartError(Exception):
    """The server ended or did not become ready in time; the message holds the end of its log."""


class Ports(NamedTuple):
    """The ports of one server."""

    http: int
    grpc: int
    metrics: int


class TritonServer:
    """One server process with its stubs; `start` may follow `stop` or `kill`, on the same ports.

    Args:
        environment: where the binary and the backends are.
        repository: the model repository; models are loaded from it by name.
        log: file that receives the server's output; its parent folder exists.
        models: names to load at the start; None loads every folder of the repository.
        config_name: which of the models' ``configs/<name>.pbtxt`` to use where there is one.
        ports: where to listen on loopback; None takes free ones.
        options: further command line options.
    """

    def __init__(
        self,
        environment: ServerEnvironment,
        repository: Path,
        log: Path,
        *,
        models: Sequence[str] | None = None,
        config_name: str | None = None,
        ports: Ports | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.repository = repository
        self.log = log
        self.models = tuple(models) if models is not None else folders(repository)
        self.ports = ports or triton_ports()
        self._environment = environment
        self._options = (*(() if config_name is None else (f"--model-config-name={config_name}",)), *options)
        self.memory_prefix = f"phalp_test_{os.getpid()}_{uuid4().hex[:8]}_"
        """What the names of the server's files in /dev/shm begin with."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for gRPC clients."""
        return f"127.0.0.1:{self.ports.grpc}"

    @property
    def pid(self) -> int:
        """Process id of the server, which is also its process group."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def start(self, *, wait: bool = True) -> Self:
        """Start the process and wait until every model is ready.

        Raises:
            ServerStartError: it ended, or was not ready within the deadline; nothing is left running.
        """
        for further in range(_ATTEMPTS - 1, -1, -1):
            self._launch()
            try:
                if wait:
                    self.wait_ready()
                break
            except ServerStartError as error:
                self.stop()
                if not further or not any(sign in str(error) for sign in _STUB_FAILED):
                    raise
        return self

    def _launch(self) -> None:
        atexit.register(self.kill)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment.variables(),
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until the server says that it is ready; raises `ServerStartError` after ``seconds``."""
        # A stub that cannot start lets the server hang without an error, so the deadline is ours.
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ServerStartError(f"tritonserver ended while starting:\n{self.log_tail()}")
            if self.get("/v2/health/ready")[0] == http.client.OK:
                return
            time.sleep(0.05)
        raise ServerStartError(f"tritonserver was not ready after {seconds:.0f} s:\n{self.log_tail()}")

    def stop(self) -> None:
        """End the server politely, then its whole process group, and remove its shared memory."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(EXIT_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the whole process group at once, as a crash of the machine would, and remove its shared memory."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        atexit.unregister(self.kill)
        for left in SHARED_MEMORY.glob(f"{self.memory_prefix}*"):
            left.unlink(missing_ok=True)

    def crash(self, down_seconds: float) -> None:
        """End the server's own process as a crash does, and start it again after ``down_seconds``."""
        os.kill(self.pid, signal.SIGKILL)
        time.sleep(down_seconds)
        self.kill()
        self.start()

    def stubs(self) -> list[psutil.Process]:
        """Return the stub processes, one for every instance of a python-based model."""
        return [child for child in psutil.Process(self.pid).children(recursive=True) if child.name() in STUB_NAMES]

    def get(self, path: str) -> tuple[int, str]:
        """GET ``path`` from the HTTP port; returns status 0 where nobody answers."""
        return self._get(self.ports.http, path)

    def metrics(self) -> str:
        """Return the text of the metrics endpoint."""
        return self._get(self.ports.metrics, "/metrics")[1]

    def log_tail(self, lines: int = 40) -> str:
        """Return the last lines of the server's output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _get(self, port: int, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def _command(self) -> list[str]:
        loopback = "127.0.0.1"
        return [
            str(self._environment.tritonserver),
            f"--model-repository={self.repository}",
            f"--backend-directory={self._environment.backends}",
            f"--backend-config=python,shm-region-prefix-name={self.memory_prefix}",
            f"--http-address={loopback}",
            f"--http-port={self.ports.http}",
            f"--grpc-address={loopback}",
            f"--grpc-port={self.ports.grpc}",
            f"--metrics-address={loopback}",
            f"--metrics-port={self.ports.metrics}",
            "--metrics-interval-ms=200",
            "--exit-timeout-secs=5",
            "--disable-auto-complete-config",
            "--model-control-mode=explicit",
            *(f"--load-model={name}" for name in self.models),
            *self._options,
        ]


def folders(repository: Path) -> tuple[str, ...]:
    """Return the names of the models in ``repository``, sorted."""
    return tuple(sorted(config.parent.name for config in repository.glob("*/config.pbtxt")))


def triton_ports() -> Ports:
    """Return loopback ports that are free at this moment."""
    return Ports(*free_ports(len(Ports._fields)))
