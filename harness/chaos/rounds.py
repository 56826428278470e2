"""Rounds of trials: the same fault at many random moments, embedded and behind a real tritonserver."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]

from harness.chaos.faults import KillTriton, kill_service, kill_worker, stop_service
from harness.chaos.tree import ServiceTree
from harness.chaos.trials import Calm, Outcome, calm_run, disturbed_run
from harness.triton.environment import ServerEnvironment
from harness.triton.repository import MODEL_REPOSITORY, build_repository, read_config
from harness.triton.server import TritonServer

LITE = ("detector_lite", "hmr_lite")
Fault = Callable[[ServiceTree], None]


class Round:
    """A running tree, and the calm run that its jobs are held against.

    Args:
        tree: the running tree.
        video: what its jobs compute.
        backend: where the models run.
        faults: what can be done to it, by name.
    """

    def __init__(self, tree: ServiceTree, video: Path, backend: str, faults: dict[str, Fault]) -> None:
        self.tree, self.video, self.backend, self.faults = tree, video, backend, faults
        self.calm: Calm = calm_run(tree, video)

    def trials(self, fault: str, moments: int, seed: int) -> Iterator[Outcome]:
        """Disturb jobs at random moments; the same seed gives the same ones."""
        random_moments = random.Random(f"{seed} {fault} {self.backend}")
        for _ in range(moments):
            at = random_moments.uniform(0.1, self.calm.seconds)
            yield disturbed_run(
                self.tree, self.video, self.calm, self.faults[fault], name=fault, backend=self.backend, at=at
            )


@contextmanager
def embedded_round(folder: Path, video: Path) -> Iterator[Round]:
    """Run a service with the models in its own processes."""
    tree = ServiceTree(folder, video.parent)
    try:
        tree.start()
        yield Round(tree, video, "embedded", _SERVICE_FAULTS)
    finally:
        tree.close()


@contextmanager
def triton_round(environment: ServerEnvironment, folder: Path, video: Path) -> Iterator[Round]:
    """Run a service and a tritonserver with the lite models.

    Dynamic batching is off: it puts requests together as they happen to arrive, and with it a run was once
    seen to differ in its bytes, with the same ids. Without it they can be compared byte for byte.
    """
    with ExitStack() as opened:
        folder.mkdir(parents=True, exist_ok=True)
        repository = build_repository(folder / "models", LITE, quick=True)
        for model in LITE:
            config = read_config(repository / model / "config.pbtxt")
            config.ClearField("dynamic_batching")
            (repository / model / "config.pbtxt").write_text(text_format.MessageToString(config))
        server = TritonServer(environment, repository, folder / "triton.log").start()
        opened.callback(server.kill)
        tree = ServiceTree(
            folder / "service",
            video.parent,
            "inference.kind=triton",
            f"inference.triton_url={server.url}",
            f"inference.repository={MODEL_REPOSITORY}",  # what Triton serves, whatever else is used meanwhile
        )
        opened.callback(tree.close)
        tree.start()
        yield Round(tree, video, "tritonserver", {**_SERVICE_FAULTS, "kill -9 of Triton": KillTriton(server)})


_SERVICE_FAULTS: dict[str, Fault] = {
    "kill -9 of the worker": kill_worker,
    "kill -9 of the service": kill_service,
    "SIGTERM of the service": stop_service,
}
