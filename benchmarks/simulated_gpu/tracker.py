"""One tracker: a process that tracks videos at once and says what that took, as one line of JSON.

``python -m benchmarks.simulated_gpu.tracker JOB`` prints a line when it is ready, and begins with the next line that
it reads.
"""

import tracker_service.process.single_blas_thread  # noqa: F401 - before numpy, as the command line has it

# isort: split
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import cv2

from benchmarks.feed.recordings import Recordings
from benchmarks.simulated_gpu.card import Card
from benchmarks.simulated_gpu.client import SimulatedClient
from benchmarks.simulated_gpu.serving import CARDS
from benchmarks.simulated_gpu.stand_ins import MODELS, full_settings
from tracker_service.inference.client import InferenceClient
from tracker_service.inference.triton.regions import PREFIX
from tracker_service.pipeline import stage_times
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.process.memory import keep_freed_memory
from tracker_service.types import Frame
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run

_MIB = 2**20


@dataclass(frozen=True)
class Job:
    """What a tracker does.

    Attributes:
        video: the file that all videos are.
        videos: how many are tracked at once.
        repository: folder with the body model.
        rounds: how often each of them plays the file, without a break.
        triton: address of the server; empty for a card in this process.
        card: name of that card.
        card_folder: its folder.
        recordings: what it answers.
        window: frames of a batch; 0 takes the profile's.
    """

    video: str
    videos: int
    rounds: int
    repository: str
    triton: str
    card: str
    card_folder: str
    recordings: str
    window: int = 0

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `text` wrote."""
        return cls(**json.loads(text))

    def text(self) -> str:
        """Return the job as a command line argument."""
        return json.dumps(asdict(self))


def main(text: str) -> None:
    """Track and print."""
    keep_freed_memory()
    cv2.setNumThreads(1)
    # Stages in threads of their own: what the others do meanwhile is not theirs.
    vars(stage_times)["time"] = SimpleNamespace(perf_counter=time.thread_time)
    job, times = Job.from_text(text), StageTimes()
    with closing(_client(job, times)) as client:
        for model in MODELS:
            client.signature(model)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        before = time.process_time()
        with ThreadPoolExecutor(job.videos) as pool:
            done = list(pool.map(lambda _: track(job, client, times), range(job.videos)))
        cpu = time.process_time() - before
        held = {"most_mib": most_resident() / _MIB, "shared_mib": shared_memory() / _MIB}
    total = sum((Counter(counts) for counts in done), Counter())
    sys.stdout.write(json.dumps({**total, **held, "cpu": cpu, "stages": times.seconds()}) + "\n")


def _client(job: Job, times: StageTimes) -> InferenceClient:
    if job.triton:
        return open_client(full_settings(Path(job.repository), job.triton))
    card = Card.named(CARDS, job.card, Path(job.card_folder))
    return SimulatedClient(Recordings.load(Path(job.recordings)), card, times)


def track(job: Job, client: InferenceClient, times: StageTimes) -> dict[str, int]:
    """Track one video; returns frames and people, and how many frames were read when the first result came."""
    settings = full_settings(Path(job.repository))
    if job.window:
        settings = settings.model_copy(update={"pipeline": replace(settings.pipeline, window=job.window)})
    with open_source(job.video) as source:
        rate = source.info.fps
    frames = people = first = 0
    read = Counter[str]()

    def counted() -> Iterator[Frame]:
        for frame in played(job, rate):
            read["frames"] += 1
            yield frame

    run = open_run(RunOptions.of(settings), client, counted(), rate, times=times)
    with closing(run):
        for item in run.frames():
            first = first or read["frames"]
            frames, people = frames + 1, people + len(item.result.persons)
    return {"frames": frames, "people": people, "read_before_first": first}


def most_resident() -> int:
    """Return the most bytes of memory that this process has held."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def shared_memory() -> int:
    """Return the bytes of the regions that this process shares with a server."""
    total = 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        if PREFIX in line:
            start, end = line.split(maxsplit=1)[0].split("-")
            total += int(end, 16) - int(start, 16)
    return total


def played(job: Job, rate: float) -> Iterator[Frame]:
    """Give the frames of the file in every round, numbered on."""
    number = 0
    for _ in range(job.rounds):
        with open_source(job.video, threads=1) as source:
            for frame in source:
                yield replace(frame, number=number, timestamp=number / rate)
                number += 1


if __name__ == "__main__":
    main(sys.argv[1])
