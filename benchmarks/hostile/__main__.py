"""`python -m benchmarks.hostile`: what hostile clients take from a quiet one, now and in an earlier version."""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.hostile.attacked_service import attacked, observed
from benchmarks.hostile.attacks import ATTACKS, Attack
from benchmarks.hostile.fairness import fairness_table
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
_FAIRNESS = {
    "request": "the quiet client's request, and what comes from another one",
    "version": "version",
    "alone": "worst wait alone, s",
    "beside": "worst wait beside, s",
    "ratio": "worst beside : worst alone",
    "medians": "median beside : median alone",
}
_PARTS = ("attacks", "isolation", "fairness")


def main() -> int:
    """Measure, print and keep the table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    add_json_option(parser)
    parser.add_argument("--before", type=Path, metavar="TREE", help="a checkout of the version to compare with")
    parser.add_argument("--only", choices=_PARTS, nargs="+", default=list(_PARTS))
    parser.add_argument("--short", action="store_true", help="a tenth of the waits, for the fairness")
    parser.add_argument("--pairs", type=int, default=150, help="frames that each version answers, for the isolation")
    options = parser.parse_args()
    report = Report("benchmarks.hostile", options.json)
    if "attacks" in options.only:
        report.add("hostile", "Attacks and a quiet client", _COLUMNS, _attacks(options.before))
    if "isolation" in options.only and options.before:
        rows = isolation_table(options.before, ROOT, options.pairs)
        report.add("isolation", "A frame, with its image decoded in another process", _ISOLATION, rows)
    if "fairness" in options.only:
        tables = [fairness_table(tree, name, options.short) for name, tree in _versions(options.before).items()]
        rows = [row for rows in zip(*tables, strict=True) for row in rows]
        report.add("fairness", "What a quiet client waits for", _FAIRNESS, rows)
    return 0


def _versions(before: Path | None) -> dict[str, Path]:
    return {"before": before, "now": ROOT} if before else {"now": ROOT}


def _attacks(before: Path | None) -> list[dict[str, Any]]:
    return [_row(attack, version, tree) for attack in ATTACKS for version, tree in _versions(before).items()]


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
