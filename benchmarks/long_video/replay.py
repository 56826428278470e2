"""A service whose workers replay recorded model outputs, so that only this project's own code runs.

``python -m benchmarks.long_video.replay serve ...`` takes the arguments of the real service. The first time that a
worker sees an input it asks the real model and records the answer; a video that repeats itself is then all recordings.
"""

import tracker_service.process.single_blas_thread  # noqa: F401 - before numpy

# isort: split
import sys
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from tracker_service.command_line.main import main as command_line
from tracker_service.inference.client import InferenceClient, ModelSpec, Tensor
from tracker_service.jobs.worker import fork_server as forking
from tracker_service.jobs.worker import main as worker
from tracker_service.jobs.worker import video_job
from tracker_service.jobs.worker_processes import fork_server, worker_process
from tracker_service.settings import Settings
from tracker_service.wiring.models import open_client

_WORKER = (sys.executable, "-m", "benchmarks.long_video.replay", "worker")
_FORK_SERVER = (*_WORKER[:-1], "fork-server")
_MOST_ROWS = 5_000


class ReplayClient:
    """Answers each row of a batch as it was answered the first time.

    Args:
        client: the real models.
    """

    def __init__(self, client: InferenceClient) -> None:
        self._client = client
        self._rows: dict[tuple[str, tuple[str, ...], int], tuple[Tensor, ...]] = {}

    def signature(self, model: str) -> ModelSpec:
        """Return the model's signature."""
        return self._client.signature(model)

    def infer(self, model: str, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Return recorded rows, and record those that are new."""
        names, wanted = sorted(inputs), tuple(outputs)
        count = len(inputs[names[0]])
        if count == 0:
            return self._client.infer(model, inputs, outputs)
        keys = [(model, wanted, _digest([inputs[name][row] for name in names])) for row in range(count)]
        new = [row for row, key in enumerate(keys) if key not in self._rows]
        found = dict(zip(keys, (self._rows.get(key) for key in keys), strict=True))
        if new:
            answer = self._client.infer(model, {name: inputs[name][new] for name in names}, wanted)
            for place, row in enumerate(new):
                found[keys[row]] = tuple(answer[name][place].copy() for name in wanted)
                if len(self._rows) < _MOST_ROWS:
                    self._rows[keys[row]] = found[keys[row]] or ()
        rows = [found[key] or () for key in keys]
        return {name: np.stack([row[place] for row in rows]) for place, name in enumerate(wanted)}

    def close(self) -> None:
        """Close the real models."""
        self._client.close()


def main() -> None:
    """Be the service, one of its workers, or what forks them."""
    programs = {"worker": worker.main, "fork-server": forking.main}
    if (program := programs.get(sys.argv[-1])) is not None:
        video_job.open_client = _open_replay  # type: ignore[attr-defined]
        program()
    else:
        worker_process.COMMAND, fork_server.COMMAND = _WORKER, _FORK_SERVER
        command_line()


def _open_replay(settings: Settings) -> InferenceClient:
    return ReplayClient(open_client(settings))


def _digest(arrays: Sequence[Tensor]) -> int:
    value = 0
    for array in arrays:
        value = zlib.crc32(np.ascontiguousarray(array).data, value)
    return value


if __name__ == "__main__":
    main()
