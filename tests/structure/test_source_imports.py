"""`harness.source_imports` sees every way to write an import."""

from pathlib import Path

import pytest

from harness.source_imports import Import, imports_of, modules_of


def project(folder: Path, **files: str) -> Path:
    (folder / "room").mkdir()
    for name, source in {"__init__": "", **files}.items():
        (folder / "room" / f"{name}.py").write_text(source)
    return folder


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("import room.other", "room.other"),
        ("import json as text", "json"),
        ("from room import other", "room.other"),
        ("from room import VALUE", "room"),
        ("from room.other import a, b", "room.other"),
        ("def f():\n    from room.other import a", "room.other"),
        ("if True:\n    import scipy.optimize", "scipy.optimize"),
    ],
)
def test_an_import_is_found_however_it_is_written(tmp_path: Path, source: str, imported: str) -> None:
    root = project(tmp_path, one=source, other="")
    line = source.count("\n") + 1
    assert imports_of(root, ["room"]) == [Import("room.one", imported, f"room/one.py:{line}")]


def test_a_relative_import_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one\.py:1: expected the module's full name, got a relative import"):
        imports_of(project(tmp_path, one="from . import other"), ["room"])


def test_a_package_stands_for_its_first_file(tmp_path: Path) -> None:
    root = project(tmp_path, one="")
    assert modules_of(root, ["room"]) == {"room": root / "room" / "__init__.py", "room.one": root / "room" / "one.py"}
