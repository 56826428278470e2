"""The long form: ``python -m harness.chaos [--moments 20] [--parts embedded triton special] [--json FILE]``.

Every fault at so many random moments on a real process tree, embedded and behind a real tritonserver; then the faults
that need a place of their own. Prints a table; the exit status is 1 where anything was lost, doubled or changed.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import orjson

from harness.chaos.rounds import Round, embedded_round, triton_round
from harness.chaos.special import (
    changing_videos,
    clock_jump,
    disk_full,
    one_of_two_services_dies,
)
from harness.chaos.trials import Outcome
from harness.clips import cut
from harness.machine import cpu_name
from harness.postgres import PostgresUnavailableError
from harness.small_disk import NotPossibleHereError
from harness.triton.environment import EnvironmentUnavailableError, server_environment

_FRAMES = 72
"""Long enough that about half of the moments fall between two borders; the others before the first."""
_CLOCK_DAYS = (30, -30)


@dataclass(frozen=True, slots=True)
class Row:
    """All trials of one fault."""

    fault: str
    backend: str
    trials: int
    in_mid_job: int
    frames_lost: int
    frames_duplicated: int
    ids_equal: int
    files_equal: int
    most_attempts: int
    longest_seconds: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Row":
        """Sum up outcomes of the same fault and backend."""
        return cls(
            outcomes[0].fault,
            outcomes[0].backend,
            len(outcomes),
            sum(0 < outcome.frames_at < _FRAMES for outcome in outcomes),
            sum(outcome.lost for outcome in outcomes),
            sum(outcome.duplicated for outcome in outcomes),
            sum(outcome.ids_equal for outcome in outcomes),
            sum(outcome.files_equal for outcome in outcomes),
            max(outcome.attempts for outcome in outcomes),
            max(outcome.seconds for outcome in outcomes),
        )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20, help="random moments of each kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="+", default=["embedded", "triton", "special"], help="which parts to run")
    parser.add_argument("--faults", nargs="+", default=[], help="only these kills, by name; default: all")
    parser.add_argument("--json", type=Path, help="also write all outcomes to this file")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes below end too
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="phalp-chaos-") as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        video = cut(folder / "videos" / "walk.mp4", _FRAMES)
        for outcome in _all(folder, video, arguments):
            outcomes.append(outcome)
            _write(outcomes, arguments.json)
            mark = "good" if outcome.good else f"BAD {outcome}"
            print(f"{outcome.backend}, {outcome.fault}, after {outcome.at:.2f} s: {mark}", file=sys.stderr, flush=True)
    _print(_rows(outcomes))
    sys.exit(0 if all(outcome.good for outcome in outcomes) else 1)


def _write(outcomes: Sequence[Outcome], target: Path | None) -> None:
    """Write what is known so far: a run of half an hour may be cut off."""
    if target is not None:
        rows = [asdict(row) for row in _rows(outcomes)]
        report = {"cpu": cpu_name(), "rows": rows, "outcomes": [asdict(outcome) for outcome in outcomes]}
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


def _all(folder: Path, video: Path, arguments: argparse.Namespace) -> Iterator[Outcome]:
    parts = arguments.parts
    if "embedded" in parts or "special" in parts:
        with embedded_round(folder / "embedded", video) as running:
            if "embedded" in parts:
                yield from _round(running, arguments)
            calm = running.calm
        if "special" in parts:
            for number, days in enumerate(_CLOCK_DAYS):
                yield from _possible(partial(clock_jump, folder / f"clock{number}", video, calm, days))
            yield from _possible(partial(disk_full, folder / "disk", video, calm))
            yield from _possible(partial(one_of_two_services_dies, folder / "two", video, calm))
            yield from changing_videos(folder / "changing", _FRAMES)
    if "triton" in parts:
        try:
            environment = server_environment()
        except EnvironmentUnavailableError as error:
            print(f"left out: {error}", file=sys.stderr)
            return
        with triton_round(environment, folder / "triton", video) as running:
            yield from _round(running, arguments)


def _round(running: Round, arguments: argparse.Namespace) -> Iterator[Outcome]:
    for fault in running.faults:
        if not arguments.faults or fault in arguments.faults:
            yield from running.trials(fault, arguments.moments, arguments.seed)


def _possible(trial: Callable[[], Outcome]) -> Iterator[Outcome]:
    try:
        yield trial()
    except (NotPossibleHereError, PostgresUnavailableError) as error:
        print(f"left out: {error}", file=sys.stderr)


def _rows(outcomes: Sequence[Outcome]) -> list[Row]:
    kinds = dict.fromkeys((outcome.fault, outcome.backend) for outcome in outcomes)
    return [Row.of([o for o in outcomes if (o.fault, o.backend) == kind]) for kind in kinds]


def _print(rows: Sequence[Row]) -> None:
    print(f"{cpu_name()}\n")
    print("| Fault | Models | Trials | In mid-job | Lost | Doubled | Ids equal | Files equal | Attempts | Longest |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.fault} | {row.backend} | {row.trials} | {row.in_mid_job} | {row.frames_lost} "
            f"| {row.frames_duplicated} | {row.ids_equal} | {row.files_equal} | {row.most_attempts} "
            f"| {row.longest_seconds:.1f} s |"
        )


if __name__ == "__main__":
    main()
