"""`python -m benchmarks.hostile`: what hostile clients take from a quiet one, now and in an earlier version."""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.hostile.attacked_service import attacked, observed
from benchmarks.hostile.attacks import ATTACKS, Attack
from benchmarks.hostile.isolation import isolation_table
from harness.running_service import ROOT
from harness.tables import Report, add_json_option

_COLUMNS = {
    "attack": "attack",
    "version": "version",
    "quiet": "the quiet client",
    "health": "/livez at worst, s",
    "memory": "memory of the service, MiB more",
}
_ISOLATION = {
    "size": "picture",
    "before": "p50 in the service, ms",
    "now": "p50 in another process, ms",
    "difference": "median difference of pairs, ms",
    "pairs": "pairs",
}


def main() -> int:
    """Measure, print and keep the table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--before", type=Path, metavar="TREE", help="a checkout of the version to compare with")
    parser.add_argument("--only", choices=("attacks", "isolation"), nargs="+", default=["attacks", "isolation"])
    parser.add_argument("--pairs", type=int, default=150, help="frames that each version answers, for the isolation")
    options = parser.parse_args()
    report = Report("benchmarks.hostile", options.json)
    if "attacks" in options.only:
        report.add("hostile", "Attacks and a quiet client", _COLUMNS, _attacks(options.before))
    if "isolation" in options.only and options.before:
        rows = isolation_table(options.before, ROOT, options.pairs)
        report.add("isolation", "A frame, with its image decoded in another process", _ISOLATION, rows)
    return 0


def _attacks(before: Path | None) -> list[dict[str, Any]]:
    versions = {"before": before, "now": ROOT} if before else {"now": ROOT}
    return [_row(attack, version, tree) for attack in ATTACKS for version, tree in versions.items()]


def _row(attack: Attack, version: str, tree: Path) -> dict[str, Any]:
    with attacked(tree, files=attack.files) as service, observed(service) as seen:
        quiet = attack.run(service)
    if not seen.health:
        health = "over before it was asked"
    else:
        health = "no answer" if (worst := max(seen.health)) == float("inf") else f"{worst:.2f}"
    return {
        "attack": attack.name,
        "version": version,
        "quiet": quiet,
        "health": health,
        "memory": round(seen.memory / 2**20),
    }


if __name__ == "__main__":
    sys.exit(main())
