"""The compose project under test: its commands, and what the engine says about its containers."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT_FOLDER / "deploy"
COMMAND_SECONDS = 1800.0


class SmokeError(Exception):
    """Something is not as it should be; the message says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one container.

    Attributes:
        service: name in the compose file.
        rss: resident bytes of all its processes together.
    """

    service: str
    rss: int


class Stack:
    """One compose project.

    Args:
        name: project name; prefix of everything the engine makes for it.
        profile: which services start.
        environment: values for the variables of the compose file.
        files: compose files, the later ones override.
        log: file that receives the commands' output.
    """

    def __init__(
        self, name: str, profile: str, environment: Mapping[str, str], files: Sequence[Path], log: Path
    ) -> None:
        self.name = name
        self._log = log
        self._environment = {**os.environ, **environment}
        # An empty environment file: the .env of this installation is not what is tested.
        self._compose = ["docker", "compose", "--project-name", name, "--env-file", os.devnull, "--profile", profile]
        for file in files:
            self._compose += ["--file", str(file)]

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run a compose command and return what it prints; raises `SmokeError` with its end if it fails."""
        return self._run([*self._compose, *arguments], check=check)

    def docker(self, *arguments: str, check: bool = True) -> str:
        """Run a docker command and return what it prints; raises `SmokeError` with its end if it fails."""
        return self._run(["docker", *arguments], check=check)

    def query(self, expression: str) -> dict[str, float]:
        """Ask the stack's Prometheus; returns values by the labels' JSON."""
        service = next(name for name in self.services() if name.startswith("prometheus"))
        text = self.compose(
            *("exec", "-T", service, "promtool", "query", "--format=json"),
            *("instant", "http://127.0.0.1:9090", expression),
        )
        return {
            json.dumps(sample["metric"], sort_keys=True): float(sample["value"][1])
            for sample in json.loads(text or "[]")
        }

    def services(self) -> list[str]:
        """Return the services that have a running container."""
        return self.compose("ps", "--services", "--status=running").split()

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "--all", "--quiet", service).split()[0]

    def state(self, service: str) -> dict[str, Any]:
        """Return the engine's record of a service's state."""
        state: dict[str, Any] = json.loads(self.docker("inspect", "--format={{json .State}}", self.container(service)))
        return state

    def health(self, service: str) -> str:
        """Return healthy, unhealthy, starting, or none."""
        return str(self.state(service).get("Health", {}).get("Status", "none"))

    def image_size(self, service: str) -> int:
        """Return the bytes of the image that a service runs."""
        image = self.docker("inspect", "--format={{.Image}}", self.container(service)).strip()
        return int(self.docker("image", "inspect", "--format={{.Size}}", image))

    def memory(self) -> list[Memory]:
        """Return the resident memory of every running container."""
        return [Memory(service, self._rss(service)) for service in self.services()]

    def left_over(self) -> list[str]:
        """Return what the engine still has of this project: containers, volumes, networks."""
        label = f"--filter=label=com.docker.compose.project={self.name}"
        return [
            *(f"container {name}" for name in self.docker("ps", "--all", "--quiet", label).split()),
            *(f"volume {name}" for name in self.docker("volume", "ls", "--quiet", label).split()),
            *(f"network {name}" for name in self.docker("network", "ls", "--quiet", label).split()),
        ]

    def _rss(self, service: str) -> int:
        lines = self.docker("top", self.container(service), "-o", "pid,rss").splitlines()[1:]
        return sum(int(line.split()[1]) for line in lines) * 1024

    def _run(self, command: list[str], *, check: bool) -> str:
        done = subprocess.run(
            command,
            cwd=DEPLOY,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        with self._log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
        if check and done.returncode != 0:
            end = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
            raise SmokeError(f"expected `{' '.join(command)}` to succeed, got exit status {done.returncode}\n{end}")
        return done.stdout


def wait_until(what: str, true: Callable[[], bool], seconds: float, *, every: float = 0.5) -> float:
    """Wait until ``true`` returns True; returns the seconds it took, raises `SmokeError` after ``seconds``."""
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > seconds:
            raise SmokeError(f"expected within {seconds:.0f} s: {what}; it did not happen")
        time.sleep(every)
    return time.monotonic() - started
