"""How the code is built: ``python -m benchmarks.structure [--before CHECKOUT] [--frames 12] [--json FILE]``.

Files and lines of every room, imports between rooms, and how many of our functions a frame passes on its way through
the embedded pipeline. With ``--before`` another checkout is counted in the same way and stands beside this one. The
frames are tracked by each checkout's own command line, under a profiler, so that both need this environment's packages.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.structure.frame_way import FrameWay, profile
from benchmarks.structure.rooms import Structure, structure_of
from harness.tables import Report, add_json_option

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "tracker_service"
SIZES = ("files", "lines")


def main() -> None:
    """Count, profile and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another checkout to compare with")
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="CHECKOUT", help="what is counted; default: this one"
    )
    parser.add_argument("--frames", type=int, default=12, help="frames of the sample in the shorter profiled run")
    add_json_option(parser)
    arguments = parser.parse_args()
    roots = {"before": arguments.before} if arguments.before else {}
    roots["after" if arguments.before else "now"] = arguments.root
    structures = {name: structure_of(root) for name, root in roots.items()}
    profiles = {name: profile(root, arguments.frames) for name, root in roots.items()}
    columns = {name: name for name in roots}
    sizes = [f"{size} {name}" for size in SIZES for name in roots]
    report = Report("benchmarks.structure", arguments.json)
    report.add("rooms", "Files and lines", {"room": "room"} | {size: size for size in sizes}, room_rows(structures))
    figures = [*import_rows(structures), *frame_rows(profiles)]
    report.add("figures", "Imports, and the way of a frame", {"figure": "figure"} | columns, figures)
    for name, structure in structures.items():
        title = f"Which room imports which, and how often, {name}"
        report.add(f"imports-{name}", title, {"room": "room", "imports": "imports"}, pair_rows(structure))
        print(f"\nDeepest call of a frame, {name}:\n")
        print("\n".join(f"{'  ' * depth}{function}" for depth, function in enumerate(profiles[name].deepest)))


def room_rows(structures: Mapping[str, Structure]) -> list[dict[str, Any]]:
    """Return one row a room, and one for all together."""
    rows = []
    for room in sorted({room for structure in structures.values() for room in structure.rooms}):
        found = {name: structure.rooms.get(room) for name, structure in structures.items()}
        sizes = {f"{size} {name}": getattr(of, size, None) for size in SIZES for name, of in found.items()}
        rows.append({"room": f"`{room}`", **sizes})
    totals = {size: sum(int(row[size] or 0) for row in rows) for size in rows[0] if size != "room"}
    return [*rows, {"room": "all", **totals}]


def import_rows(structures: Mapping[str, Structure]) -> list[dict[str, Any]]:
    """Return what one says about imports between rooms, a column a checkout."""
    figures = {name: import_figures(structure) for name, structure in structures.items()}
    return rows_of(figures)


def import_figures(structure: Structure) -> dict[str, int]:
    """Return figures about the imports between rooms."""
    service = Counter(
        {pair: number for pair, number in structure.imports.items() if all(r.startswith(SERVICE) for r in pair)}
    )
    return {
        "imports between modules of different rooms of `tracker_service`": service.total(),
        "pairs of its rooms that import each other": sum((b, a) in service for a, b in service if a < b),
        "imports of `tests` by others": sum(number for (_, to), number in structure.imports.items() if to == "tests"),
        "Python files in the fullest folder": max(room.fullest for room in structure.rooms.values()),
    }


def rows_of(figures: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a figure, with a column a checkout."""
    first = next(iter(figures.values()))
    return [{"figure": figure} | {name: of[figure] for name, of in figures.items()} for figure in first]


def pair_rows(structure: Structure) -> list[dict[str, Any]]:
    """Return for every room what it imports and how often."""
    rows = []
    for room in sorted({of for of, _ in structure.imports}):
        imported = {to: n for (of, to), n in sorted(structure.imports.items()) if of == room}
        rows.append(
            {"room": f"`{room}`", "imports": {to.removeprefix("tracker_service/"): n for to, n in imported.items()}}
        )
    return rows


def frame_rows(profiles: Mapping[str, FrameWay]) -> list[dict[str, Any]]:
    """Return what was counted on the way of a frame, a column a checkout."""
    return rows_of(
        {
            name: {
                "different functions of ours that a frame passes": way.functions,
                "files that they are in": way.files,
                "calls of our functions a frame": round(way.calls),
                "our functions on the deepest call stack of a frame": len(way.deepest),
            }
            for name, way in profiles.items()
        }
    )


if __name__ == "__main__":
    main()
