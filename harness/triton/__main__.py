"""`python -m harness.triton`: a real tritonserver on this machine's loopback ports, until Ctrl-C."""

import argparse
import logging
import signal
import sys
import tempfile
from pathlib import Path

from harness.triton.environment import EnvironmentUnavailableError, server_environment
from harness.triton.repository import build_repository, built_models, served_models
from harness.triton.server import Ports, ServerStartError, TritonServer

LOG = logging.getLogger("harness.triton")


def main() -> int:
    """Serve the committed configs; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.triton", description=__doc__)
    # Triton's own default for HTTP is 8000, where the tracking service listens; we use it for health checks only.
    parser.add_argument("--http-port", type=int, default=8003)
    parser.add_argument("--grpc-port", type=int, default=8001)
    parser.add_argument("--metrics-port", type=int, default=8002)
    parser.add_argument("--config-name", default="cpu", help="variant of the configs: cpu, tensorrt or torchscript")
    parser.add_argument(
        "--stand-ins", action="store_true", help="serve every config, with random weights for models that are not built"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    models = served_models() if options.stand_ins else built_models()
    if not models:
        LOG.error("no built model in model_repository; --stand-ins serves random weights")
        return 2
    with tempfile.TemporaryDirectory(prefix="phalp-triton-") as folder:
        repository = build_repository(Path(folder) / "models", models, scripts=options.config_name == "torchscript")
        ports = Ports(options.http_port, options.grpc_port, options.metrics_port)
        try:
            server = TritonServer(
                server_environment(), repository, Path(folder) / "log", config_name=options.config_name, ports=ports
            )
            with server:
                LOG.info("serving %s: gRPC %s, HTTP port %d, metrics %d", ", ".join(models), server.url, *ports[::2])
                LOG.info("end with Ctrl-C")
                signal.signal(signal.SIGTERM, signal.default_int_handler)
                signal.pause()
        except KeyboardInterrupt:
            return 0
        except (EnvironmentUnavailableError, ServerStartError) as error:
            LOG.error("%s", error)  # noqa: TRY400 - one line is all a person needs
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
