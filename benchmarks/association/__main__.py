"""Association alone: its speed, what it does in occlusions, and its quality beside other trackers.

``python -m benchmarks.association [--json FILE]`` measures speed and synthetic occlusions. With
``--footage CACHE.npz TRUTH.txt`` (repeatable; the cache comes from ``python -m benchmarks.association.features VIDEO
CACHE.npz``, the truth is in MOT format) it compares trackers on real detections, too.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks.association.flicker import flicker_table
from benchmarks.association.footage import footage_table
from benchmarks.association.latency import latency_table
from benchmarks.association.occlusion import occlusion_table
from harness.machine import cpu_name
from tracker_service.body.model import BodyModel

_BODY = Path(__file__).resolve().parents[2] / "model_repository" / "hmr_lite" / "body_model.npz"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=15, help="crowds for each length of an occlusion")
    parser.add_argument(
        "--only", choices=("speed", "occlusions", "flicker", "footage"), help="leave out the other parts"
    )
    parser.add_argument("--footage", nargs=2, action="append", default=[], metavar=("CACHE", "TRUTH"), type=Path)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    report = measure(options.only, options.seeds, options.footage)
    for title, rows in report["tables"].items():
        print(f"\n{title}\n{text_table(rows)}")
    print(f"\n{report['cpu']}")
    if options.json is not None:
        options.json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


def measure(only: str | None, seeds: int, footage: Sequence[tuple[Path, Path]]) -> dict[str, Any]:
    """Return the machine and the tables by title."""
    body = BodyModel.load(_BODY)
    tables: dict[str, list[dict[str, Any]]] = {}
    if only in (None, "speed"):
        tables["One update, milliseconds (A+P+L, 4096-dimensional embeddings, features given)"] = latency_table(body)
    if only in (None, "occlusions"):
        stress = occlusion_table(body, seeds)
        tables["Occlusions: share of identities kept"] = stress["identities"]
        tables["Occlusions: error of predicted people by age, against upstream's stale copies"] = stress["predictions"]
    if only in (None, "flicker"):
        tables["Irregular detection: misses an unconfirmed track survives"] = flicker_table(body, seeds)
    if only in (None, "footage"):
        for cache, truth in footage:
            tables[f"Trackers on the detections of {cache.name}"] = footage_table(cache, truth)
    return {"cpu": cpu_name(), "tables": tables}


def text_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as aligned text; columns are those of the first row."""
    columns = list(rows[0])
    cells = [columns, *([_cell(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


if __name__ == "__main__":
    main()
