"""`python -m benchmarks.siege`: minutes of mixed attacks, and what a well-behaved client gets meanwhile."""

import argparse
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.hostile.attacked_service import attacked
from benchmarks.siege.assaults import ASSAULTS, run_assault
from benchmarks.siege.well_behaved import Answers, WellBehavedClient
from harness.clips import cut
from harness.running_service import ROOT, RunningService
from harness.tables import Report, add_json_option

_ATTACKERS = 3
_CALM_SECONDS = 30.0
_ANSWERS = {
    "request": "the client's request",
    "asked": "asked",
    "lost": "lost",
    "p50": "p50, s",
    "p99": "p99, s",
    "worst": "worst, s",
}
_MEMORY = {"when": "when", "service": "memory of the service, MiB", "processes": "its processes", "files": "open files"}


def main() -> int:
    """Lay siege, print and keep the tables; return 1 where the client lost something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.siege", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="of the order of the attacks")
    options = parser.parse_args()
    report = Report("benchmarks.siege", options.json)
    with TemporaryDirectory() as folder, attacked(ROOT, "jobs.poll_seconds=0.1") as service:
        client = WellBehavedClient(service, cut(Path(folder) / "walk.mp4", 16, width=320).read_bytes())
        with client.asking() as calm:
            time.sleep(min(_CALM_SECONDS, 60 * options.minutes))
        memory = [_memory(service, "before")]
        with _attackers(service, options.seed) as attacks, client.asking() as besieged:
            time.sleep(60 * options.minutes)
            memory.append(_memory(service, "at the end of the attacks"))
        time.sleep(10.0)
        memory.append(_memory(service, "10 s later"))
        internal = sum('"status": 500' in line or '"status":500' in line for line in service.log().splitlines())
    rows = [
        _row(kind, when, answers[kind]) for kind in besieged for when, answers in (("", calm), (" besieged", besieged))
    ]
    report.add(
        "answers", f"A client beside {sum(attacks.values())} attacks in {options.minutes:g} minutes", _ANSWERS, rows
    )
    report.add("memory", "The service", _MEMORY, memory)
    counted = [{"attack": name, "times": times} for name, times in sorted(attacks.items())]
    report.add("attacks", f"Attacks; {internal} answers of status 500", {"attack": "attack", "times": "times"}, counted)
    losses = [loss for answers in besieged.values() for loss in answers.losses]
    print(*losses, sep="\n")
    return 1 if losses or internal else 0


@contextmanager
def _attackers(service: RunningService, seed: int) -> Iterator[Counter[str]]:
    """Attack in several threads until the context ends; yields how often each attack was made."""
    end, attacks = threading.Event(), Counter[str]()

    def attack(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        while not end.is_set():
            assault = chance.choice(ASSAULTS)
            run_assault(assault, service)
            attacks[(assault.__doc__ or "").rstrip(".")] += 1

    threads = [threading.Thread(target=attack, args=(number,)) for number in range(_ATTACKERS)]
    for thread in threads:
        thread.start()
    try:
        yield attacks
    finally:
        end.set()
        for thread in threads:
            thread.join()


def _row(kind: str, when: str, answers: Answers) -> dict[str, Any]:
    seconds = sorted(answers.seconds)
    return {
        "request": kind + when,
        "asked": len(seconds),
        "lost": len(answers.losses),
        "p50": statistics.median(seconds),
        "p99": seconds[min(len(seconds) - 1, int(0.99 * len(seconds)))],
        "worst": seconds[-1],
    }


def _memory(service: RunningService, when: str) -> dict[str, Any]:
    process = psutil.Process(service.process.pid)
    return {
        "when": when,
        "service": round(process.memory_info().rss / 2**20),
        "processes": len(process.children(recursive=True)),
        "files": process.num_fds(),
    }


if __name__ == "__main__":
    sys.exit(main())
