"""Triton, the tracker and Prometheus with the committed configuration, as processes on loopback ports."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from deploy.smoke.clip import SAMPLE, jpeg_frames
from deploy.smoke.tracker import FrameStream, Tracker
from harness.job_stores import workers
from harness.ports import free_port
from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository
from harness.triton.server import TritonServer

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MODELS = ("detector_lite", "hmr_lite", "person_finder")
GPU_METRICS = """\
# TYPE nv_gpu_utilization gauge
nv_gpu_utilization{gpu_uuid="GPU-1"} 0.75
# TYPE nv_gpu_memory_total_bytes gauge
nv_gpu_memory_total_bytes{gpu_uuid="GPU-1"} 8589934592
# TYPE nv_gpu_memory_used_bytes gauge
nv_gpu_memory_used_bytes{gpu_uuid="GPU-1"} 6442450944
"""
"""As Triton writes them where there is a GPU; here there is none."""
_COUNTED = (
    "source:phalp_coverage:ratio5m",
    "route:phalp_request_seconds:p99_5m{route='/pose/hybrid'} > 0",
    "sum(rate(phalp_window_frames_count[5m])) > 0",
    "sum(rate(nv_inference_exec_count[5m])) > 0",
)
_SECONDS = 120.0


class RunningStack:
    """The processes; a context manager that starts and ends them.

    Args:
        environment: of tritonserver.
        prometheus: the program.
        folder: for models, jobs, logs and metrics.
    """

    def __init__(self, environment: ServerEnvironment, prometheus: Path, folder: Path) -> None:
        self._environment = environment
        self._prometheus = prometheus
        self._folder = folder
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as ends:
            repository = build_repository(self._folder / "models", MODELS, quick=True)
            self.triton = ends.enter_context(TritonServer(self._environment, repository, self._folder / "triton.log"))
            self.tracker_port = free_port()
            tracker = _Process(self._tracker_command(), self._folder / "tracker.log", self._tracker_variables())
            ends.enter_context(tracker)
            gpu = ThreadingHTTPServer(("127.0.0.1", 0), _GpuMetrics)
            threading.Thread(target=gpu.serve_forever, daemon=True).start()
            ends.callback(gpu.server_close)
            ends.callback(gpu.shutdown)
            self.prometheus_port = free_port()
            self._write_configuration(gpu.server_port)
            ends.enter_context(_Process(self._prometheus_command(), self._folder / "prometheus.log", {}))
            self._use()
            for working in workers(tracker.pid):
                # The job is under way for as long as anybody asks how it gets on, and takes no more of the processor.
                working.send_signal(signal.SIGSTOP)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query."""
        answer = httpx.get(f"http://127.0.0.1:{self.prometheus_port}/api/v1/query", params={"query": expression}).json()
        if answer["status"] != "success":
            raise AssertionError(f"{expression}: {answer['error']}")
        samples: list[dict[str, Any]] = answer["data"]["result"]
        return samples

    def _use(self) -> None:
        """Post frames and a video, so that there is something to count, and wait until Prometheus has seen it."""
        with Tracker(self.tracker_port) as tracker:
            tracker.wait_ready()
            tracker.submit(str(SAMPLE))
        frames, sessions = list(jpeg_frames(12)), count()

        def counted() -> bool:
            # A counter has a rate only from its second sample on: frames that all fall between two scrapes have none.
            # In a session that had them, they would be answered without being computed.
            for _ in range(2):
                stream = FrameStream(self.tracker_port, f"session-{next(sessions)}", frames)
                stream.start()
                stream.result()
            return all(self.query(expression) for expression in _COUNTED)

        _wait(counted)
        _wait(lambda: bool(self.query("time() - max(phalp_job_last_progress_timestamp_seconds > 0)")))

    def _tracker_command(self) -> list[str]:
        return [sys.executable, "-m", "tracker_service", "serve", "--port", str(self.tracker_port)]

    def _tracker_variables(self) -> dict[str, str]:
        return {
            "PHALP_TRITON_INFERENCE__KIND": "triton",
            "PHALP_TRITON_INFERENCE__TRITON_URL": self.triton.url,
            "PHALP_TRITON_JOBS__STALL_SECONDS": "3600",
            "PHALP_TRITON_SERVICE__DRAIN_SECONDS": "0",
            "PHALP_TRITON_JOBS__FOLDER": str(self._folder / "jobs"),
            "PHALP_TRITON_MEDIA__ROOTS": json.dumps([str(SAMPLE.parent)]),
            "DATABASE_URL": "",
        }

    def _write_configuration(self, gpu_port: int) -> None:
        """Write the committed configuration with these addresses, the committed rules, and shorter intervals."""
        configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
        configuration["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        configuration["rule_files"] = [str(self._folder / "rules" / "*.yml")]
        configuration["scrape_configs"] = [
            {"job_name": "tracker", "static_configs": [{"targets": [f"127.0.0.1:{self.tracker_port}"]}]},
            {"job_name": "triton", "static_configs": [{"targets": [f"127.0.0.1:{self.triton.ports.metrics}"]}]},
            {"job_name": "gpu", "static_configs": [{"targets": [f"127.0.0.1:{gpu_port}"]}]},
        ]
        (self._folder / "rules").mkdir()
        for rules in (DEPLOY / "prometheus" / "rules").glob("*.yml"):
            text = rules.read_text().replace("interval: 15s", "interval: 1s").replace("[1m:15s]", "[5s:1s]")
            (self._folder / "rules" / rules.name).write_text(text)
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))

    def _prometheus_command(self) -> list[str]:
        return [
            str(self._prometheus),
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'metrics'}",
            f"--web.listen-address=127.0.0.1:{self.prometheus_port}",
        ]


class _GpuMetrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = GPU_METRICS.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


class _Process:
    """A process that is ended with the block.

    Args:
        command: program and arguments.
        log: receives its output.
        variables: added to the environment.
    """

    def __init__(self, command: list[str], log: Path, variables: dict[str, str]) -> None:
        self._command = command
        self._log = log
        self.pid = 0
        self._variables = {name: value for name, value in (os.environ | variables).items() if value}

    def __enter__(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._variables, start_new_session=True
            )
        self.pid = self._process.pid

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise AssertionError("expected Prometheus to have the metrics of all targets, it does not")
        time.sleep(0.2)
