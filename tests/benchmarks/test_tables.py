"""Tables of measurements: how they print, what their files keep, and how pages get them."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.tables import main
from harness.tables import Report, Table, cell, read_tables

COLUMNS = {"people": "people", "ms": "p50, ms"}
ROWS: list[dict[str, object]] = [{"people": 1, "ms": 0.3449, "hidden": 7}, {"people": 50}]


def report(path: Path | None, arguments: list[str]) -> Report:
    return Report("benchmarks.association", path, arguments)


def test_a_table_has_headings_and_a_dash_for_what_was_not_measured() -> None:
    table = Table("Speed", COLUMNS, ROWS, "python -m benchmarks.association", "a machine", "2026-11-28")
    assert table.markdown().splitlines() == [
        "| people | p50, ms |",
        "| --- | --- |",
        "| 1 | 0.345 |",
        "| 50 | - |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8523, "0.852"),
        (41.46, "41.5"),
        (1735.2, "1,735"),
        (25_270, "25,270"),
        (100.0, "100"),
        (0.0, "0"),
        (-2.5, "-2.5"),
        (0.00004, "0.00004"),
        (True, "yes"),
        (False, "no"),
        (None, "-"),
        (math.nan, "-"),
        ("JPEG, no mesh", "JPEG, no mesh"),
        ({"429": 1337, "503": 2}, "429 1,337, 503 2"),
        ({}, "-"),
    ],
)
def test_a_figure_is_short_and_plain(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize("columns", [{}, {str(number): str(number) for number in range(7)}])
def test_more_than_six_columns_or_none_are_refused(columns: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 6 columns, got {len(columns)}"):
        report(None, []).add("speed", "Speed", columns, [])


def test_a_column_that_no_row_has_is_refused() -> None:
    with pytest.raises(ValueError, match="expected columns that the rows have, got fps"):
        report(None, []).add("speed", "Speed", {**COLUMNS, "fps": "frames/s"}, ROWS)


def test_a_later_run_keeps_the_tables_of_other_parts_and_every_figure(tmp_path: Path) -> None:
    path = tmp_path / "association.json"
    report(path, ["--only", "speed", "--json", str(path)]).add("speed", "Speed", COLUMNS, ROWS)
    report(path, [f"--json={path}"]).add("occlusions", "Occlusions", {"kept": "kept, %"}, [{"kept": 100.0}])
    tables = read_tables(path)
    assert set(tables) == {"speed", "occlusions"}
    assert tables["speed"].rows == ROWS
    assert tables["speed"].command == "python -m benchmarks.association --only speed"
    assert tables["occlusions"].command == "python -m benchmarks.association"


def test_what_is_printed_is_what_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "association.json"
    report(path, []).add("speed", "Speed", COLUMNS, ROWS)
    assert read_tables(path)["speed"].markdown() in capsys.readouterr().out


def test_a_page_gets_its_table_and_keeps_its_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    report(tmp_path / "data" / "association.json", []).add("speed", "Speed", COLUMNS, ROWS)
    page = tmp_path / "speed.md"
    page.write_text("Before.\n\n<!-- table: association/speed -->\nold figures\n<!-- /table -->\n\nAfter.\n")
    main([str(page)])
    text = page.read_text()
    assert text.startswith("Before.\n\n<!-- table: association/speed -->\n| people | p50, ms |\n")
    assert text.endswith("<!-- /table -->\n\nAfter.\n")
    assert "Printed by `python -m benchmarks.association` (" in text
    assert "old figures" not in text
    main([str(page)])
    assert page.read_text() == text


def test_a_page_that_names_an_unknown_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "association.json").write_text(json.dumps({"tables": {}}))
    page = tmp_path / "speed.md"
    page.write_text("<!-- table: association/speed -->\n<!-- /table -->\n")
    with pytest.raises(SystemExit, match=r"expected the table speed in .*association\.json"):
        main([str(page)])
