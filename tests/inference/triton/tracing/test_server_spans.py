"""A real server in its mode opentelemetry: its own spans lie in those of our calls."""

from pathlib import Path

import numpy as np

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository
from harness.triton.server import TritonServer
from harness.waiting import until
from tests.tracing.collector import running_collector
from tracker_service.inference.inference_parameters import InferenceParameters
from tracker_service.inference.triton.client import TritonClient
from tracker_service.tracing.spans import begin, traceparent
from tracker_service.tracing.traced_process import traced_process
from tracker_service.tracing.tracing_parameters import TracingParameters

MODEL = "appearance_encoder"


def test_the_servers_spans_are_part_of_the_callers_trace(environment: ServerEnvironment, tmp_path: Path) -> None:
    repository = build_repository(tmp_path / "models", [MODEL])
    with running_collector() as collector:
        options = [
            f"--trace-config={setting}"
            for setting in ("mode=opentelemetry", "rate=1", "level=TIMESTAMPS", f"opentelemetry,url={collector.url}")
        ]
        server = TritonServer(environment, repository, tmp_path / "log", options=options).start()
        client = TritonClient(server.url, InferenceParameters(shared_memory=False))
        try:
            inputs = {
                name: np.zeros((2, *(side or 256 for side in spec.shape)), spec.dtype)
                for name, spec in client.signature(MODEL).inputs.items()
            }
            with traced_process(TracingParameters(otlp_url=collector.url), "test"), begin("request"):
                trace = (traceparent() or "").split("-")[1]
                client.infer(MODEL, inputs, ["embedding"])
            server_span = until(lambda: next(iter(collector.named("InferRequest")), None), 60)
        finally:
            client.close()
            server.kill()
        (call,) = collector.named(f"triton {MODEL}")
    assert server_span.trace == trace
    assert server_span.parent == call.span
