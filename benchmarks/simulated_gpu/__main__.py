"""What the CPU side can feed: ``python -m benchmarks.simulated_gpu [--cards L4 ...] [--json FILE]``.

The cards are simulated (their times are estimates, `cards.json`), everything else is real: decoding, crops, shared
memory, tritonserver with its batching, association. Every row tracks a number of 1080p videos with three people at
once, in one tracker process or several, on the cores that there are.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import psutil

from benchmarks.feed.clip import full_hd
from benchmarks.simulated_gpu.card import busy_share
from benchmarks.simulated_gpu.serving import serving
from benchmarks.simulated_gpu.stand_ins import record_full
from benchmarks.simulated_gpu.tracker import Job
from benchmarks.simulated_gpu.trackers import body_repository, run_trackers
from harness.tables import Report, add_json_option

_PERCEPTION = ("decoding", "detection", "crops", "bodies", "appearance", "features")
_TRACKING = ("camera", "association", "second look", "quality", "world")
_SPREAD = ((1, 1), (2, 1), (2, 2), (4, 2), (8, 2))
"""Videos at once, and the trackers that share them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", nargs="+", default=["instant", "H100", "L4"], help="names in cards.json")
    parser.add_argument("--frames", type=int, default=100, help="of the file")
    parser.add_argument("--rounds", type=int, default=4, help="how often every video plays the file, without a break")
    parser.add_argument("--videos", type=int, nargs="+", default=[1, 2, 4, 8], help="at once")
    parser.add_argument("--no-server", action="store_true", help="the card in the tracker's process, without Triton")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that server and trackers end too
    with tempfile.TemporaryDirectory(prefix="phalp-simulated-") as name:
        folder = Path(name)
        repository = body_repository(folder / "models")
        video = full_hd(folder / "full_hd.mp4", options.frames)
        recordings = record_full(video, repository, folder / "answers.npz")
        decoder = bare_decoder(video, os.cpu_count() or 1)
        rows = []
        for card in options.cards:
            with _card(card, recordings, folder, server=not options.no_server) as (url, pid, card_folder):
                for videos, trackers in _SPREAD:
                    if videos in options.videos:
                        places = str(card_folder), str(recordings)
                        each, models = videos // trackers, str(repository)
                        job = Job(str(video), each, options.rounds, models, url, card, *places)
                        rows.append({"card": card, "trackers": trackers, **measured(job, trackers, pid, decoder)})
    report = Report("benchmarks.simulated_gpu", options.json)
    suffix = "_without_server" if options.no_server else ""
    report.add(
        f"speed{suffix}",
        "Frames a second on a simulated card",
        {
            "card": "card (simulated)",
            "videos": "videos at once",
            "trackers": "trackers",
            "fps": "frames/s",
            "of_decoder": "of the bare decoder's frames/s, %",
            "busy": "card busy from its first to its last batch, %",
        },
        rows,
    )
    report.add(
        f"stages{suffix}",
        "CPU milliseconds a frame on both sides",
        {
            "card": "card (simulated)",
            "videos": "videos at once",
            "perception": "decoding, letterbox, crops, features",
            "tracking": "camera, association, world",
            "rest": "client and the rest",
            "served": "server with its stand-ins",
        },
        rows,
    )


def measured(job: Job, trackers: int, server: int | None, decoder: float) -> dict[str, Any]:
    """Run trackers with the same job at once; returns the row of a table."""
    before = _cpu(server)
    served, took = run_trackers(job, trackers)
    end = time.monotonic()
    frames = sum(one["frames"] for one in served)
    seconds = sum((Counter(one["stages"]) for one in served), Counter[str]())
    stages = {stage: 1000 * taken / frames for stage, taken in seconds.items()}
    tracked = 1000 * sum(one["cpu"] for one in served) / frames
    answered = 1000 * (_cpu(server) - before) / frames
    parts = {
        "perception": sum(stages.get(name, 0.0) for name in _PERCEPTION),
        "tracking": sum(stages.get(name, 0.0) for name in _TRACKING),
    }
    return {
        "videos": trackers * job.videos,
        "people": sum(one["people"] for one in served) / frames,
        "fps": frames / took,
        "of_decoder": 100 * frames / took / decoder,
        "busy": 100 * busy_share(Path(job.card_folder), end - took, end),
        **parts,
        "rest": tracked - sum(parts.values()),
        "served": answered,
        "cpu_ms": tracked + answered,
        "stages": stages,
    }


def bare_decoder(video: Path, cores: int) -> float:
    """Return the frames a second at which so many threads of this process decode the file, each alone."""

    def decode(_: int) -> int:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            return sum(1 for _ in container.decode(stream))

    start = time.monotonic()
    with ThreadPoolExecutor(cores) as pool:
        frames = sum(pool.map(decode, range(3 * cores)))
    return frames / (time.monotonic() - start)


@contextmanager
def _card(card: str, recordings: Path, folder: Path, *, server: bool) -> Iterator[tuple[str, int | None, Path]]:
    """Give the address of a server with the card, its process and the card's folder."""
    if server:
        with serving(card, recordings) as served:
            yield served.server.url, served.server.pid, served.card_folder
        return
    alone = folder / f"card {card}"
    alone.mkdir()
    yield "", None, alone


def _cpu(server: int | None) -> float:
    """Return the CPU seconds of the server and the processes it started."""
    if server is None:
        return 0.0
    process = psutil.Process(server)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


if __name__ == "__main__":
    main()
