"""Machines for so many hours of video a day: ``python -m benchmarks.scale [--measure] [--json FILE]``.

Reads what the other benchmarks keep in docs/results/data, and the served configs. With ``--measure`` it first measures
what they do not: bytes of results, rows and connections of the database (needs PostgreSQL's programs).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.scale import assumptions, costs
from benchmarks.scale.figures import DATA, Figures
from benchmarks.scale.needs import HOURS, limits, needs
from harness.tables import Report, add_json_option


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure where asked to, compute and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure what other benchmarks do not")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    if options.measure:
        kept: Path | None = None if options.json is None else options.json.with_name("scale_costs.json")
        Report("benchmarks.scale", kept).add(
            "costs",
            "What the arithmetic needs beside the other benchmarks",
            {"what": "what", "value": "value", "how": "how"},
            costs.measured(),
        )
    figures = Figures.read(DATA)
    report = Report("benchmarks.scale", options.json, [], machine="arithmetic; the machine of each source")
    report.add("figures", "What goes in", {"what": "what", "value": "value", "source": "source"}, figures.rows())
    report.add(
        "assumptions",
        "What is assumed",
        {"value": "value", "unit": "of", "source": "source"},
        assumptions.rows(),
    )
    hours = {f"{count}": f"{count:,} h a day" for count in HOURS}
    report.add("needs", "What so many hours of video a day take", {"what": "what", **hours}, needs(figures))
    report.add(
        "limits",
        "What is full first",
        {"what": "what", "hours": "full at, hours of video a day", "then": "what is done then"},
        limits(figures),
    )


if __name__ == "__main__":
    main()
