"""The long form: ``python -m harness.chaos [--moments 20] [--parts embedded triton special] [--json FILE]``.

Every fault at so many random moments on a real process tree, embedded and behind a real tritonserver; then the faults
that need a place of their own. Prints a table; the exit status is 1 where anything was lost, doubled or changed.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from harness.chaos.rounds import Round, embedded_round, triton_round
from harness.chaos.special import (
    changing_videos,
    clock_jump,
    disk_full,
    one_of_two_services_dies,
)
from harness.chaos.trials import Outcome
from harness.clips import cut
from harness.postgres import PostgresUnavailableError
from harness.small_disk import NotPossibleHereError
from harness.tables import Report, add_json_option
from harness.triton.environment import EnvironmentUnavailableError, server_environment

_FRAMES = 72
"""Long enough that about half of the moments fall between two borders; the others before the first."""
_CLOCK_DAYS = (30, -30)


_TITLE = f"Jobs of {_FRAMES} frames, disturbed at random moments"
_COLUMNS = {
    "fault": "fault",
    "models": "models",
    "trials": "trials",
    "lost_or_doubled": "frames lost or doubled",
    "equal": "trials with equal ids and files",
    "longest_seconds": "fault to end, at most, s",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20, help="random moments of each kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="+", default=["embedded", "triton", "special"], help="which parts to run")
    parser.add_argument("--faults", nargs="+", default=[], help="only these kills, by name; default: all")
    add_json_option(parser)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes below end too
    report = Report("harness.chaos", arguments.json)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="phalp-chaos-") as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        video = cut(folder / "videos" / "walk.mp4", _FRAMES)
        for outcome in _all(folder, video, arguments):
            outcomes.append(outcome)
            # A run of half an hour may be cut off.
            report.keep("kills", _TITLE, _COLUMNS, _rows(outcomes))
            mark = "good" if outcome.good else f"BAD {outcome}"
            print(f"{outcome.backend}, {outcome.fault}, after {outcome.at:.2f} s: {mark}", file=sys.stderr, flush=True)
    report.add("kills", _TITLE, _COLUMNS, _rows(outcomes))
    sys.exit(0 if all(outcome.good for outcome in outcomes) else 1)


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


def _rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    kinds = dict.fromkeys((outcome.fault, outcome.backend) for outcome in outcomes)
    return [_row([o for o in outcomes if (o.fault, o.backend) == kind]) for kind in kinds]


def _row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Sum up outcomes of the same fault and backend."""
    return {
        "fault": outcomes[0].fault,
        "models": outcomes[0].backend,
        "trials": len(outcomes),
        "in_mid_job": sum(0 < outcome.frames_at < _FRAMES for outcome in outcomes),
        "lost_or_doubled": sum(outcome.lost + outcome.duplicated for outcome in outcomes),
        "equal": sum(outcome.ids_equal and outcome.files_equal for outcome in outcomes),
        "longest_seconds": max(outcome.seconds for outcome in outcomes),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


if __name__ == "__main__":
    main()
