"""How the code is built: ``python -m benchmarks.structure [--before CHECKOUT] [--frames 12] [--json FILE]``.

Files and lines of every room, imports between rooms, and how many of our functions a frame passes on its way through
the embedded pipeline. With ``--before`` another checkout is counted in the same way and stands beside this one. The
frames are tracked by each checkout's own command line, under a profiler, so that both need this environment's packages.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.structure.frame_way import profile
from benchmarks.structure.rooms import Structure, structure_of
from harness.tables import Report, add_json_option

ROOT = Path(__file__).resolve().parents[2]


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
    roots = {"after": arguments.root} | ({} if arguments.before is None else {"before": arguments.before})
    structures = {name: structure_of(root) for name, root in roots.items()}
    report = Report("benchmarks.structure", arguments.json)
    columns = {"files": "files", "lines": "lines", "fullest": "files in the fullest folder"}
    if arguments.before is None:
        report.add("rooms", "Rooms", {"room": "room"} | columns, room_rows(structures))
    else:
        shown = {"room": "room"}
        shown |= {
            f"{key}_{name}": f"{columns[key]} {name}" for key in ("files", "lines") for name in ("before", "after")
        }
        report.add("rooms", "Files and lines of every room", shown, room_rows(structures))
    names = [name for name in ("before", "after") if name in roots]
    report.add("imports", "Imports between rooms", {"what": "figure"} | {n: n for n in names}, import_rows(structures))
    report.add(
        "pairs", "Which room imports which", {"room": "room", "imports": "imports"}, pair_rows(structures["after"])
    )
    profiles = {name: profile(root, arguments.frames) for name, root in roots.items()}
    report.add("frame", "The way of a frame", {"what": "figure"} | {n: n for n in names}, frame_rows(profiles))
    for name in names:
        print(f"\nDeepest call of a frame, {name}:")
        print("\n".join(f"{'  ' * depth}{function}" for depth, function in enumerate(profiles[name]["deepest"])))


def room_rows(structures: dict[str, Structure]) -> list[dict[str, Any]]:
    """Return one row a room, and one for all together."""
    rows = []
    for room in sorted({room for structure in structures.values() for room in structure.rooms}):
        row: dict[str, Any] = {"room": f"`{room}`"}
        for name, structure in structures.items():
            found = structure.rooms.get(room)
            for key in ("files", "lines", "fullest"):
                row[key if len(structures) == 1 else f"{key}_{name}"] = None if found is None else getattr(found, key)
        rows.append(row)
    counted = [key for key in rows[0] if key.startswith(("files", "lines"))]
    total = {key: sum(row[key] or 0 for row in rows) for key in counted}
    return [*rows, {"room": "all", **total}]


def import_rows(structures: dict[str, Structure]) -> list[dict[str, Any]]:
    """Return what one says about imports between rooms, a column a checkout."""
    rows: dict[str, dict[str, Any]] = {}
    for name, structure in structures.items():
        inside = Counter(
            {
                pair: n
                for pair, n in structure.imports.items()
                if all(room.startswith("tracker_service") for room in pair)
            }
        )
        figures = {
            "pairs of rooms of the service, one importing the other": len(inside),
            "of these, pairs that import each other": sum((b, a) in inside for a, b in inside if a < b),
            "imports between modules of different rooms of the service": inside.total(),
            "likewise, of the whole project": structure.imports.total(),
            "imports of `tests` from elsewhere": sum(n for (_, to), n in structure.imports.items() if to == "tests"),
            "Python files in the fullest folder": max(room.fullest for room in structure.rooms.values()),
        }
        for what, figure in figures.items():
            rows.setdefault(what, {"what": what})[name] = figure
    return list(rows.values())


def pair_rows(structure: Structure) -> list[dict[str, Any]]:
    """Return for every room what it imports and how often."""
    rows = []
    for room in structure.rooms:
        imported = {to: n for (of, to), n in sorted(structure.imports.items()) if of == room}
        rows.append(
            {"room": f"`{room}`", "imports": {to.removeprefix("tracker_service/"): n for to, n in imported.items()}}
        )
    return rows


def frame_rows(profiles: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was counted on the way of a frame, a column a checkout."""
    named = {
        "functions": "different functions of ours that a frame passes",
        "files": "files that they are in",
        "calls": "calls of our functions a frame",
        "depth": "our functions on the deepest call stack",
    }
    return [{"what": what} | {name: found[key] for name, found in profiles.items()} for key, what in named.items()]


if __name__ == "__main__":
    main()
