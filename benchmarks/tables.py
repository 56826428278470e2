"""Put the benchmarks' tables into docs/results: ``python -m benchmarks.tables [PAGE ...]``.

A benchmark keeps its tables with ``--json docs/results/data/FILE.json``. A page shows one between two marks,

    <!-- table: FILE/NAME -->
    <!-- /table -->

and this command writes what is between them anew. Without a page it takes all of docs/results, and docs/scale.md.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from harness.tables import Table, read_tables

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"
SCALE = RESULTS.parent / "scale.md"
"""Arithmetic with the figures of the other pages; a page of its own for whoever plans."""
_BLOCK = re.compile(r"<!-- table: ([\w-]+)/([\w-]+) -->\n.*?<!-- /table -->", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Renew the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "pages", nargs="*", type=Path, metavar="PAGE", help="default: all of docs/results, and docs/scale.md"
    )
    for page in parser.parse_args(arguments).pages or [*sorted(RESULTS.glob("*.md")), SCALE]:
        page.write_text(renewed(page))
        print(page)


def renewed(page: Path) -> str:
    """Return the text of ``page`` with its tables made from the JSON files of the results."""
    return _BLOCK.sub(lambda found: _block(page, found[1], found[2]), page.read_text())


def tables_of(page: Path) -> dict[str, Table]:
    """Return the tables that ``page`` shows, by ``FILE/NAME``."""
    found = _BLOCK.findall(page.read_text())
    return {f"{file}/{name}": _table(page, file, name) for file, name in found}


def _table(page: Path, file: str, name: str) -> Table:
    folder = page.parent / "results" if page.resolve() == SCALE else page.parent
    source = folder / "data" / f"{file}.json"
    tables = read_tables(source)
    if name not in tables:
        raise SystemExit(f"{page}: expected the table {name} in {source}, which has {', '.join(sorted(tables))}")
    return tables[name]


def _block(page: Path, file: str, name: str) -> str:
    table = _table(page, file, name)
    return f"<!-- table: {file}/{name} -->\n{table.markdown()}\n\n{table.origin()}\n<!-- /table -->"


if __name__ == "__main__":
    main()
