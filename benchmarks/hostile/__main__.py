"""`python -m benchmarks.hostile`: what hostile clients take from a quiet one, now and in an earlier version."""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.hostile.attacked_service import attacked, observed
from benchmarks.hostile.attacks import ATTACKS, Attack
from harness.running_service import ROOT
from harness.tables import Report, add_json_option

_COLUMNS = {
    "attack": "attack",
    "version": "version",
    "quiet": "the quiet client",
    "health": "/livez at worst, s",
    "memory": "memory of the service, MiB more",
}


def main() -> int:
    """Measure, print and keep the table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--before", type=Path, metavar="TREE", help="a checkout of the version to compare with")
    options = parser.parse_args()
    versions = {"before": options.before, "now": ROOT} if options.before else {"now": ROOT}
    rows = [_row(attack, version, tree) for attack in ATTACKS for version, tree in versions.items()]
    Report("benchmarks.hostile", options.json).add("hostile", "Attacks and a quiet client", _COLUMNS, rows)
    return 0


def _row(attack: Attack, version: str, tree: Path) -> dict[str, Any]:
    with attacked(tree, files=attack.files) as service, observed(service) as seen:
        quiet = attack.run(service)
    worst = max(seen.health, default=0.0)
    health = "no answer" if worst == float("inf") else f"{worst:.2f}"
    return {
        "attack": attack.name,
        "version": version,
        "quiet": quiet,
        "health": health,
        "memory": round(seen.memory / 2**20),
    }


if __name__ == "__main__":
    sys.exit(main())
