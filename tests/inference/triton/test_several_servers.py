"""One name that stands for several servers, as a headless service of Kubernetes does."""

from pathlib import Path

import numpy as np

from harness.triton.environment import ServerEnvironment
from harness.triton.repository import build_repository
from harness.triton.server import TritonServer
from tracker_service.inference.triton.client import TritonClient

MODEL = "detector_lite"
OUTPUTS = ("boxes", "scores")
REQUESTS = 12


def _executions(server: TritonServer) -> float:
    lines = [line for line in server.metrics().splitlines() if line.startswith("nv_inference_request_success{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_requests_are_spread_over_all_servers_and_go_on_when_one_dies(
    environment: ServerEnvironment, tmp_path: Path
) -> None:
    repository = build_repository(tmp_path / "models", [MODEL])
    servers = [TritonServer(environment, repository, tmp_path / f"log-{number}") for number in range(2)]
    with servers[0], servers[1]:
        before = [_executions(server) for server in servers]
        client = TritonClient("ipv4:" + ",".join(server.url for server in servers), shared_memory=False)
        try:
            height, width, channels = (side or 1 for side in client.signature(MODEL).inputs["images"].shape)
            images = np.zeros((1, height, width, channels), np.uint8)
            for _ in range(REQUESTS):
                client.infer(MODEL, {"images": images}, OUTPUTS)
            after = [_executions(server) for server in servers]
            assert all(count - earlier >= REQUESTS // 4 for count, earlier in zip(after, before, strict=True))
            servers[0].kill()
            for _ in range(REQUESTS):
                assert client.infer(MODEL, {"images": images}, OUTPUTS)["boxes"].shape == (1, 100, 4)
        finally:
            client.close()
